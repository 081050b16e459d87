// SPDX-License-Identifier: Apache-2.0
// What the keys of [cgroup] have in common: each becomes a file of the unit's node.
#include "unit/cgroup_form.h"

#include "unit/forms.h"

namespace confinit {

bool is_text(const Value& value, std::string_view word) {
    const std::string* text = value.if_text();
    return text != nullptr && *text == word;
}

void read_bytes(const Value& value, Unit& unit) {
    if (is_text(value, "max")) return add_setting(unit, value, "max");
    if (const auto bytes = read_size(value)) add_setting(unit, value, std::to_string(*bytes));
}

void read_switch(const Value& value, Unit& unit) {
    const auto number = value.if_integer();
    const auto boolean = value.if_boolean();
    if (!boolean && number != 0 && number != 1) return value.mismatch();
    add_setting(unit, value, boolean.value_or(number == 1) ? "1" : "0");
}

void add_setting(Unit& unit, const Value& value, std::string kernel_text) {
    constexpr std::string_view table = "cgroup.";
    // Limits of the tree itself are the kernel's own cgroup.max.* files.
    const bool is_core = value.key().starts_with("cgroup.max.");
    unit.cgroup.push_back(
        {is_core ? value.key() : value.key().substr(table.size()), std::move(kernel_text)});
}

}  // namespace confinit
