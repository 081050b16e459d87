// SPDX-License-Identifier: Apache-2.0
// The services that the benchmark launches, each as a unit and as what the C launcher takes.
#pragma once

#include "by_hand.h"
#include "unit/unit.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace confinit::bench {

struct Variant {
    std::string_view name;
    std::string_view keys;  // the unit's tables after [service]
    bool is_confined = false;
    bool has_reaper = false;
    by_hand_mounts mounts = by_hand_no_mounts;
    std::uint64_t namespaces = 0;
    const char* hostname = nullptr;
};

const std::vector<Variant>& variants();

// The unit of a variant; `with_limits` adds those of a cgroup.
Unit make_unit(const Variant& variant, const std::string& program, bool with_limits);

}  // namespace confinit::bench
