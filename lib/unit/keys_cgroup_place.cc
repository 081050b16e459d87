// SPDX-License-Identifier: Apache-2.0
// The keys of [cgroup] that are no files: where the unit's node is, and whose the tree below is.
#include "unit/cgroup_form.h"
#include "unit/forms.h"
#include "unit/keys.h"

#include <algorithm>

namespace confinit {
namespace {

// Every controller that a kernel may show in cgroup.controllers.
constexpr std::string_view controllers[] = {"cpuset", "cpu",  "io",   "memory", "hugetlb",
                                            "pids",   "rdma", "misc", "dmem"};
constexpr std::string_view controller_form = "a controller such as \"memory\"";

std::optional<std::string> read_controller(const Value& value) {
    auto word = value.word();
    if (!word || std::ranges::find(controllers, *word) != std::end(controllers)) return word;
    value.mismatch(value.nearest(*word, controllers));
    return std::nullopt;
}

void read_group(const Value& value, Unit& unit) {
    const std::string* text = value.if_text();
    if (text != nullptr && text->find('/') != std::string::npos) {
        return value.refuse(
            "a group is named by its unit alone; which group it is in itself, its "
            "own cgroup.group says");
    }
    assign(unit.cgroup_place.group, read_unit_name(value));
}

void read_delegate(const Value& value, Unit& unit) {
    if (!value.is_array()) return assign(unit.cgroup_place.delegate, value.boolean());
    unit.cgroup_place.delegated_controllers = list_of(value, controller_form, read_controller);
    unit.cgroup_place.delegate = true;
}

void read_threaded(const Value& value, Unit& unit) {
    assign(unit.cgroup_place.threaded, value.boolean());
}

void read_stall_timeout(const Value& value, Unit& unit) {
    assign(unit.cgroup_place.memory_stall_timeout, read_timeout(value));
}

constexpr Key cgroup_place_table[] = {
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
    {
        .path = "cgroup.delegate",
        .form = "true, false, or an array of controllers, such as [\"cpu\", \"memory\"]",
        .fallback = "false",
        .documentation =
            "Whether the service has a subtree of its own: it runs in the node \"delegated\" below "
            "the one that carries its limits, may make groups there, and cannot change the limits "
            "above. These controllers, or all that there are, are enabled for it. With a cgroup "
            "namespace and a mount namespace the subtree is all of /sys/fs/cgroup that it sees. "
            "The service moves whoever is in its cgroup.procs before it enables controllers for "
            "groups of its own; our reaper of a pid namespace is there too. Where it is false, a "
            "service with a mount namespace sees /sys/fs/cgroup read-only, unless "
            "mounts.read_write names a path in there.",
        .operation = "mkdir(2), write(2) to cgroup.subtree_control, fchown(2) to the user of the "
                     "service",
        .source = kernel_document,
        .systemd = "Delegate=",
        .read = read_delegate,
    },
    {
        .path = "cgroup.threaded",
        .form = boolean_form,
        .fallback = "false",
        .documentation =
            "Whether the service's own subtree is threaded: the groups that it makes hold threads "
            "in place of processes, so that threads of one process can be in several. Only cpu, "
            "cpuset and pids work in there. Needs cgroup.delegate.",
        .operation = "write(2) of \"threaded\" to cgroup.type of the delegated node",
        .source = kernel_document,
        .systemd = "",
        .read = read_threaded,
    },
    {
        .path = "cgroup.memory_stall_timeout",
        .form = duration_form,
        .fallback = "none: a service that stalls is left alone",
        .documentation =
            "How long the service may stand still for want of memory: when for that time its "
            "processes have waited for memory nearly always, all of them at once, and memory.high "
            "has gone on slowing them down, it is killed as a whole, and `restart` decides what "
            "comes next. A kernel without pressure accounting cannot tell; that is said once, and "
            "the service runs without this watch.",
        .operation = "a trigger on memory.pressure of the unit's node, poll(2)",
        .source = "Documentation/accounting/psi.rst",
        .systemd = "",
        .read = read_stall_timeout,
    },
};

}  // namespace

std::span<const Key> cgroup_place_keys() {
    return cgroup_place_table;
}

}  // namespace confinit
