// SPDX-License-Identifier: Apache-2.0
// Checks of [cgroup]: limits that say the same twice, and places in the tree that cannot be.
#include "base/text.h"
#include "unit/check_parts.h"

#include <utility>

namespace confinit {
namespace {

class CgroupCheck : UnitChecker {
public:
    using UnitChecker::UnitChecker;

    void run() {
        check_files();
        warn_of_parts_of_pages();
        check_cgroup_place();
        settle_oom_group();
        settle_subtree_size();
        if (is_given("cgroup.memory.high") && !is_given("cgroup.memory.max")) {
            warn("cgroup.memory.high",
                 "without memory.max a service that needs more can stall for ever");
        }
    }

private:
    // The kernel counts pages, and drops what is left of the last one.
    void warn_of_parts_of_pages() {
        constexpr std::uint64_t smallest_page = 4096;
        for (const CgroupSetting& setting : unit_.cgroup) {
            const bool is_memory =
                setting.file.starts_with("memory.") && !setting.file.starts_with("memory.oom.");
            const auto bytes = parse_unsigned(setting.value);
            if (!is_memory || !bytes || *bytes == 0 || *bytes >= smallest_page) continue;
            warn(setting.key(),
                 "less than a page, so that the kernel takes it for 0: a number "
                 "alone is one of bytes; did you mean \"" +
                     setting.value + "M\"?");
        }
    }

    // Files of the kernel of which one decides what the other says.
    void check_files() {
        if (is_given("cgroup.cpu.weight") && is_given("cgroup.cpu.weight.nice")) {
            refuse("cgroup.cpu.weight.nice", "says the same as cpu.weight in other words");
        }
        for (const std::string_view key : {"cgroup.cpu.weight", "cgroup.cpu.weight.nice"}) {
            const auto idle = unit_.declared.find("cgroup.cpu.idle");
            if (idle == unit_.declared.end() || (idle->second != "true" && idle->second != "1")) {
                continue;
            }
            if (is_given(key)) refuse("cgroup.cpu.idle", "an idle group has no weight");
        }
        if (is_given("cgroup.cpu.max.burst") && !is_given("cgroup.cpu.max")) {
            refuse("cgroup.cpu.max.burst", "needs a cpu.max whose unused time it could be");
        }
    }

    // What only a service can have of a tree.
    void check_cgroup_place() {
        const CgroupPlace& place = unit_.cgroup_place;
        if (!unit_.service) {
            for (const std::string_view key :
                 {"cgroup.delegate", "cgroup.threaded", "cgroup.memory_stall_timeout"}) {
                if (is_given(key)) refuse(key, "a group runs no process that this could apply to");
            }
        }
        if (!place.group.empty()) need_unit(place.group);
        if (place.delegate) check_delegation();
        if (place.threaded && !place.delegate) {
            refuse("cgroup.threaded",
                   "needs cgroup.delegate: it is the service's own subtree that "
                   "is threaded");
        }
        for (const std::string& controller : place.delegated_controllers) {
            if (!place.threaded || controller == "cpu" || controller == "cpuset" ||
                controller == "pids") {
                continue;
            }
            refuse("cgroup.delegate", quoted(controller) +
                                          " does not work in a threaded subtree: cpu, cpuset and "
                                          "pids do");
        }
    }

    // To the kernel root is the owner of the limits above as well: it must not see them.
    void check_delegation() {
        if (joins_namespace(unit_.namespaces, NamespaceKind::user)) {
            refuse("cgroup.delegate",
                   "whose the subtree would be is not known in a joined user namespace");
        }
        if (joins_namespace(unit_.namespaces, NamespaceKind::cgroup)) {
            refuse("cgroup.delegate", "the subtree is not in a joined cgroup namespace");
        }
        if (is_root() && (!unit_.namespaces.cgroup || !unit_.namespaces.mount)) {
            refuse("cgroup.delegate",
                   "root could write the limits above its subtree: give it another user, a user "
                   "namespace, or namespaces.cgroup = true and namespaces.mount = true");
        }
    }

    // A service of which a part was killed is worse than one that is gone and restarts.
    void settle_oom_group() {
        if (!unit_.service) return;
        const auto limit = unit_.declared.find("cgroup.memory.max");
        if (limit == unit_.declared.end() || limit->second == "max") return;
        if (is_given("cgroup.memory.oom.group")) return;
        unit_.cgroup.push_back({"memory.oom.group", "1"});
    }

    // Groups cost kernel memory that is not the service's alone.
    void settle_subtree_size() {
        if (!unit_.cgroup_place.delegate) return;
        for (const auto& [file, value] :
             {std::pair{"cgroup.max.descendants", "1024"}, std::pair{"cgroup.max.depth", "32"}}) {
            if (!is_given(file)) unit_.cgroup.push_back({file, value});
        }
    }
};

}  // namespace

bool is_group(const Unit& unit) {
    return !unit.service && unit.locations.contains("cgroup");
}

void check_cgroup(Unit& unit, ProblemList& problems) {
    CgroupCheck{unit, problems}.run();
}

}  // namespace confinit
