// SPDX-License-Identifier: Apache-2.0
// LimitEvents: which limits a service has met, its own, its groups' or those above us, told by how
// far the kernel's counters have moved since the service's node was made.
//
// The counters are those of the ".local" files where there are any, so that each node tells of its
// own limits only: cgroup-v2.rst, memory.events.local and pids.events.local.
#pragma once

#include "supervisor/units/unit_node.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace confinit {

// A node whose limits hold for a service. `owner` is how a text goes on: "" for the service's own,
// " of group web", " of /sys/fs/cgroup/docker/1".
struct LimitLevel {
    std::string owner;
    const Cgroup* node;
};

// From the service's own up to the highest that we see; they live as long as both of these stay.
std::vector<LimitLevel> limit_levels(const UnitNode& node, const CgroupTree& tree);

// The limits that are narrower somewhere above than the service's own: "memory.max 64M of group
// web".
std::vector<std::string> limits_from_above(const std::vector<LimitLevel>& levels);

class LimitEvents {
public:
    explicit LimitEvents(std::vector<LimitLevel> levels);

    const std::vector<LimitLevel>& levels() const { return levels_; }

    // Whether a process may be killed for want of memory that is not the main one. Only then
    // memory.events is worth a watch: a service that fills its memory.max with cache moves it all
    // the time.
    bool may_kill_others_only() const;

    // The main process lives on: whatever was killed so far was somebody else.
    void note_main_survived();

    // A fork has been refused: this is when it can be seen at which level no place is left.
    void note_refused_fork();

    // "oom-killed (memory.max 64M of group web, peak 64M)", when a process was killed for want of
    // memory since the main process was last seen alive.
    std::optional<std::string> kill_of_main() const;

    // The same, when any process was killed so since the service began.
    std::optional<std::string> kill_of_any() const;

    std::uint64_t forks_refused() const;

    // Every limit that was met, a text each: "cpu.max 50%: throttled in 12 periods".
    std::vector<std::string> texts() const;

private:
    // How often what has happened at one level.
    struct Counts {
        std::uint64_t out_of_memory = 0;  // memory.max was met and nothing could be reclaimed
        std::uint64_t killed_whole = 0;   // by memory.oom.group
        std::uint64_t slowed_down = 0;    // by memory.high
        std::uint64_t forks_refused = 0;
        std::uint64_t throttled = 0;
    };

    static Counts read_counts(const Cgroup& node);
    std::uint64_t kills() const;
    bool was_killed_whole() const;
    std::string cause_of_kill() const;
    std::size_t level_without_place() const;

    std::vector<LimitLevel> levels_;
    std::vector<Counts> before_;
    std::uint64_t kills_of_others_ = 0;
    std::optional<std::size_t> refused_at_;  // the level whose pids.max was met
};

}  // namespace confinit
