// SPDX-License-Identifier: Apache-2.0
// The keys of [log]: what becomes of the lines that a service prints.
#include "unit/forms.h"
#include "unit/keys.h"
#include "unit/log_forms.h"

namespace confinit {
namespace {

void read_forward(const Value& value, Unit& unit) {
    unit.log.forward = read_choice(value, log_form_names);
}

constexpr Key log_table[] = {
    {
        .path = "log.forward",
        .form = "one of none, plain, json, raw",
        .fallback = "as the supervisor's --log says: plain in a container and for an ordinary "
                    "process, none for the init of a machine",
        .documentation =
            "How the lines of the service go on to the supervisor's own standard output and "
            "error, whatever svctl logs keeps of them. plain: with \"unit: \" before each line. "
            "json: an object a line, with time, unit, stream and message. raw: as they are, "
            "without a prefix, so that the line formats of other tools survive. A line goes out "
            "as a whole, up to 4 KiB of it at a time. A reader that does not keep up holds nobody "
            "up: lines are dropped, counted, and the count is told in their place.",
        .operation = "write(2) to descriptors 1 and 2 of the supervisor, which never waits",
        .source = "pipe(7)",
        .systemd = "StandardOutput=",
        .read = read_forward,
    },
};

}  // namespace

std::span<const Key> log_keys() {
    return log_table;
}

}  // namespace confinit
