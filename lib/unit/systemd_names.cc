// SPDX-License-Identifier: Apache-2.0
// Names of systemd's units, such as "network.target", where a unit of ours is to be named.
#include "unit/systemd_names.h"

#include "base/letter_case.h"
#include "unit/systemd_words.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr std::string_view boot_targets[] = {"multi-user.target", "graphical.target",
                                             "default.target", "runlevel3.target",
                                             "runlevel5.target"};

// Endings whose kind has advice as a section: ".socket" and "[Socket]".
constexpr std::string_view sections[] = {"[Socket]",    "[Timer]", "[Path]",  "[Mount]",
                                         "[Automount]", "[Swap]",  "[Slice]", "[Scope]"};

std::string_view advice_for_ending(std::string_view ending) {
    for (const std::string_view section : sections) {
        const std::string_view kind = section.substr(1, section.size() - 2);
        if (std::ranges::equal(kind, ending, {}, to_lower)) return advice_for_directive(section);
    }
    return {};
}

}  // namespace

bool is_boot_target(std::string_view name) {
    return std::ranges::find(boot_targets, name) != std::end(boot_targets);
}

std::string advice_for_unit_name(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return {};
    const std::string stem{name.substr(0, dot)};
    const std::string_view ending = name.substr(dot + 1);
    if (ending == "service") {
        return "units are named without '.service': did you mean '" + stem + "'?";
    }
    if (is_boot_target(name)) return "that is systemd's; the unit that is booted here is 'default'";
    if (ending == "target") {
        return "that is systemd's, and nothing here needs it; name the units themselves, or "
               "'default'";
    }
    return std::string{advice_for_ending(ending)};
}

}  // namespace confinit
