// SPDX-License-Identifier: Apache-2.0
// status UNIT...: state, reasons, limits in use and the last output; 3 for a unit that is not
// active.
#include "control/fields.h"
#include "svctl/declare.h"
#include "svctl/output.h"
#include "svctl/status_text.h"
#include "svctl/unit_reports.h"

#include <ctime>
#include <memory>

namespace confinit {
namespace {

std::chrono::microseconds boot_time() {
    timespec now{};
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec});
}

Answer<UnitReport> ask_status(const Context& context, const std::string& unit) {
    const Json answer = TRY(request(context, Method::status, {{"unit", unit}}));
    const Json* status = find_object(answer, "status");
    if (status == nullptr) return refuse({0, "reply without a status"});
    const bool is_active = string_or(*status, "active") == "active";
    return UnitReport{.json = *status,
                      .text = status_text(context, *status, boot_time()),
                      .code = is_active ? ExitCode::done : ExitCode::not_running_or_differs};
}

}  // namespace

VerbAction declare_status(CLI::App& command) {
    auto units = std::make_unique<std::vector<std::string>>();
    add_units(command, *units);
    return [units = std::move(units)](const Context& context) {
        return report_units(context, *units, [&context](const std::string& unit) {
            return ask_status(context, unit);
        });
    };
}

}  // namespace confinit
