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

void append(std::string& text, std::string_view remark) {
    text.append(text.empty() ? "" : "; ").append(remark);
}

// The versions of the unit that differ from the one that is loaded.
void append_versions(std::string& text, const Json& summary) {
    const auto problems = find_strings(summary, "load_problems");
    const std::string on_disk = string_or(summary, "on_disk");
    const bool is_unread = string_or(summary, "sub") == "not-loaded" && on_disk == "changed";
    if (is_unread) append(text, string_or(summary, "reason"));
    if (on_disk == "changed" && !is_unread) append(text, "changed on disk");
    if (on_disk == "broken") {
        append(text, "does not load: " + (problems && !problems->empty() ? problems->front() : ""));
    }
    if (on_disk == "gone") append(text, "gone from disk");
    if (!find_strings(summary, "outdated").value_or(std::vector<std::string>{}).empty()) {
        append(text, "runs an older unit");
    }
}

// The unit's description, how its run differs from it, and which version of it this is.
std::string description_text(const Json& summary) {
    std::string text = string_or(summary, "description");
    const auto skipped = keys_of_texts(summary, "skipped");
    if (!skipped.empty()) append(text, "without " + join(skipped, ", "));
    const auto drift = keys_of_texts(summary, "drift");
    if (!drift.empty()) append(text, "drift in " + join(drift, ", "));
    append_versions(text, summary);
    return text;
}

}  // namespace

std::vector<std::string> keys_of_texts(const Json& unit, std::string_view name) {
    std::vector<std::string> keys;
    for (const std::string& text : find_strings(unit, name).value_or(std::vector<std::string>{})) {
        std::string key = text.substr(0, text.find(':'));
        if (std::ranges::find(keys, key) == keys.end()) keys.push_back(std::move(key));
    }
    return keys;
}

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
