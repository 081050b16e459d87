// SPDX-License-Identifier: Apache-2.0
// logs UNIT...: the last lines of units' output, and with --follow those that come.
#include "control/fields.h"
#include "svctl/declare.h"
#include "svctl/follow.h"
#include "svctl/log_text.h"
#include "svctl/output.h"
#include "svctl/since.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

namespace confinit {
namespace {

constexpr int default_lines = 1000;
constexpr int default_lines_to_follow = 10;

struct LogsOptions {
    std::vector<std::string> units;
    std::optional<int> lines;
    std::string since;
    bool follow = false;
};

// The lines that are wanted; those of one unit among several begin with its name.
Json wanted_lines(const LogsOptions& options, const std::string& unit, const Json& parameters) {
    Json wanted = Json::array();
    const Json* lines = find_array(parameters, "lines");
    if (lines == nullptr) return wanted;
    const auto since = since_of(options.since).count();
    for (Json line : *lines) {
        if (integer_or(line, "time_us") < since) continue;
        if (options.units.size() > 1) line["unit"] = unit;
        wanted.push_back(std::move(line));
    }
    return wanted;
}

void print_lines(const Context& context, const std::string& unit, const Json& lines) {
    if (context.json) {
        print_document(context, {{"unit", unit}, {"lines", lines}});
    } else {
        print(log_text(context, lines));
    }
}

// The lines of several units in the order in which they were written.
void print_merged(const Context& context, const Json& lines) {
    // Lines of the same time stay as they are. stable_sort would ask for memory in a deprecated
    // way.
    std::multimap<std::int64_t, const Json*> sorted;
    for (const Json& line : lines)
        sorted.emplace(integer_or(line, "time_us"), &line);
    Json merged = Json::array();
    for (const auto& [time, line] : sorted)
        merged.push_back(*line);
    print(log_text(context, merged));
}

int run_logs(const Context& context, const LogsOptions& options) {
    const int lines =
        options.lines.value_or(options.follow ? default_lines_to_follow : default_lines);
    const bool merges = options.units.size() > 1 && !options.follow && !context.json;
    Json merged = Json::array();
    std::vector<Stream> streams;
    for (const std::string& unit : options.units) {
        streams.push_back(
            {Method::logs, {{"unit", unit}, {"lines", lines}}, [&, unit](const Json& parameters) {
                 const Json wanted = wanted_lines(options, unit, parameters);
                 if (!merges) return print_lines(context, unit, wanted);
                 merged.insert(merged.end(), wanted.begin(), wanted.end());
             }});
    }
    const int code = print_streams(context, streams, options.follow);
    if (merges) print_merged(context, merged);
    return code;
}

}  // namespace

VerbAction declare_logs(Syntax& syntax) {
    auto options = std::make_unique<LogsOptions>();
    add_units(syntax, options->units);
    syntax.add("-n,--lines", &options->lines,
               "at most so many lines of what is kept of a unit, up to 1000000",
               {.type = "LINES", .range = {{0, 1'000'000}}});
    add_since(syntax, options->since);
    syntax.add("-f,--follow", &options->follow, "go on with lines as they are written");
    syntax.footer =
        "A line shows its time, \"|\" for standard output or \"!\" for standard error, and its\n"
        "text; of several units the name too. \"+\" beside it: the text continues the line before\n"
        "it, which was long or had waited for its newline. With --json each unit, and with\n"
        "--follow each group of lines, has a document of its own.";
    return [options = std::move(options)](const Context& context) {
        return run_logs(context, *options);
    };
}

}  // namespace confinit
