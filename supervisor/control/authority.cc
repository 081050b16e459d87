// SPDX-License-Identifier: Apache-2.0
// Authority: who is an operator, and so may rule the supervisor, through whatever door it comes.
#include "supervisor/control/authority.h"

#include "base/text.h"
#include "kernel/capability_set.h"

#include <bit>
#include <fmt/format.h>
#include <linux/capability.h>
#include <vector>

namespace confinit {
namespace {

// "cap_chown, cap_dac_override, cap_fowner and 38 more".
std::string names_of(CapabilityMask mask) {
    constexpr std::size_t most = 3;
    std::vector<std::string> names;
    const auto count = static_cast<std::size_t>(std::popcount(mask));
    for (int number = 0; number < 64 && names.size() < most; ++number) {
        if ((mask >> number & 1) != 0) names.push_back("cap_" + capability_name(number));
    }
    const std::string text = join(names, ", ");
    return count > most ? fmt::format("{} and {} more", text, count - most) : text;
}

// The walls around the caller beyond that measure, in words; empty where there are none.
std::string confinement(const Walls& caller, const Walls& measure) {
    std::vector<std::string> facts;
    const CapabilityMask missing = measure.permitted & ~caller.permitted;
    if (missing != 0) facts.push_back("it lacks " + names_of(missing));
    if (caller.user_namespace != measure.user_namespace) {
        facts.emplace_back("it is in another user namespace");
    }
    if (caller.filters > measure.filters) {
        facts.push_back(fmt::format("it is under {} system call filter{}", caller.filters,
                                    caller.filters == 1 ? "" : "s"));
    }
    return join(facts, ", ");
}

Denial unit_denial(const CallerFacts& caller, const SupervisorFacts& supervisor) {
    const std::string confined = confinement(caller.walls, supervisor.walls);
    const std::string which =
        confined.empty()
            ? fmt::format(
                  "the caller lives in the service of unit '{}', "
                  "which is no operator",
                  caller.home.name)
            : fmt::format("root of unit '{}' is confined: {}", caller.home.name, confined);
    // Without it nobody can connect to the control socket: control_door.h.
    const CapabilityMask missing = supervisor.walls.permitted & ~caller.walls.permitted;
    const bool lacks_override = (missing >> CAP_DAC_OVERRIDE & 1) != 0;
    return {.reason = which,
            .cure = fmt::format("service.operator = true{} in its unit would allow it",
                                lacks_override ? " and cap_dac_override" : "")};
}

}  // namespace

std::expected<void, Denial> check_operator_id(std::uint32_t uid,
                                              const SupervisorFacts& supervisor) {
    if (uid == 0 || uid == supervisor.uid) return {};
    const std::string own = supervisor.uid == 0 ? "" : fmt::format(" and user {}", supervisor.uid);
    return std::unexpected(Denial{.reason = fmt::format("the caller is user {}", uid),
                                  .cure = fmt::format("it is for user 0{} only", own)});
}

std::expected<void, Denial> check_operator(const CallerFacts& caller,
                                           const SupervisorFacts& supervisor) {
    if (auto allowed = check_operator_id(caller.uid, supervisor); !allowed) return allowed;
    const Home& home = caller.home;
    if (home.kind == Home::Kind::unknown) {
        return std::unexpected(
            Denial{.reason = fmt::format("the caller lives {}, which is of no unit", home.name),
                   .cure = "a unit with service.operator = true would allow it"});
    }
    const bool is_in_unit = home.kind == Home::Kind::unit;
    if (is_in_unit && !home.is_operator) return std::unexpected(unit_denial(caller, supervisor));
    const std::string confined =
        confinement(caller.walls, is_in_unit ? home.given : supervisor.walls);
    if (confined.empty()) return {};
    if (!is_in_unit) {
        return std::unexpected(Denial{.reason = "the caller is confined: " + confined,
                                      .cure = "call from outside of its walls"});
    }
    return std::unexpected(
        Denial{.reason = fmt::format("the caller is more confined than unit '{}' makes it: {}",
                                     home.name, confined),
               .cure = "call from outside of its walls"});
}

}  // namespace confinit
