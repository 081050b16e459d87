// SPDX-License-Identifier: Apache-2.0
// The table of `svctl list`.
#include "svctl/list_text.h"

#include "base/text.h"
#include "control/fields.h"
#include "svctl/human.h"
#include "svctl/output.h"

#include <algorithm>
#include <vector>

namespace confinit {
namespace {

std::string pid_text(const Json& summary) {
    const std::int64_t pid = integer_or(summary, "pid");
    return pid > 0 ? std::to_string(pid) : "-";
}

std::string memory_text(const Json& summary) {
    const auto bytes = find_integer(summary, "memory_bytes");
    return bytes && *bytes >= 0 ? human_size(static_cast<std::uint64_t>(*bytes)) : "-";
}

// What the unit does, and what it does without.
std::string description_text(const Json& summary) {
    std::string text = string_or(summary, "description");
    std::vector<std::string> keys;
    for (const std::string& skipped :
         find_strings(summary, "skipped").value_or(std::vector<std::string>{})) {
        keys.push_back(skipped.substr(0, skipped.find(':')));
    }
    if (!keys.empty()) text += (text.empty() ? "without " : "; without ") + join(keys, ", ");
    return text;
}

}  // namespace

std::string list_text(const Context& context, const Json& summaries) {
    std::vector<Json> sorted(summaries.begin(), summaries.end());
    std::ranges::sort(sorted, {}, [](const Json& unit) { return string_or(unit, "name"); });

    Table table;
    table.add({"UNIT", "ACTIVE", "SUB", "ENABLED", "PID", "MEMORY", "DESCRIPTION"});
    for (const Json& summary : sorted) {
        table.add({shown(context, string_or(summary, "name")), string_or(summary, "active"),
                   string_or(summary, "sub"), string_or(summary, "enabled", "-"), pid_text(summary),
                   memory_text(summary), shown(context, description_text(summary))});
    }
    return table.text();
}

}  // namespace confinit
