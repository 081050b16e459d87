// SPDX-License-Identifier: Apache-2.0
// Visibility: what of a unit is shown to a caller that is no operator: what it could read itself.
//
// The text of a unit file is for those who can read the file. Owner, group and mode of the file and
// of every directory above it are compared with the caller's ids of connect(2), which the kernel
// keeps. Doubt is a no: an access control list and a symbolic link on the way count as one. Each is
// looked at once a second at the most, however often it is asked for.
// Lines that a service has printed are in no file; they are for root, for the supervisor's own
// user, and for the members of one group.
#pragma once

#include "kernel/file_rule.h"
#include "kernel/peer.h"
#include "supervisor/loop/event_loop.h"

#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

namespace confinit {

// FileRules: who may read files and search directories, as it was a moment ago.
class FileRules {
public:
    // PID 1 looks at no file; what it was told of last counts.
    using Told = std::function<std::optional<FileRule>(const std::string& path)>;
    explicit FileRules(Told told = {}) : told_(std::move(told)) {}

    // Whether one with these ids could open the file for reading.
    bool can_read(const PeerIds& caller, const std::string& path);

private:
    FileRule rule_of(const std::string& path);
    bool is_allowed(const PeerIds& caller, const std::string& path, mode_t wanted);

    Told told_;
    std::unordered_map<std::string, FileRule> known_;
    Clock::time_point known_since_;
};

struct Visibility {
    uid_t own_uid = 0;
    std::optional<gid_t> log_group = std::nullopt;
    FileRules rules = FileRules{};

    bool shows_all_to(const PeerIds& caller) const;
    bool shows_log_to(const PeerIds& caller) const;
    // The first of these files that the caller could not read.
    std::optional<std::string> find_hidden(const PeerIds& caller,
                                           const std::vector<std::string>& files);
};

}  // namespace confinit
