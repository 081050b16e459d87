// SPDX-License-Identifier: Apache-2.0
// Chance: random numbers and times for simulations.
#pragma once

#include "engine/types.h"

#include <cstdint>
#include <random>

namespace confinit::engine {

// The same seed gives the same numbers with every library, which std::*_distribution does not.
class Chance {
public:
    explicit Chance(std::uint32_t seed) : source_(seed) {}

    // From 0 to `limit` - 1.
    std::uint32_t below(std::uint32_t limit) {
        return static_cast<std::uint32_t>(source_()) % limit;
    }
    bool one_in(std::uint32_t limit) { return below(limit) == 0; }
    // Mostly short, sometimes long.
    Time duration() {
        const std::uint32_t scale = below(7);
        Time longest{10};
        for (std::uint32_t i = 0; i < scale; ++i)
            longest *= 10;
        return Time{below(static_cast<std::uint32_t>(longest.count())) + 1};
    }

private:
    std::mt19937 source_;
};

}  // namespace confinit::engine
