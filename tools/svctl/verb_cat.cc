// SPDX-License-Identifier: Apache-2.0
// cat UNIT...: the unit file and its drop-ins, each under a line with its path.
#include "base/file.h"
#include "control/fields.h"
#include "svctl/declare.h"
#include "svctl/output.h"
#include "svctl/unit_reports.h"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

namespace confinit {
namespace {

// A copy into a file or a pipe is to be exact; only a terminal can be driven by what it shows.
std::string file_text(const Context& context, const std::string& text) {
    if (context.raw || isatty(STDOUT_FILENO) == 0) return text;
    return shown_lines(context, text);
}

Refusal file_refusal(Error error) {
    if (error.error == ENOENT) {
        error.advise("the file is gone, and `svctl show` has what is loaded of it");
    }
    return refuse(std::move(error)).error();
}

Answer<UnitReport> ask_files(const Context& context, const std::string& unit) {
    const Json answer = TRY(request(context, Method::cat, {{"unit", unit}}));
    const auto paths = find_strings(answer, "files");
    if (!paths) return refuse({.hint = "reply without files"});

    Json files = Json::array();
    std::string text;
    for (const std::string& path : *paths) {
        // Opened by the caller, who so reads no more than it may.
        auto file = read_file(AT_FDCWD, path);
        if (!file) return std::unexpected(file_refusal(std::move(file.error())));
        if (!text.empty()) text += "\n";
        text += "# " + shown(context, path) + "\n" + file_text(context, *file);
        files.push_back({{"path", path}, {"text", std::move(*file)}});
    }
    return UnitReport{.json = {{"files", std::move(files)}}, .text = std::move(text)};
}

}  // namespace

VerbAction declare_cat(Syntax& syntax) {
    auto units = std::make_unique<std::vector<std::string>>();
    add_units(syntax, *units);
    return [units = std::move(units)](const Context& context) {
        return report_units(context, *units,
                            [&](const std::string& unit) { return ask_files(context, unit); });
    };
}

}  // namespace confinit
