// SPDX-License-Identifier: Apache-2.0
// The keys of [service] about its end for good: after how many restarts, and what ends with it.
#include "unit/forms.h"
#include "unit/keys.h"

#include <cstdint>
#include <limits>

namespace confinit {
namespace {

void read_essential(const Value& value, Unit& unit) {
    assign(unit.service->is_essential, value.boolean());
}

void read_restart_limit(const Value& value, Unit& unit) {
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    const auto limit = value.integer(1, most);
    if (limit) unit.service->restart_limit = static_cast<unsigned>(*limit);
}

constexpr Key service_end_table[] = {
    {
        .path = "service.essential",
        .form = boolean_form,
        .fallback = "false; true for a service that boot starts by --unit or confinit.unit=",
        .documentation =
            "Whether everything ends with this service: when it has ended for good, and nobody "
            "has asked for that, all units are stopped in reverse order and the supervisor ends. "
            "A oneshot service has ended when its program has; another one when it is not tried "
            "again, see restart and restart_limit. The exit status of the container, or of the "
            "ordinary process, is then that of the service: its code, 128 + N after signal N, 124 "
            "after a start timeout, 127 where its program is not there, 126 where it cannot be "
            "executed, 125 for every other launch that failed. The init of a machine says so on "
            "the console, in a line that begins with CONFINIT-EXIT, and ends the machine. A stop "
            "or restart by request ends nothing else.",
        .operation = "_exit(2), or reboot(2)",
        .source = "confinit",
        .systemd = "SuccessAction=",
        .read = read_essential,
    },
    {
        .path = "service.restart_limit",
        .form = "a whole number from 1 to 2147483647",
        .fallback = "none: it is tried again for ever",
        .documentation =
            "The most automatic restarts in a row; after the next failure the service has failed "
            "for good. A run longer than restart_max_delay, and a start by request, begin the "
            "count anew.",
        .operation = "none",
        .source = "confinit",
        .systemd = "StartLimitBurst=",
        .read = read_restart_limit,
    },
};

}  // namespace

std::span<const Key> service_end_keys() {
    return service_end_table;
}

}  // namespace confinit
