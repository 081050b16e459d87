// SPDX-License-Identifier: Apache-2.0
// IdRanges: 65,536 user and group ids for each unit that asks for some of its own.
#include "supervisor/units/id_ranges.h"

namespace confinit {
namespace {

constexpr std::uint32_t first = 524'288;
constexpr std::uint32_t size = 65'536;
constexpr std::uint32_t range_count = (1'879'048'192 - first) / size;

// FNV-1a: the same for a name in every build.
std::uint32_t hash(const std::string& name) {
    std::uint32_t value = 2'166'136'261;
    for (const char byte : name) {
        value ^= static_cast<unsigned char>(byte);
        value *= 16'777'619;
    }
    return value;
}

}  // namespace

std::uint32_t IdRanges::first_id(const std::string& unit) {
    std::uint32_t range = hash(unit) % range_count;
    // There are fewer units than ranges: the names of 28,000 would fill a file system first.
    for (;;) {
        const auto [owner, is_free] = owners_.emplace(range, unit);
        if (is_free || owner->second == unit) return first + range * size;
        range = (range + 1) % range_count;
    }
}

}  // namespace confinit
