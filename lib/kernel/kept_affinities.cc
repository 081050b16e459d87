// SPDX-License-Identifier: Apache-2.0
// KeptAffinities: on which processors the threads below a node may run, put back after the cpuset
// controller has been enabled there.
#include "kernel/kept_affinities.h"

#include "base/text.h"

#include <limits>

namespace confinit {
namespace {

// In a node of its own and in those below it.
std::vector<Cgroup> nodes_below(const Cgroup& level) {
    std::vector<Cgroup> nodes;
    std::vector<Cgroup> open;
    if (auto own = level.duplicate()) open.push_back(std::move(*own));
    while (!open.empty()) {
        const Cgroup node = std::move(open.back());
        open.pop_back();
        const auto names = child_nodes(node.directory(), std::numeric_limits<std::size_t>::max());
        for (const std::string& name : names.value_or(std::vector<std::string>{})) {
            auto child = node.open_child(name);
            if (!child) continue;
            if (auto deeper = child->duplicate()) open.push_back(std::move(*deeper));
            nodes.push_back(std::move(*child));
        }
    }
    return nodes;
}

std::vector<pid_t> threads_in(const Cgroup& node) {
    std::vector<pid_t> threads;
    const auto text = node.read("cgroup.threads");
    if (!text) return threads;
    for (const std::string_view line : split(*text, '\n')) {
        const auto id = parse_unsigned(line);
        // 0 is a thread that our pid namespace does not have, and would be ourselves.
        if (id && *id != 0) threads.push_back(static_cast<pid_t>(*id));
    }
    return threads;
}

std::optional<cpu_set_t> affinity_of(pid_t thread) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(thread, sizeof set, &set) < 0) return std::nullopt;
    return set;
}

}  // namespace

KeptAffinities::KeptAffinities(const Cgroup& level) : nodes_(nodes_below(level)) {
    for (const Cgroup& node : nodes_) {
        Known& known = known_.emplace_back();
        bool is_common = true;
        for (const pid_t thread : threads_in(node)) {
            const auto set = affinity_of(thread);
            if (!set) continue;
            known.threads.emplace(thread, *set);
            if (!known.common) known.common = set;
            is_common = is_common && CPU_EQUAL(&*known.common, &*set);
        }
        if (!is_common) known.common.reset();
    }
}

void KeptAffinities::restore() const {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const Known& known = known_[i];
        for (const pid_t thread : threads_in(nodes_[i])) {
            const auto found = known.threads.find(thread);
            const cpu_set_t* before = known.common ? &*known.common : nullptr;
            if (found != known.threads.end()) before = &found->second;
            const auto now = affinity_of(thread);
            if (before == nullptr || !now || CPU_EQUAL(before, &*now)) continue;
            (void)sched_setaffinity(thread, sizeof *before, before);
        }
    }
}

}  // namespace confinit
