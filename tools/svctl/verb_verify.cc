// SPDX-License-Identifier: Apache-2.0
// verify UNIT...: compares a running unit's confinement in the kernel with the unit, item by item.
#include "control/fields.h"
#include "svctl/declare.h"
#include "svctl/human.h"
#include "svctl/output.h"
#include "svctl/unit_reports.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

namespace confinit {
namespace {

std::string summary_line(const std::string& unit, std::size_t count, std::size_t differing) {
    if (differing == 0) return fmt::format("{}: {} items, all in force\n", unit, count);
    return fmt::format("{}: {} of {} items {} from the unit\n", unit, differing, count,
                       differing == 1 ? "differs" : "differ");
}

Answer<UnitReport> ask_items(const Context& context, const std::string& unit) {
    const Json answer = TRY(request(context, Method::verify, {{"unit", unit}}));
    const Json* items = find_array(answer, "items");
    if (items == nullptr) return refuse({0, "reply without items"});

    Table table{4};
    std::size_t differing = 0;
    for (const Json& item : *items) {
        const bool is_same = bool_or(item, "same");
        if (!is_same) ++differing;
        table.add({is_same ? "same" : "DIFFERS", shown(context, string_or(item, "key")),
                   shown(context, string_or(item, "declared")),
                   shown(context, string_or(item, "in_force"))});
    }
    // What the supervisor says of the whole counts too, should it know more than its items tell.
    const bool is_same = differing == 0 && bool_or(answer, "same");
    return UnitReport{
        .json = {{"same", is_same}, {"items", *items}},
        .text = table.text() + summary_line(shown(context, unit), items->size(), differing),
        .code = is_same ? ExitCode::done : ExitCode::not_running_or_differs};
}

// The units that have a main process now.
Answer<std::vector<std::string>> running_units(const Context& context) {
    const Json answer = TRY(request(context, Method::list));
    std::vector<std::string> names;
    const Json* units = find_array(answer, "units");
    if (units == nullptr) return refuse({0, "reply without units"});
    for (const Json& unit : *units) {
        if (integer_or(unit, "pid") > 0) names.push_back(string_or(unit, "name"));
    }
    return names;
}

struct Arguments {
    std::vector<std::string> units;
    bool all = false;
};

int run_verify(const Context& context, const Arguments& arguments) {
    std::vector<std::string> units = arguments.units;
    if (arguments.all) {
        auto running = running_units(context);
        if (!running) return report_refusal(context, running.error());
        units = std::move(*running);
    }
    return report_units(context, units,
                        [&](const std::string& unit) { return ask_items(context, unit); });
}

}  // namespace

VerbAction declare_verify(CLI::App& command) {
    auto arguments = std::make_unique<Arguments>();
    auto* units = add_units(command, arguments->units)->required(false);
    auto* all = command.add_flag("--all", arguments->all, "every unit that runs");
    all->excludes(units);
    command.require_option(1);
    command.footer("Each line: same or not, the key, what the unit declares, what is in force.");
    return [arguments = std::move(arguments)](const Context& context) {
        return run_verify(context, *arguments);
    };
}

}  // namespace confinit
