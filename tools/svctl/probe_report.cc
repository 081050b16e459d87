// SPDX-License-Identifier: Apache-2.0
// The verbs for probes: the states of units in a word each, and an exit status.
#include "svctl/probe_report.h"

#include "control/fields.h"
#include "svctl/human.h"
#include "svctl/output.h"
#include "svctl/request.h"

#include <fmt/format.h>
#include <utility>

namespace confinit {
namespace {

// "web: activating (start)", and why, where that is known.
std::string readiness_text(const Context& context, const Json& unit) {
    const std::string active = string_or(unit, "active");
    const std::string reason = string_or(unit, "reason");
    std::string text = fmt::format("{}: {}", shown(context, string_or(unit, "name")), active);
    if (active != "active") text += fmt::format(" ({})", string_or(unit, "sub"));
    if (!reason.empty()) text += ": " + shown(context, reason);
    return text + "\n";
}

}  // namespace

int report_readiness(const Context& context, const std::vector<std::string>& units) {
    Json parameters = Json::object();
    if (!units.empty()) parameters["units"] = units;
    const auto answer = request(context, Method::readiness, std::move(parameters));
    if (!answer) return report_refusal(context, answer.error());
    const ExitCode code =
        bool_or(*answer, "ready") ? ExitCode::done : ExitCode::not_running_or_differs;
    const Json* states = find_array(*answer, "units");
    if (context.json) return print_document(context, *answer, code);
    std::string text;
    for (const Json& unit : states != nullptr ? *states : Json::array())
        text += readiness_text(context, unit);
    print(text);
    return std::to_underlying(code);
}

}  // namespace confinit
