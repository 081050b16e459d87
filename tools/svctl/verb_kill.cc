// SPDX-License-Identifier: Apache-2.0
// kill UNIT...: sends a signal to the main process of units, or to every process of them.
#include "svctl/declare.h"
#include "svctl/output.h"
#include "svctl/signal_name.h"
#include "svctl/unit_reports.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <vector>

namespace confinit {
namespace {

struct KillOptions {
    std::vector<std::string> units;
    std::string signal = "TERM";
    std::string whom = "all";
};

std::string signal_fault(const std::string& text) {
    return parse_signal(text) ? std::string{} : "'" + text + "' is no signal";
}

// "HUP" and "SIGHUP", which no unit is named.
bool is_signal_name(const std::string& word) {
    const auto is_capital = [](char letter) {
        return letter >= 'A' && letter <= 'Z';
    };
    return std::ranges::all_of(word, is_capital) && parse_signal(word);
}

}  // namespace

VerbAction declare_kill(Syntax& syntax) {
    auto options = std::make_unique<KillOptions>();
    add_units(syntax, options->units);
    syntax.add("-s,--signal", &options->signal, "name or number, TERM unless given",
               {.type = "SIGNAL", .check = signal_fault});
    syntax.add("--whom", &options->whom, "main or all; all unless given",
               {.type = "WHOM", .choices = {"main", "all"}});
    syntax.footer = "Also as `svctl kill -9 UNIT` and `svctl kill -HUP UNIT`.";
    return [options = std::move(options)](const Context& context) {
        // SIGTERM, which was not meant, is not to reach the units before it.
        const auto signal = std::ranges::find_if(options->units, is_signal_name);
        if (signal != options->units.end()) {
            return report_refusal(
                context, {.code = ExitCode::error,
                          .message = fmt::format("'{0}' is a signal: svctl kill --signal {0} UNIT",
                                                 *signal)});
        }
        const Json parameters{{"signal", parse_signal(options->signal).value_or(0)},
                              {"whom", options->whom}};
        return run_jobs(context, options->units, Method::kill, parameters);
    };
}

}  // namespace confinit
