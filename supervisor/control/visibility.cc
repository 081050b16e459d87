// SPDX-License-Identifier: Apache-2.0
// Visibility: what of a unit is shown to a caller that is no operator: what it could read itself.
#include "supervisor/control/visibility.h"

#include "supervisor/helpers/helper_process.h"

#include <algorithm>

namespace confinit {
namespace {

// Bits of a mode as they stand for others.
constexpr mode_t may_read = 04;
constexpr mode_t may_search = 01;

bool is_member(const PeerIds& caller, gid_t group) {
    return caller.gid == group || std::ranges::find(caller.groups, group) != caller.groups.end();
}

constexpr std::chrono::seconds longest_known{1};

}  // namespace

FileRule FileRules::rule_of(const std::string& path) {
    if (told_ && !is_helper()) return told_(path).value_or(FileRule{});
    const auto now = Clock::now();
    if (now - known_since_ >= longest_known) {
        known_.clear();
        known_since_ = now;
    }
    const auto known = known_.find(path);
    if (known != known_.end()) return known->second;
    return known_.emplace(path, look_at_rule(path)).first->second;
}

bool FileRules::is_allowed(const PeerIds& caller, const std::string& path, mode_t wanted) {
    const FileRule rule = rule_of(path);
    unsigned shift = 0;
    if (is_member(caller, rule.group)) shift = 3;
    if (caller.uid == rule.owner) shift = 6;
    return (rule.mode >> shift & wanted) == wanted;
}

bool FileRules::can_read(const PeerIds& caller, const std::string& path) {
    if (!path.starts_with('/') || !is_allowed(caller, "/", may_search)) return false;
    for (std::size_t end = path.find('/', 1); end != std::string::npos;
         end = path.find('/', end + 1)) {
        if (!is_allowed(caller, path.substr(0, end), may_search)) return false;
    }
    return is_allowed(caller, path, may_read);
}

bool Visibility::shows_all_to(const PeerIds& caller) const {
    return caller.uid == 0 || caller.uid == own_uid;
}

bool Visibility::shows_log_to(const PeerIds& caller) const {
    return shows_all_to(caller) || (log_group && is_member(caller, *log_group));
}

std::optional<std::string> Visibility::find_hidden(const PeerIds& caller,
                                                   const std::vector<std::string>& files) {
    if (shows_all_to(caller)) return std::nullopt;
    const auto hidden = std::ranges::find_if(
        files, [&](const std::string& file) { return !rules.can_read(caller, file); });
    return hidden == files.end() ? std::nullopt : std::optional{*hidden};
}

}  // namespace confinit
