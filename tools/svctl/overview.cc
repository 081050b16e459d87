// SPDX-License-Identifier: Apache-2.0
// `svctl status` without a unit: the machine as a whole.
#include "svctl/overview.h"

#include "base/text.h"
#include "control/fields.h"
#include "svctl/human.h"
#include "svctl/list_text.h"
#include "svctl/output.h"

#include <fmt/format.h>
#include <map>

namespace confinit {
namespace {

Json short_form(const Json& unit) {
    return {{"name", string_or(unit, "name")},
            {"sub", string_or(unit, "sub")},
            {"reason", string_or(unit, "reason")}};
}

std::string counts_text(const Json& overview) {
    std::vector<std::string> parts;
    const Json* counts = find_object(overview, "counts");
    if (counts == nullptr) return {};
    for (const auto& [state, count] : counts->items()) {
        if (state != "all") parts.push_back(fmt::format("{} {}", count.get<int>(), state));
    }
    const auto all = integer_or(*counts, "all");
    return fmt::format("{}{}{}", all, parts.empty() ? "" : ": ", join(parts, ", "));
}

void add_units(Table& table, const Context& context, const Json& overview, const char* label,
               std::string_view name) {
    const Json* units = find_array(overview, name);
    if (units == nullptr) return;
    for (const Json& unit : *units) {
        std::string text = string_or(unit, "name");
        const std::string reason = string_or(unit, "reason");
        text += reason.empty() ? fmt::format(" ({})", string_or(unit, "sub")) : ": " + reason;
        table.add({label, shown(context, text)});
        label = "";
    }
}

void add_drift(Table& table, const Context& context, const Json& overview) {
    const Json* units = find_array(overview, "drift");
    if (units == nullptr) return;
    std::string label = "drift";
    for (const Json& unit : *units) {
        const auto keys = find_strings(unit, "keys").value_or(std::vector<std::string>{});
        table.add({label, shown(context, string_or(unit, "name") + ": " + join(keys, ", "))});
        label.clear();
    }
}

}  // namespace

Json overview_json(const Json& units, const Json& version) {
    Json failed = Json::array();
    Json pending = Json::array();
    Json drift = Json::array();
    std::map<std::string, int> counts;
    for (const Json& unit : units) {
        const std::string active = string_or(unit, "active");
        ++counts[active];
        if (active == "failed") failed.push_back(short_form(unit));
        if (active == "activating" || active == "deactivating") pending.push_back(short_form(unit));
        const auto keys = keys_of_texts(unit, "drift");
        if (!keys.empty()) drift.push_back({{"name", string_or(unit, "name")}, {"keys", keys}});
    }
    counts["all"] = static_cast<int>(units.size());
    const char* state = "running";
    if (!pending.empty()) state = "starting";
    if (!failed.empty() || !drift.empty()) state = "degraded";
    return {{"state", state},     {"counts", counts}, {"failed", failed},
            {"pending", pending}, {"drift", drift},   {"version", version}};
}

std::string overview_text(const Context& context, const Json& overview,
                          std::chrono::microseconds uptime) {
    const Json* found = find_object(overview, "version");
    const Json version = found != nullptr ? *found : Json::object();
    const std::string mode = string_or(version, "mode");
    const std::string role = mode == "process" ? "an ordinary process" : "the init of a " + mode;
    const std::string text =
        shown(context,
              fmt::format("confinit {}, {}, pid {}, on Linux {}", string_or(version, "version"),
                          role, integer_or(version, "pid"), string_or(version, "kernel"))) +
        "\n";
    Table table{4};
    table.add({"state", string_or(overview, "state")});
    table.add({"up", human_age(uptime)});
    table.add({"units", counts_text(overview)});
    add_units(table, context, overview, "failed", "failed");
    add_units(table, context, overview, "on the way", "pending");
    add_drift(table, context, overview);
    return text + table.text();
}

}  // namespace confinit
