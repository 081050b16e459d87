// SPDX-License-Identifier: Apache-2.0
// Verify: whose namespaces the main process is in, and the clocks of a time namespace.
#include "kernel/hostname.h"
#include "launch/namespace_table.h"
#include "launch/plan/parts.h"
#include "launch/verify/parts.h"

#include "base/text.h"
#include "kernel/namespace_lineage.h"
#include "kernel/procfs.h"

#include <algorithm>

namespace confinit {
namespace {

bool contains(const Result<std::vector<std::string>>& lineage, std::string_view identity) {
    return lineage && std::ranges::find(*lineage, identity) != lineage->end();
}

// Whether a process in a namespace that is not the supervisor's is at least below the supervisor:
// by the user namespace itself, or by the one that owns the namespace.
bool is_below_us(const NamespaceRow& row, const Fd& process, const Fd& own) {
    const auto ours = read_namespace(own, "user");
    if (!ours) return false;
    const bool is_user = row.kind == NamespaceKind::user;
    return contains(is_user ? user_namespace_lineage(process) : owner_lineage(process, row.link),
                    *ours);
}

// A process that has made a user namespace of its own owns the namespaces that it makes there.
bool is_of_own_making(const NamespaceRow& row, const Fd& process, UserNamespacePlace place) {
    if (place == UserNamespacePlace::as_declared) return false;
    if (row.kind == NamespaceKind::user) return true;
    const auto theirs = read_namespace(process, "user");
    const auto owner = owner_lineage(process, row.link);
    return theirs && owner && owner->front() == *theirs;
}

VerifyItem compare_joined(const Unit& unit, const JoinIn<Sealed>& target, const NamespaceRow& row,
                          const Fd& process, UserNamespacePlace place) {
    VerifyItem item;
    item.key = target.key.str();
    item.declared = declared_text(unit, target.key, "another's") + ", " + target.identity.str();
    const auto theirs = read_namespace(process, row.link);
    item.in_force = theirs ? *theirs : theirs.error().text();
    if (!theirs) return item;
    const bool is_same = *theirs == target.identity;
    item.result = !is_same && is_of_own_making(row, process, place) ? VerifyResult::narrower
                                                                    : same_if(is_same);
    return item;
}

VerifyItem compare_own(const Unit& unit, const NamespaceRow& row, const Fd& process, const Fd& own,
                       UserNamespacePlace place) {
    const bool is_new = (new_namespaces(unit.namespaces) & row.flag) != 0;
    VerifyItem item;
    item.key = row.key;
    item.declared = is_new ? "a new one" : "the supervisor's";
    const auto theirs = read_namespace(process, row.link);
    const auto ours = read_namespace(own, row.link);
    if (!theirs || !ours) {
        item.in_force = theirs ? ours.error().text() : theirs.error().text();
        return item;
    }
    const bool is_other = *theirs != *ours;
    item.in_force = (is_other ? "its own, " : "the supervisor's, ") + *theirs;
    item.result = same_if(is_other == is_new);
    const bool goes_further =
        is_new ? is_of_own_making(row, process, place) : is_other && is_below_us(row, process, own);
    if (is_other && goes_further) item.result = VerifyResult::narrower;
    return item;
}

// "SECONDS NANOSECONDS" of a clock, of which the kernel shows one a line.
std::string shown_offset(std::string_view text, std::string_view clock) {
    for (const std::string_view line : split(text, '\n')) {
        const auto words = split_words(line);
        if (words.size() != 3 || words[0] != clock) continue;
        return std::string{words[1]} + " " + std::string{words[2]};
    }
    return "not shown by the kernel";
}

void compare_offset(const Unit& unit, std::string_view clock, std::chrono::microseconds offset,
                    std::string_view text, VerifyItems& items) {
    const std::string key = "namespaces.time." + std::string{clock};
    const std::string in_force = shown_offset(text, clock);
    items.push_back({key, declared_text(unit, key, "+0s"), in_force + " (s, ns)",
                     same_if(in_force == clock_offset_text(offset))});
}

// The kernel aligns the columns of its map files.
std::string map_text(std::string_view text) {
    std::string joined;
    for (const std::string_view line : split(text, '\n')) {
        if (trim(line).empty()) continue;
        if (!joined.empty()) joined += ", ";
        std::string_view gap;
        for (const std::string_view word : split_words(line)) {
            joined += gap;
            joined += word;
            gap = " ";
        }
    }
    return joined;
}

void compare_map(const Unit& unit, std::string_view file, std::string_view wanted,
                 const Fd& process, VerifyItems& items) {
    const std::string key = "namespaces.user." + std::string{file};
    const auto text = read_in_procfs(process, std::string{file});
    if (!text) return add_unread(items, key, text.error());
    const std::string in_force = map_text(*text);
    const std::string planned = map_text(wanted);
    items.push_back(
        {key, declared_text(unit, key, planned), in_force, same_if(in_force == planned)});
}

void compare_maps(const Unit& unit, const LaunchPlan& plan, const Fd& process,
                  UserNamespacePlace place, VerifyItems& items) {
    if (!unit.namespaces.user || plan->uid_map.empty()) return;
    // The files of /proc tell of the namespace that the process has made itself.
    if (place == UserNamespacePlace::own_below) return;
    compare_map(unit, "uid_map", plan->uid_map, process, items);
    compare_map(unit, "gid_map", plan->gid_map, process, items);
    constexpr std::string_view key = "namespaces.user.setgroups";
    const auto text = read_in_procfs(process, "setgroups");
    if (!text) return add_unread(items, key, text.error());
    const std::string planned = plan->deny_setgroups ? "deny" : "allow";
    items.push_back({std::string{key}, declared_text(unit, key, planned), std::string{trim(*text)},
                     same_if(trim(*text) == planned)});
}

void compare_hostname(const Unit& unit, const Fd& process, const Fd& own, VerifyItems& items) {
    if (!unit.namespaces.hostname) return;
    constexpr std::string_view key = "namespaces.uts.hostname";
    const auto name = read_hostname(process, own);
    if (!name) return add_unread(items, key, name.error());
    items.push_back({std::string{key}, *unit.namespaces.hostname, *name,
                     same_if(*name == *unit.namespaces.hostname)});
}

}  // namespace

UserNamespacePlace user_namespace_place(const Unit& unit, const LaunchPlan& plan, const Fd& process,
                                        const Fd& own) {
    constexpr std::uint64_t flag = CLONE_NEWUSER;
    const auto lineage = user_namespace_lineage(process);
    const auto ours = read_namespace(own, "user");
    if (!lineage || !ours) return UserNamespacePlace::as_declared;
    const auto joined = std::ranges::find(plan->joins, flag, &JoinIn<Sealed>::flag);
    const bool is_new = (new_namespaces(unit.namespaces) & flag) != 0;
    const std::string above = joined != plan->joins.end() ? joined->identity.str() : *ours;
    const auto found = std::ranges::find(*lineage, above);
    if (found == lineage->end()) return UserNamespacePlace::as_declared;
    const auto depth = std::distance(lineage->begin(), found);
    return depth > (is_new ? 1 : 0) ? UserNamespacePlace::own_below
                                    : UserNamespacePlace::as_declared;
}

// With our reaper as PID 1 in there, the service itself is another one.
void verify_pid1(const Unit& unit, const ProcessStatus& status, VerifyItems& items) {
    if (!unit.namespaces.pid || status.ns_pids.empty()) return;
    const bool is_pid1 = status.ns_pids.back() == 1;
    items.push_back({"namespaces.pid.pid1", unit.namespaces.pid1_is_service ? "self" : "reaper",
                     is_pid1 ? "self" : "reaper",
                     same_if(is_pid1 == unit.namespaces.pid1_is_service)});
}

void verify_namespaces(const Unit& unit, const LaunchPlan& plan, const Fd& process, const Fd& own,
                       VerifyItems& items) {
    const UserNamespacePlace place = user_namespace_place(unit, plan, process, own);
    compare_maps(unit, plan, process, place, items);
    compare_hostname(unit, process, own, items);
    for (const NamespaceRow& row : namespace_rows) {
        const auto joined = std::ranges::find(plan->joins, row.flag, &JoinIn<Sealed>::flag);
        const bool is_new = (new_namespaces(unit.namespaces) & row.flag) != 0;
        if (joined != plan->joins.end()) {
            items.push_back(compare_joined(unit, *joined, row, process, place));
        } else if (is_new || is_declared(unit, row.key)) {
            items.push_back(compare_own(unit, row, process, own, place));
        }
    }
    if (!unit.namespaces.time) return;
    const auto text = read_in_procfs(process, "timens_offsets");
    if (!text) return add_unread(items, "namespaces.time", text.error());
    compare_offset(unit, "boottime", unit.namespaces.boottime_offset, *text, items);
    compare_offset(unit, "monotonic", unit.namespaces.monotonic_offset, *text, items);
}

}  // namespace confinit
