// SPDX-License-Identifier: Apache-2.0
// The answer of `svctl set` and `svctl revert`: which values hold, and which file says so.
#include "svctl/limit_text.h"

#include "control/fields.h"
#include "svctl/output.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace confinit {
namespace {

// Where the value is from: a file of ours that was written just now, another one, or none.
std::string origin_text(const Json& value, const std::vector<std::string>& written) {
    const std::string file = string_or(value, "file");
    if (file.empty()) return "as no file gives it";
    if (std::ranges::find(written, file) != written.end()) return "kept in " + file;
    return fmt::format("from {}:{}", file, integer_or(value, "line"));
}

}  // namespace

std::string limit_text(const Context& context, const Json& answer) {
    const auto written = find_strings(answer, "files").value_or(std::vector<std::string>{});
    const bool is_in_force = bool_or(answer, "in_force");
    std::string text;
    const Json* values = find_array(answer, "values");
    if (values == nullptr) return text;
    for (const Json& value : *values) {
        text += shown(context, fmt::format("{} = {}, {}{}", string_or(value, "key"),
                                           string_or(value, "value"), origin_text(value, written),
                                           is_in_force ? "" : "; from the next start on")) +
                "\n";
    }
    return text;
}

}  // namespace confinit
