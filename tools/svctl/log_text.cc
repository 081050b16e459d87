// SPDX-License-Identifier: Apache-2.0
// Lines of a unit's output as `svctl logs` and `svctl status` show them.
#include "svctl/log_text.h"

#include "control/fields.h"
#include "svctl/human.h"
#include "svctl/output.h"

#include <fmt/format.h>

namespace confinit {

std::string log_text(const Context& context, const Json& lines) {
    std::string text;
    for (const Json& line : lines) {
        const std::chrono::microseconds time{integer_or(line, "time_us")};
        const bool is_error = string_or(line, "stream") == "stderr";
        const std::string part = string_or(line, "part");
        const bool continues = part == "middle" || part == "last";
        text += fmt::format("{} {}{} {}\n", human_time(time), is_error ? '!' : '|',
                            continues ? "+" : "", shown(context, string_or(line, "text")));
    }
    return text;
}

}  // namespace confinit
