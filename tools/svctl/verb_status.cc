// SPDX-License-Identifier: Apache-2.0
// status [UNIT...]: state, reasons, limits in use and the last output, and 3 for a unit that is not
// active; without a unit the machine as a whole.
#include "control/fields.h"
#include "svctl/declare.h"
#include "svctl/output.h"
#include "svctl/overview.h"
#include "svctl/status_text.h"
#include "svctl/unit_reports.h"

#include <ctime>
#include <memory>

namespace confinit {
namespace {

// The time of CLOCK_BOOTTIME on the supervisor's machine.
std::chrono::microseconds boot_time(const Context& context) {
    if (!context.host.empty()) {
        const auto version = request(context, Method::version);
        return std::chrono::microseconds{version ? integer_or(*version, "now_us") : 0};
    }
    timespec now{};
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec});
}

Answer<UnitReport> ask_status(const Context& context, const std::string& unit) {
    const Json answer = TRY(request(context, Method::status, {{"unit", unit}}));
    const Json* status = find_object(answer, "status");
    if (status == nullptr) return refuse({.hint = "reply without a status"});
    const bool is_active = string_or(*status, "active") == "active";
    return UnitReport{.json = *status,
                      .text = status_text(context, *status, boot_time(context)),
                      .code = is_active ? ExitCode::done : ExitCode::not_running_or_differs};
}

int report_overview(const Context& context) {
    const auto list = request(context, Method::list);
    if (!list) return report_refusal(context, list.error());
    const auto version = request(context, Method::version);
    if (!version) return report_refusal(context, version.error());
    const Json* units = find_array(*list, "units");
    const Json overview = overview_json(units != nullptr ? *units : Json::array(), *version);
    if (context.json) return print_document(context, {{"machine", overview}});
    print(overview_text(context, overview, boot_time(context)));
    return 0;
}

}  // namespace

VerbAction declare_status(Syntax& syntax) {
    auto units = std::make_unique<std::vector<std::string>>();
    add_units(syntax, *units).is_required = false;
    syntax.footer = "Without a unit: the machine, what has failed, and what is on its way.";
    return [units = std::move(units)](const Context& context) {
        if (units->empty()) return report_overview(context);
        return report_units(context, *units, [&context](const std::string& unit) {
            return ask_status(context, unit);
        });
    };
}

}  // namespace confinit
