// SPDX-License-Identifier: Apache-2.0
// LimitEvents: which limits a service has met, its own, its groups' or those above us.
#include "supervisor/units/limit_events.h"

#include "base/text.h"
#include "supervisor/machine/delegation.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <span>
#include <sys/stat.h>

namespace confinit {
namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

std::uint64_t count(const Cgroup& node, const char* file, std::string_view field) {
    return node.read_field(file, field).value_or(0);
}

// The number of a line "FIELD NUMBER"; 0 where there is none.
std::uint64_t field_of(const std::string& text, std::string_view field) {
    for (const std::string_view line : split(text, '\n')) {
        const auto words = split_words(line);
        if (words.size() == 2 && words[0] == field) return parse_unsigned(words[1]).value_or(0);
    }
    return 0;
}

// Since Linux 6.12 pids.events counts at the level of the limit, as all others do; before, it
// counts at the node of the process that was refused its fork. A counter that is zero for a node
// with all below it needs no second look.
std::uint64_t refused_forks(const Cgroup& node) {
    const std::uint64_t in_all = count(node, "pids.events", "max");
    if (in_all == 0) return 0;
    const auto own = node.read("pids.events.local");
    return own ? field_of(*own, "max") : in_all;
}

// The number in a limit's file; "max" and a file that is not there limit nothing.
std::uint64_t limit_of(const Cgroup& node, const char* file) {
    const auto text = node.read(file);
    if (!text) return no_limit;
    return parse_unsigned(*text).value_or(no_limit);
}

std::string size_text(const Cgroup& node, const char* file) {
    const auto text = node.read(file);
    if (!text) return "unknown";
    const auto bytes = parse_unsigned(*text);
    return bytes ? format_size(*bytes) : *text;
}

// "50000 100000" in thousandths of a CPU.
std::uint64_t cpu_share(const Cgroup& node) {
    const auto text = node.read("cpu.max");
    if (!text) return no_limit;
    const auto words = split_words(*text);
    const auto quota = words.size() == 2 ? parse_unsigned(words[0]) : std::nullopt;
    const auto period = words.size() == 2 ? parse_unsigned(words[1]) : std::nullopt;
    if (!quota || !period || *period == 0) return no_limit;
    return *quota * 1000 / *period;
}

std::string cpu_text(std::uint64_t share) {
    return share % 10 == 0 ? fmt::format("{}%", share / 10)
                           : fmt::format("{}.{}%", share / 10, share % 10);
}

std::string times(std::uint64_t number, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", number, number == 1 ? one : many);
}

// The level with the smallest limit; absent when there is none at all.
template <class Limit>
std::optional<std::size_t> narrowest(const std::vector<LimitLevel>& levels, Limit limit) {
    std::optional<std::size_t> found;
    std::uint64_t smallest = no_limit;
    for (std::size_t i = 0; i < levels.size(); ++i) {
        const std::uint64_t own = limit(*levels[i].node);
        if (own >= smallest) continue;
        smallest = own;
        found = i;
    }
    return found;
}

// The cgroup namespace that the machine boots with has this inode number: PROC_CGROUP_INIT_INO of
// include/linux/proc_ns.h. In another one there may be limits above that we do not see.
bool sees_the_whole_tree() {
    constexpr ino_t first_cgroup_namespace = 0xEFFFFFFB;
    struct stat status{};
    return stat("/proc/self/ns/cgroup", &status) == 0 && status.st_ino == first_cgroup_namespace;
}

}  // namespace

std::vector<LimitLevel> limit_levels(const UnitNode& node, const CgroupTree& tree) {
    std::vector<LimitLevel> levels;
    const auto add = [&](std::string owner, const Cgroup& at) {
        levels.push_back({std::move(owner), &at});
    };
    add("", node.node());
    const GroupNodes& groups = node.groups();
    for (auto group = groups.rbegin(); group != groups.rend(); ++group) {
        add(fmt::format(" of group {}", group->unit), group->node);
    }
    // The root of the whole tree has no limits, and no counters of them.
    if (!is_tree_root(tree.root())) add(fmt::format(" of {}", tree.root().path()), tree.root());
    for (const Cgroup& above : tree.above())
        add(fmt::format(" of {}", above.path()), above);
    return levels;
}

std::vector<std::string> limits_from_above(const std::vector<LimitLevel>& levels) {
    std::vector<std::string> texts;
    for (const char* file : {"memory.max", "memory.high", "memory.swap.max"}) {
        const auto at = narrowest(levels, [&](const Cgroup& node) { return limit_of(node, file); });
        if (!at || *at == 0) continue;
        const LimitLevel& level = levels[*at];
        texts.push_back(
            fmt::format("{} {}{}", file, format_size(limit_of(*level.node, file)), level.owner));
    }
    const auto cpu = narrowest(levels, cpu_share);
    if (cpu && *cpu != 0) {
        const LimitLevel& level = levels[*cpu];
        texts.push_back(fmt::format("cpu.max {}{}", cpu_text(cpu_share(*level.node)), level.owner));
    }
    const auto pids =
        narrowest(levels, [](const Cgroup& node) { return limit_of(node, "pids.max"); });
    if (pids && *pids != 0) {
        const LimitLevel& level = levels[*pids];
        texts.push_back(
            fmt::format("pids.max {}{}", limit_of(*level.node, "pids.max"), level.owner));
    }
    return texts;
}

LimitEvents::LimitEvents(std::vector<LimitLevel> levels) : levels_(std::move(levels)) {
    // The service's own node is fresh: all of its counters are zero.
    before_.resize(levels_.size());
    for (std::size_t i = 1; i < levels_.size(); ++i)
        before_[i] = read_counts(*levels_[i].node);
}

LimitEvents::Counts LimitEvents::read_counts(const Cgroup& node) {
    const std::string memory = node.read("memory.events.local").value_or("");
    return {
        .out_of_memory = field_of(memory, "oom"),
        .killed_whole = field_of(memory, "oom_group_kill"),
        .slowed_down = field_of(memory, "high"),
        .forks_refused = refused_forks(node),
        .throttled = count(node, "cpu.stat", "nr_throttled"),
    };
}

bool LimitEvents::may_kill_others_only() const {
    const auto kills_all = levels_.front().node->read("memory.oom.group");
    return kills_all && *kills_all == "0";
}

// With those below, because the service may have groups of its own.
std::uint64_t LimitEvents::kills() const {
    return count(*levels_.front().node, "memory.events", "oom_kill");
}

// A node with memory.oom.group tells of the kill. The kernel then counts the process that it chose
// twice, unless that is gone when it comes to the others: the number of the dead is unknown.
bool LimitEvents::was_killed_whole() const {
    for (std::size_t i = 0; i < levels_.size(); ++i) {
        const Counts counts = read_counts(*levels_[i].node);
        if (counts.killed_whole > before_[i].killed_whole) return true;
    }
    return count(*levels_.front().node, "memory.events", "oom_group_kill") > 0;
}

void LimitEvents::note_main_survived() {
    kills_of_others_ = kills();
}

void LimitEvents::note_refused_fork() {
    for (std::size_t i = 0; i < levels_.size(); ++i) {
        const std::uint64_t limit = limit_of(*levels_[i].node, "pids.max");
        if (limit == no_limit) continue;
        if (limit_of(*levels_[i].node, "pids.current") < limit) continue;
        refused_at_ = i;
        return;
    }
}

// "memory.max 64M of group web, peak 64M".
std::string LimitEvents::cause_of_kill() const {
    for (std::size_t i = 0; i < levels_.size(); ++i) {
        const LimitLevel& level = levels_[i];
        if (count(*level.node, "memory.events.local", "oom") <= before_[i].out_of_memory) continue;
        return fmt::format("memory.max {}{}, peak {}", size_text(*level.node, "memory.max"),
                           level.owner, size_text(*level.node, "memory.peak"));
    }
    const Cgroup& own = *levels_.front().node;
    const std::string peak = size_text(own, "memory.peak");
    if (count(own, "memory.events", "oom") > 0) {
        return fmt::format("the memory.max of a group in its own subtree, peak {}", peak);
    }
    if (sees_the_whole_tree()) {
        return fmt::format("global: the machine had no memory left, peak {}", peak);
    }
    return fmt::format(
        "the machine, or a group above that is not seen from here, had no memory "
        "left, peak {}",
        peak);
}

std::optional<std::string> LimitEvents::kill_of_main() const {
    if (kills() <= kills_of_others_) return std::nullopt;
    return fmt::format("oom-killed ({})", cause_of_kill());
}

std::optional<std::string> LimitEvents::kill_of_any() const {
    if (kills() == 0) return std::nullopt;
    return fmt::format("oom-killed ({})", cause_of_kill());
}

std::uint64_t LimitEvents::forks_refused() const {
    return refused_forks(*levels_.front().node);
}

std::size_t LimitEvents::level_without_place() const {
    if (refused_at_) return *refused_at_;
    return narrowest(levels_, [](const Cgroup& node) { return limit_of(node, "pids.max"); })
        .value_or(0);
}

std::vector<std::string> LimitEvents::texts() const {
    std::vector<std::string> texts;
    if (const std::uint64_t killed = kills(); killed > 0) {
        texts.push_back(
            was_killed_whole()
                ? fmt::format("oom-killed ({}), all at once by memory.oom.group", cause_of_kill())
                : fmt::format("{} oom-killed ({})", times(killed, "process", "processes"),
                              cause_of_kill()));
    }
    const bool tells_level = levels_.front().node->read("pids.events.local").has_value();
    for (std::size_t i = 0; i < levels_.size(); ++i) {
        const std::string& owner = levels_[i].owner;
        const Cgroup& node = *levels_[i].node;
        const Counts counts = read_counts(node);
        const Counts& before = before_[i];
        if (counts.slowed_down > before.slowed_down) {
            texts.push_back(fmt::format(
                "memory.high {}{}: slowed down {}", size_text(node, "memory.high"), owner,
                times(counts.slowed_down - before.slowed_down, "time", "times")));
        }
        if (counts.throttled > before.throttled) {
            texts.push_back(
                fmt::format("cpu.max {}{}: throttled in {}", cpu_text(cpu_share(node)), owner,
                            times(counts.throttled - before.throttled, "period", "periods")));
        }
        if (counts.forks_refused > before.forks_refused && (tells_level || i == 0)) {
            const LimitLevel& at = levels_[tells_level ? i : level_without_place()];
            texts.push_back(
                fmt::format("pids.max {}{}: refused {}", limit_of(*at.node, "pids.max"), at.owner,
                            times(counts.forks_refused - before.forks_refused, "fork", "forks")));
        }
    }
    return texts;
}

}  // namespace confinit
