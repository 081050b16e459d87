// SPDX-License-Identifier: Apache-2.0
// The keys of [cgroup] that are no files: where the unit's node is.
#include "unit/cgroup_form.h"
#include "unit/forms.h"
#include "unit/keys.h"

namespace confinit {
namespace {

void read_group(const Value& value, Unit& unit) {
    const std::string* text = value.if_text();
    if (text != nullptr && text->find('/') != std::string::npos) {
        return value.refuse(
            "a group is named by its unit alone; which group it is in itself, its "
            "own cgroup.group says");
    }
    assign(unit.cgroup_place.group, read_unit_name(value));
}

constexpr Key keys[] = {
    {
        .path = "cgroup.group",
        .form = "the name of a unit",
        .fallback = "none",
        .documentation =
            "The group that the unit's node is below, so that its limits hold for all members "
            "together and within them each member's own. A group is a unit without [service] that "
            "has a [cgroup] table; its own `group` puts it below another one. It is started with "
            "its first member and stopped after the last one, and if its limits cannot be put in "
            "force, no member starts. Its node is GROUP.slice.",
        .operation = "mkdir(2) of the unit's node in the node of the group",
        .source = kernel_document,
        .systemd = "Slice=",
        .read = read_group,
    },
};

}  // namespace

std::span<const Key> cgroup_place_keys() {
    return keys;
}

}  // namespace confinit
