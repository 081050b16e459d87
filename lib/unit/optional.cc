// SPDX-License-Identifier: Apache-2.0
// Optional keys: the part of a unit that is left out where it cannot be had.
#include "unit/optional.h"

#include "unit/keys.h"

#include <algorithm>
#include <cerrno>
#include <vector>

namespace confinit {
namespace {

// A path that need not be there may be left out when it is not there, and for no other failure: a
// wall would fall to a link that has come. What only gives back is stricter when it is left out.
bool may_leave_out_entry(const Error& failure) {
    return failure.error == ENOENT || failure.error == ENOTDIR ||
           is_key_within(failure.key, "mounts.read_write") ||
           is_key_within(failure.key, "mounts.exec");
}

}  // namespace

std::string key_to_leave_out(const Unit& unit, const Error& failure,
                             std::span<const std::string> left_out) {
    std::vector<std::string> optional;
    if (may_leave_out_entry(failure)) optional = unit.optional_entries;
    optional.insert(optional.end(), unit.unit.optional.begin(), unit.unit.optional.end());
    for (const std::string& outer : optional) {
        std::string key = left_out_part(failure.key, outer);
        const bool is_new = std::ranges::find(left_out, key) == left_out.end();
        if (!key.empty() && is_new) return key;
    }
    return {};
}

}  // namespace confinit
