// SPDX-License-Identifier: Apache-2.0
// UserDatabase: users and groups, from our own reading of the passwd and group files.
//
// PID 1 asks no name service: that could load code, talk over the network and wait for ever.
// Formats: passwd(5), group(5). Lines that do not have the format are passed over, as by glibc;
// of two entries with one name the first counts.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

struct UserEntry {
    std::string name;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string home;
    std::string shell;
};

struct GroupEntry {
    std::string name;
    std::uint32_t gid = 0;
    std::vector<std::string> members;
};

class UserDatabase {
public:
    // From /etc/passwd and /etc/group below a root directory ("/" for the host's). Links are
    // followed inside of it only. A file that it does not have is taken from the host.
    static Result<UserDatabase> load(const std::string& root);

    // From the text of the two files.
    static UserDatabase parse(std::string_view passwd, std::string_view group);

    // The files that the entries come from, as the host has them.
    const std::string& passwd_file() const { return passwd_file_; }
    const std::string& group_file() const { return group_file_; }

    // By name. A name of digits only is no name, but an id: see parse_id.
    const UserEntry* find_user(std::string_view name) const;
    const UserEntry* find_user(std::uint32_t uid) const;
    const GroupEntry* find_group(std::string_view name) const;

    // The groups that list the user as a member, in the order of the file.
    std::vector<const GroupEntry*> groups_of(std::string_view user) const;

    std::optional<std::string_view> nearest_user(std::string_view name) const;
    std::optional<std::string_view> nearest_group(std::string_view name) const;

private:
    std::vector<UserEntry> users_;
    std::vector<GroupEntry> groups_;
    std::string passwd_file_ = "/etc/passwd";
    std::string group_file_ = "/etc/group";
};

// A decimal user or group id. 4294967295 is none: the calls that set ids take it for "no change".
std::optional<std::uint32_t> parse_id(std::string_view text);

}  // namespace confinit
