// SPDX-License-Identifier: Apache-2.0
// What `svctl status` says about one unit, from the supervisor's UnitStatus.
#include "svctl/status_text.h"

#include "base/text.h"
#include "control/fields.h"
#include "svctl/human.h"
#include "svctl/log_text.h"
#include "svctl/output.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <vector>

namespace confinit {
namespace {

using std::chrono::microseconds;

// What every line of the text is made from. A line with nothing to tell is an empty text.
struct View {
    const Context& context;
    const Json& status;
    microseconds now;

    std::string text(std::string_view name) const {
        return shown(context, string_or(status, name));
    }
};

std::optional<std::uint64_t> find_amount(const Json& status, std::string_view name) {
    const auto value = find_integer(status, name);
    if (!value || *value < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*value);
}

std::string state_line(const View& view) {
    std::string line = fmt::format("{} ({})", view.text("active"), view.text("sub"));
    const microseconds since{integer_or(view.status, "since_us")};
    if (since.count() > 0) line += fmt::format(" since {} ago", human_age(view.now - since));
    const std::int64_t pid = integer_or(view.status, "pid");
    if (pid > 0) line += fmt::format(", pid {}", pid);
    if (!bool_or(view.status, "frozen")) return line;
    const std::string by = view.text("frozen_by");
    line += by.empty() ? ", frozen" : ", frozen by " + by;
    const std::string thaw = view.text("thaw");
    const bool is_starting = string_or(view.status, "active") == "activating";
    return is_starting && !thaw.empty() ? fmt::format("{}: it starts after {}", line, thaw) : line;
}

// How long until this time, rounded up, so that "in 0s" is not said of what is still to come.
std::string time_left(const View& view, std::int64_t then) {
    return human_age(microseconds{then} - view.now + microseconds{999'999});
}

// What a unit that does not stop will meet next.
std::string deadline_line(const View& view) {
    const auto deadline = find_integer(view.status, "deadline_us");
    if (!deadline || string_or(view.status, "active") == "active") return {};
    const bool is_stopping = string_or(view.status, "active") == "deactivating";
    const std::string source = view.text("deadline_source");
    const std::string_view key = is_stopping ? "stop_timeout" : "start_timeout";
    const std::string whose = source == "unit"      ? fmt::format(" ({} of the unit)", key)
                              : source == "default" ? fmt::format(" (the default {})", key)
                              : source.empty()      ? ""
                                                    : fmt::format(" ({})", source);
    return fmt::format("{} in {}{}", is_stopping ? "SIGKILL to all that is left" : "gives up",
                       time_left(view, *deadline), whose);
}

// A limit as the kernel's file has it: a number of bytes, or "max", which limits nothing.
std::string limit_text(const View& view, std::string_view name, bool is_size) {
    const std::string limit = view.text(name);
    if (limit.empty() || limit == "max") return {};
    const auto number = parse_unsigned(limit);
    return " of " + (number && is_size ? human_size(*number) : limit);
}

std::string usage_line(const View& view) {
    std::vector<std::string> parts;
    if (const auto tasks = find_amount(view.status, "tasks")) {
        parts.push_back(fmt::format("tasks {}{}", *tasks, limit_text(view, "pids_max", false)));
    }
    if (const auto memory = find_amount(view.status, "memory_bytes")) {
        std::string part =
            fmt::format("memory {}{}", human_size(*memory), limit_text(view, "memory_max", true));
        const auto peak = find_amount(view.status, "memory_peak");
        if (peak) part += fmt::format(" (peak {})", human_size(*peak));
        parts.push_back(std::move(part));
    }
    if (const auto cpu = find_integer(view.status, "cpu_usec")) {
        parts.push_back("cpu " + human_duration(microseconds{*cpu}));
    }
    return join(parts, ", ");
}

std::string next_try_line(const View& view) {
    const auto next = find_integer(view.status, "next_try_us");
    if (!next) return {};
    return fmt::format("next try in {} (attempt {})", time_left(view, *next),
                       integer_or(view.status, "attempt"));
}

// "No such file or directory (ENOENT)", from the name of an error.
std::string error_text(std::string_view name) {
    constexpr int last_error = 133;
    for (int code = 1; code <= last_error; ++code) {
        if (errno_name(code) == name) return fmt::format("{} ({})", errno_text(code), name);
    }
    return std::string{name};
}

// "mounts.read_only[0] '/data': open_tree: No such file or directory (ENOENT)", of what is known.
std::string setup_failure_line(const View& view, const Json& failure) {
    std::string line = string_or(failure, "key");
    const std::string object = string_or(failure, "object");
    if (!object.empty()) line += fmt::format(" '{}'", object);
    for (const std::string& part :
         {string_or(failure, "call"), error_text(string_or(failure, "errno"))}) {
        if (!part.empty()) line += (line.empty() ? "" : ": ") + part;
    }
    return shown(view.context, line);
}

// A reason or an end, without what the lines of a failed setup tell in full.
std::string reason_line(const View& view, std::string_view name) {
    constexpr std::string_view setup_failed = "setup-failed";
    const bool has_details = find_object(view.status, "setup_failure") != nullptr;
    const std::string reason = view.text(name);
    return has_details && reason.starts_with(setup_failed) ? std::string{setup_failed} : reason;
}

std::string pids_line(const View& view) {
    const std::int64_t refused = integer_or(view.status, "pids_refused");
    if (refused <= 0) return {};
    return fmt::format("refused {} {}", refused, refused == 1 ? "fork" : "forks");
}

// "serving 3 clients (reloading), ENOENT".
std::string self_report_line(const View& view) {
    std::string line = view.text("status_text");
    const std::string state = view.text("self_state");
    if (!state.empty()) line += line.empty() ? state : fmt::format(" ({})", state);
    const std::string error = view.text("self_errno");
    if (!error.empty()) line += (line.empty() ? "" : ", ") + error;
    return line;
}

void add(Table& table, std::string_view label, std::string value) {
    if (!value.empty()) table.add({std::string{label}, std::move(value)});
}

// Each string of a list on a line of its own under one label.
void add_list(Table& table, const View& view, std::string_view label, std::string_view name) {
    for (const std::string& value :
         find_strings(view.status, name).value_or(std::vector<std::string>{})) {
        add(table, label, shown(view.context, value));
        label = {};
    }
}

std::string enabled_line(const View& view) {
    const std::string state = view.text("enabled");
    if (state == "enabled") return "yes";
    if (state == "disabled") return "no";
    return state == "static" ? "static: it names nobody in wanted_by" : state;
}

void add_leftovers(Table& table, const View& view) {
    const Json* leftovers = find_array(view.status, "leftovers");
    if (leftovers == nullptr) return;
    std::string_view label = "left";
    for (const Json& one : *leftovers) {
        add(table, label, shown(view.context, string_or(one, "text")));
        label = {};
    }
}

void add_failure(Table& table, const View& view) {
    const bool is_up = string_or(view.status, "active") == "active";
    add(table, "reason", reason_line(view, "reason"));
    // How the service ended is often why it is in this state, and then said already.
    if (string_or(view.status, "last_exit") != string_or(view.status, "reason")) {
        add(table, is_up ? "last exit" : "exit", reason_line(view, "last_exit"));
    }
    if (const Json* failure = find_object(view.status, "setup_failure")) {
        add(table, "setup", setup_failure_line(view, *failure));
        // There is nothing to mend any more once a later try has succeeded.
        if (!is_up) add(table, "hint", shown(view.context, string_or(*failure, "hint")));
    }
    if (find_strings(view.status, "limits_met").value_or(std::vector<std::string>{}).empty()) {
        add(table, "pids.max", pids_line(view));
    }
    add_list(table, view, "met", "limits_met");
    add(table, "restart", next_try_line(view));
}

std::vector<std::string> texts(const View& view, std::string_view name) {
    auto list = find_strings(view.status, name).value_or(std::vector<std::string>{});
    for (std::string& text : list)
        text = shown(view.context, text);
    return list;
}

// "(KEY, KEY)", of a list that may be empty.
std::string keys_text(const View& view, std::string_view name) {
    const auto keys = texts(view, name);
    return keys.empty() ? "" : " (" + join(keys, ", ") + ")";
}

// How the files and the run differ from what is loaded, and what helps.
void add_versions(Table& table, const View& view) {
    const std::string on_disk = string_or(view.status, "on_disk");
    if (on_disk == "changed") {
        add(table, "on disk",
            fmt::format("changed{}; svctl daemon-reload takes it",
                        keys_text(view, "disk_changes")));
    }
    if (on_disk == "broken") {
        add(table, "on disk", "does not load; what is loaded stays");
        add_list(table, view, "", "load_problems");
    }
    if (on_disk == "gone") add(table, "on disk", "gone; forgotten when it stops");
    if (!texts(view, "outdated").empty()) {
        add(table, "runs",
            fmt::format("an older unit than is loaded{}; svctl restart {} applies it",
                        keys_text(view, "outdated"), view.text("name")));
    }
}

}  // namespace

std::string status_text(const Context& context, const Json& status, microseconds now) {
    const View view{context, status, now};
    std::string text = view.text("name");
    const std::string description = view.text("description");
    if (!description.empty()) text += " - " + description;
    text += '\n';

    Table table{4};
    add(table, "state", state_line(view));
    add(table, "timeout", deadline_line(view));
    add_leftovers(table, view);
    add_failure(table, view);
    add_list(table, view, "unit", "files");
    add_list(table, view, "drop-in", "overridden");
    add(table, "enabled", enabled_line(view));
    if (bool_or(view.status, "operator")) add(table, "operator", "root in it rules the supervisor");
    add_versions(table, view);
    add(table, "group", view.text("group"));
    add_list(table, view, "members", "members");
    add(table, "cgroup", view.text("cgroup"));
    add(table, "usage", usage_line(view));
    add(table, "says", self_report_line(view));
    add_list(table, view, "not heard", "notify_not_heard");
    add_list(table, view, "above", "limits_above");
    add_list(table, view, "skipped", "skipped");
    add_list(table, view, "drift", "drift");
    add_list(table, view, "warning", "warnings");
    add(table, "hidden", view.text("hidden"));
    add(table, "log", view.text("log_hidden"));
    text += table.text();

    const Json* log = find_array(status, "log");
    if (log != nullptr && !log->empty()) text += "\n" + log_text(context, *log);
    return text;
}

}  // namespace confinit
