// SPDX-License-Identifier: Apache-2.0
// IdRanges: 65,536 user and group ids for each unit that asks for some of its own.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace confinit {

// The ranges lie from 524,288 to 1,879,048,191, where systemd-nspawn(1) and subuid(5)'s defaults
// leave room for containers. A unit gets the same one after each boot, as far as others allow.
class IdRanges {
public:
    // The first id of the unit's range, which is its own until the supervisor ends.
    std::uint32_t first_id(const std::string& unit);

private:
    std::map<std::uint32_t, std::string> owners_;  // by the number of the range
};

}  // namespace confinit
