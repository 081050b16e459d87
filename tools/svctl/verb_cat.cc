// SPDX-License-Identifier: Apache-2.0
// cat UNIT...: the unit file and its drop-ins, each under a line with its path.
#include "control/fields.h"
#include "svctl/declare.h"
#include "svctl/output.h"
#include "svctl/unit_reports.h"

#include <memory>
#include <unistd.h>

namespace confinit {
namespace {

// A copy into a file or a pipe is to be exact; only a terminal can be driven by what it shows.
std::string file_text(const Context& context, const std::string& text) {
    if (context.raw || isatty(STDOUT_FILENO) == 0) return text;
    return shown_lines(context, text);
}

Answer<UnitReport> ask_files(const Context& context, const std::string& unit) {
    const Json answer = TRY(request(context, Method::cat, {{"unit", unit}}));
    const Json* files = find_array(answer, "files");
    if (files == nullptr) return refuse({0, "reply without files"});

    std::string text;
    for (const Json& file : *files) {
        if (!text.empty()) text += "\n";
        text += "# " + shown(context, string_or(file, "path")) + "\n";
        text += file_text(context, string_or(file, "text"));
    }
    return UnitReport{.json = {{"files", *files}}, .text = std::move(text)};
}

}  // namespace

VerbAction declare_cat(CLI::App& command) {
    auto units = std::make_unique<std::vector<std::string>>();
    add_units(command, *units);
    return [units = std::move(units)](const Context& context) {
        return report_units(context, *units,
                            [&](const std::string& unit) { return ask_files(context, unit); });
    };
}

}  // namespace confinit
