// SPDX-License-Identifier: Apache-2.0
// The keys service.operator and service.deputy: what a service may ask of the supervisor.
#include "unit/forms.h"
#include "unit/keys.h"

namespace confinit {
namespace {

void read_operator(const Value& value, Unit& unit) {
    assign(unit.service->is_operator, value.boolean());
}

void read_deputy(const Value& value, Unit& unit) {
    assign(unit.service->is_deputy, value.boolean());
}

constexpr Key service_operator_table[] = {
    {
        .path = "service.operator",
        .form = boolean_form,
        .fallback = "false",
        .documentation =
            "Whether root in this service may start, stop, enter and change units, as a shell of "
            "root's on the console, sshd or cron has to. Without it a process in the node of a "
            "service is no operator, whatever its user and capabilities are, and in a mount "
            "namespace of the service's own /run/confinit shows its notify socket only. With it "
            "user 0 of the service is one, as long as it is no more confined than this unit says; "
            "no other user is. The control socket of a supervisor that is root can be connected to "
            "with cap_dac_override only, which capabilities.bounding must leave it. An operator "
            "can give itself everything that this unit takes away.",
        .operation = "the supervisor compares SO_PEERCRED, SO_PEERPIDFD and the sender of each "
                     "call with /proc/PID/status, ns/user and cgroup of the caller; connect(2) "
                     "wants write permission for the control socket, which nobody owns",
        .source = "unix(7), proc(5), user_namespaces(7)",
        .systemd = "",
        .read = read_operator,
    },
    {
        .path = "service.deputy",
        .form = boolean_form,
        .fallback = "false",
        .documentation =
            "Whether the main process of this service may call the supervisor in the name of "
            "others, as confinit-bus does for the clients of the system bus. Such a call says who "
            "asks and which polkit action allows it, and the supervisor believes it: whoever takes "
            "over the service can start, stop, change and end units and the machine, but can "
            "neither enter a service nor see more than the service's own user. It asks by "
            "/run/confinit/status, which it sees in a mount namespace of its own, and needs no "
            "capability for it.",
        .operation = "the supervisor compares SO_PEERCRED, SO_PEERPIDFD and the sender of each "
                     "call with the main process of the unit",
        .source = "unix(7)",
        .systemd = "",
        .read = read_deputy,
    },
};

}  // namespace

std::span<const Key> service_operator_keys() {
    return service_operator_table;
}

}  // namespace confinit
