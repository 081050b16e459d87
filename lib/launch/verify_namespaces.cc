// SPDX-License-Identifier: Apache-2.0
// Verify: whose namespaces the main process is in, and the clocks of a time namespace.
#include "kernel/hostname.h"
#include "launch/namespace_table.h"
#include "launch/plan_parts.h"
#include "launch/verify_parts.h"

#include "base/text.h"
#include "kernel/procfs.h"

#include <algorithm>

namespace confinit {
namespace {

VerifyItem compare_joined(const Unit& unit, const JoinTarget& target, std::string_view link,
                          const Fd& process) {
    const auto theirs = read_namespace(process, link);
    return {std::string{target.key},
            declared_text(unit, target.key, "another's") + ", " + target.identity,
            theirs ? *theirs : theirs.error().what, theirs && *theirs == target.identity};
}

VerifyItem compare_own(const Unit& unit, const NamespaceRow& row, const Fd& process,
                       const Fd& own) {
    const bool is_new = (new_namespaces(unit.namespaces) & row.flag) != 0;
    VerifyItem item;
    item.key = row.key;
    item.declared = is_new ? "a new one" : "the supervisor's";
    const auto theirs = read_namespace(process, row.link);
    const auto ours = read_namespace(own, row.link);
    if (!theirs || !ours) {
        item.in_force = theirs ? ours.error().what : theirs.error().what;
        return item;
    }
    const bool differs = *theirs != *ours;
    item.in_force = (differs ? "its own, " : "the supervisor's, ") + *theirs;
    item.same = differs == is_new;
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
                     in_force == clock_offset_text(offset)});
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
    items.push_back({key, declared_text(unit, key, planned), in_force, in_force == planned});
}

void compare_maps(const Unit& unit, const LaunchPlan& plan, const Fd& process, VerifyItems& items) {
    if (!unit.namespaces.user || plan.uid_map.empty()) return;
    compare_map(unit, "uid_map", plan.uid_map, process, items);
    compare_map(unit, "gid_map", plan.gid_map, process, items);
    constexpr std::string_view key = "namespaces.user.setgroups";
    const auto text = read_in_procfs(process, "setgroups");
    if (!text) return add_unread(items, key, text.error());
    const std::string planned = plan.deny_setgroups ? "deny" : "allow";
    items.push_back({std::string{key}, declared_text(unit, key, planned), std::string{trim(*text)},
                     trim(*text) == planned});
}

void compare_hostname(const Unit& unit, const Fd& process, const Fd& own, VerifyItems& items) {
    if (!unit.namespaces.hostname) return;
    constexpr std::string_view key = "namespaces.uts.hostname";
    const auto name = read_hostname(process, own);
    if (!name) return add_unread(items, key, name.error());
    items.push_back(
        {std::string{key}, *unit.namespaces.hostname, *name, *name == *unit.namespaces.hostname});
}

}  // namespace

// With our reaper as PID 1 in there, the service itself is another one.
void verify_pid1(const Unit& unit, const ProcessStatus& status, VerifyItems& items) {
    if (!unit.namespaces.pid || status.ns_pids.empty()) return;
    const bool is_pid1 = status.ns_pids.back() == 1;
    items.push_back({"namespaces.pid.pid1", unit.namespaces.pid1_is_service ? "self" : "reaper",
                     is_pid1 ? "self" : "reaper", is_pid1 == unit.namespaces.pid1_is_service});
}

void verify_namespaces(const Unit& unit, const LaunchPlan& plan, const Fd& process, const Fd& own,
                       VerifyItems& items) {
    compare_maps(unit, plan, process, items);
    compare_hostname(unit, process, own, items);
    for (const NamespaceRow& row : namespace_rows) {
        const auto joined = std::ranges::find(plan.join_targets, row.flag, &JoinTarget::flag);
        items.push_back(joined != plan.join_targets.end()
                            ? compare_joined(unit, *joined, row.link, process)
                            : compare_own(unit, row, process, own));
    }
    if (!unit.namespaces.time) return;
    const auto text = read_in_procfs(process, "timens_offsets");
    if (!text) return add_unread(items, "namespaces.time", text.error());
    compare_offset(unit, "boottime", unit.namespaces.boottime_offset, *text, items);
    compare_offset(unit, "monotonic", unit.namespaces.monotonic_offset, *text, items);
}

}  // namespace confinit
