// SPDX-License-Identifier: Apache-2.0
// Authority: who is an operator, and so may rule the supervisor, through whatever door it comes.
//
// An operator is user 0, or the user that the supervisor runs as, and no more confined than the
// supervisor itself is: in a container whose PID 1 has few capabilities, root of the container with
// the same few is one. A process that lives in the node of a service is none, unless the service's
// unit says service.operator = true; then it may be as confined as that unit makes it. So the doors
// of the supervisor give nobody more than it holds already.
#pragma once

#include "unit/unit.h"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace confinit {

// The walls around a process, as far as the kernel tells others about them.
struct Walls {
    CapabilityMask permitted = 0;
    std::string user_namespace;
    unsigned filters = 0;
};

// Where a process lives: by its cgroup node, or, where we have no nodes, by its ancestors.
struct Home {
    enum class Kind { outside, supervisor, unit, unknown };

    Kind kind = Kind::unknown;
    std::string name;          // the unit; of an unknown home, words that tell it: "in node '/x'"
    bool is_operator = false;  // the unit says service.operator = true
    Walls given;               // what that unit gives its service
};

struct CallerFacts {
    std::uint32_t uid = 0;
    Walls walls;
    Home home;
};

struct SupervisorFacts {
    std::uint32_t uid = 0;
    Walls walls;
};

// Why a caller is no operator, and what would make it one; the latter is empty where nothing would.
struct Denial {
    std::string reason;
    std::string cure;

    std::string text() const { return cure.empty() ? reason : reason + "; " + cure; }
};

std::expected<void, Denial> check_operator(const CallerFacts& caller,
                                           const SupervisorFacts& supervisor);

// The part of it that an id alone decides, so that nothing else is looked at for most callers.
std::expected<void, Denial> check_operator_id(std::uint32_t uid, const SupervisorFacts& supervisor);

}  // namespace confinit
