// SPDX-License-Identifier: Apache-2.0
// The three versions of a unit, which may all differ: on disk, loaded, and the one that runs.
#include "supervisor/jobs/unit_versions.h"

#include "base/text.h"
#include "supervisor/jobs/engine_spec.h"
#include "unit/difference.h"
#include "unit/keys.h"

#include <algorithm>
#include <fmt/format.h>

namespace confinit {

std::vector<std::string> outdated_keys(const Unit& running, const Unit& loaded,
                                       std::span<const std::string> left_out) {
    std::vector<std::string> keys = differing_keys(running, loaded);
    std::erase_if(keys, [&](const std::string& key) {
        return is_engine_key(key) ||
               std::ranges::any_of(left_out, [&](const std::string& optional) {
                   return is_key_within(key, optional);
               });
    });
    return keys;
}

std::string version_note(std::string_view unit, const DiskLook& look, std::string_view verb) {
    switch (look.state) {
    case OnDisk::same:
        return {};
    case OnDisk::changed:
        return fmt::format(
            "{}: its files have changed ({}): the loaded unit is {}; svctl daemon-reload takes "
            "the new one",
            unit, look.keys.empty() ? "not yet read" : join(look.keys, ", "), verb);
    case OnDisk::broken:
        return fmt::format("{}: its files do not load any more: the loaded unit is {}: {}", unit,
                           verb, look.problems.empty() ? "" : look.problems.front());
    case OnDisk::gone:
        return fmt::format(
            "{}: its file is gone: the loaded unit is {}, and forgotten when it stops", unit, verb);
    }
    return {};
}

}  // namespace confinit
