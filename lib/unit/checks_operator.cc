// SPDX-License-Identifier: Apache-2.0
// Checks of service.operator: a unit that could reach more by it than by itself, or nothing at all.
#include "unit/check_parts.h"
#include "unit/problem.h"

#include <array>
#include <linux/capability.h>

namespace confinit {
namespace {

// The keys whose walls an operator can ask the supervisor to be without.
constexpr std::array<std::string_view, 7> walls{
    "capabilities.bounding", "capabilities.securebits", "namespaces", "mounts", "seccomp", "cgroup",
    "process.rlimits"};

class OperatorCheck : UnitChecker {
public:
    using UnitChecker::UnitChecker;

    void run() {
        const ServiceConfig& service = *unit_.service;
        if (service.user != "root" && service.user != "0") {
            return warn(key, "it is for user 0 only, and the service runs as " +
                                 quoted(service.user) + ": it allows nothing");
        }
        const NamespaceConfig& namespaces = unit_.namespaces;
        if (namespaces.user && namespaces.id_range != IdRange::identity &&
            !is_mapped_to_root(namespaces.uid_map)) {
            return warn(key,
                        "it is for user 0 only, and root of this service is another user "
                        "outside of its user namespace: it allows nothing");
        }
        const auto& bounding = unit_.capabilities.bounding;
        if (bounding && (*bounding >> CAP_DAC_OVERRIDE & 1) == 0) {
            return warn(key,
                        "the control socket of a supervisor that is root asks for "
                        "cap_dac_override, which capabilities.bounding takes from this "
                        "service: it allows nothing");
        }
        for (const std::string_view wall : walls) {
            if (!is_given(wall) || problems_.concerns(wall)) continue;
            return warn(key, "an operator can ask the supervisor for all that " +
                                 std::string{wall} + " takes from this service");
        }
    }

private:
    static constexpr std::string_view key = "service.operator";

    static bool is_mapped_to_root(const std::vector<IdMap>& maps) {
        return std::ranges::any_of(maps, [](const IdMap& map) { return map.outside == 0; });
    }
};

}  // namespace

void check_operator(Unit& unit, ProblemList& problems) {
    if (unit.service && unit.service->is_operator) OperatorCheck{unit, problems}.run();
}

}  // namespace confinit
