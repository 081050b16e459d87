// SPDX-License-Identifier: Apache-2.0
// logs UNIT: the last lines of a unit's output, and with --follow those that come.
#include "control/fields.h"
#include "svctl/follow.h"
#include "svctl/log_text.h"
#include "svctl/output.h"
#include "svctl/verbs.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

namespace confinit {
namespace {

constexpr int default_lines = 1000;
constexpr int default_lines_to_follow = 10;

struct LogsOptions {
    std::string unit;
    std::optional<int> lines;
    bool follow = false;
};

void print_lines(const Context& context, const std::string& unit, const Json& parameters) {
    const Json* found = find_array(parameters, "lines");
    const Json lines = found != nullptr ? *found : Json::array();
    if (context.json) {
        print_document(context, {{"unit", unit}, {"lines", lines}});
    } else {
        print(log_text(context, lines));
    }
}

int run_logs(const Context& context, const LogsOptions& options) {
    const int lines =
        options.lines.value_or(options.follow ? default_lines_to_follow : default_lines);
    return print_replies(
        context, Method::logs, {{"unit", options.unit}, {"lines", lines}}, options.follow,
        [&](const Json& parameters) { print_lines(context, options.unit, parameters); });
}

}  // namespace

VerbAction declare_logs(CLI::App& command) {
    auto options = std::make_unique<LogsOptions>();
    command.add_option("UNIT", options->unit, "the unit")->required();
    command.add_option("-n,--lines", options->lines, "at most so many lines of what is kept")
        ->check(CLI::Range(0, 1'000'000));
    command.add_flag("-f,--follow", options->follow, "go on with lines as they are written");
    command.footer(
        "A line shows its time, \"|\" for standard output or \"!\" for standard error, and its\n"
        "text. \"+\" beside it: the text continues the line before it, which was long or had "
        "waited\n"
        "for its newline. With --json, --follow prints a document for each group of lines.");
    return [options = std::move(options)](const Context& context) {
        return run_logs(context, *options);
    };
}

}  // namespace confinit
