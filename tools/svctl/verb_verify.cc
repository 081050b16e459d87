// SPDX-License-Identifier: Apache-2.0
// verify UNIT...: compares a running unit's confinement in the kernel with the unit, item by item.
#include "base/text.h"
#include "control/fields.h"
#include "svctl/declare.h"
#include "svctl/human.h"
#include "svctl/output.h"
#include "svctl/unit_reports.h"

#include <fmt/format.h>
#include <memory>

namespace confinit {
namespace {

struct Counts {
    std::size_t all = 0;
    std::size_t differing = 0;
    std::size_t narrower = 0;
    std::size_t unseen = 0;
    std::size_t left_out = 0;
};

std::string in_force_text(const Counts& counts) {
    if (counts.left_out == 0) return fmt::format("{} items, all in force", counts.all);
    return fmt::format("{} in force, {} left out", counts.all - counts.left_out, counts.left_out);
}

std::string summary_line(const std::string& unit, const Counts& counts) {
    std::string rest;
    if (counts.narrower != 0) {
        rest += fmt::format(", {} narrower by the program's own doing", counts.narrower);
    }
    if (counts.unseen != 0) {
        rest += fmt::format(", but {} that the kernel shows to the process alone", counts.unseen);
    }
    if (counts.differing == 0) {
        return fmt::format("{}: {}{}\n", unit, in_force_text(counts), rest);
    }
    if (counts.left_out != 0) rest = fmt::format(", {} left out", counts.left_out) + rest;
    return fmt::format("{}: {} of {} items {} from the unit{}\n", unit, counts.differing,
                       counts.all, counts.differing == 1 ? "differs" : "differ", rest);
}

// The items are compared with the unit that the run began with; this tells of a newer one.
std::string outdated_line(const Context& context, const std::string& unit,
                          const std::vector<std::string>& keys) {
    if (keys.empty()) return {};
    return shown(context, fmt::format("{}: runs an older unit than is loaded ({}); svctl restart "
                                      "{} applies it",
                                      unit, join(keys, ", "), unit)) +
           "\n";
}

constexpr std::string_view left_out = "left out";

// An item without a word that we know differs.
std::string_view verdict(const Json& item) {
    const std::string result = string_or(item, "result");
    for (const std::string_view known : {"same", "narrower", "unseen"}) {
        if (result == known) return known;
    }
    if (result == "left_out") return left_out;
    return "DIFFERS";
}

// The verdict stands in front of the line already.
std::string in_force(const Json& item) {
    constexpr std::string_view repeated = "left out: ";
    const std::string text = string_or(item, "in_force");
    const bool repeats = verdict(item) == left_out && text.starts_with(repeated);
    return repeats ? text.substr(repeated.size()) : text;
}

Answer<UnitReport> ask_items(const Context& context, const std::string& unit) {
    const Json answer = TRY(request(context, Method::verify, {{"unit", unit}}));
    const Json* items = find_array(answer, "items");
    if (items == nullptr) return refuse({.hint = "reply without items"});

    Table table{4};
    Counts counts{.all = items->size()};
    for (const Json& item : *items) {
        const std::string_view result = verdict(item);
        if (result == "DIFFERS") ++counts.differing;
        if (result == "narrower") ++counts.narrower;
        if (result == "unseen") ++counts.unseen;
        if (result == left_out) ++counts.left_out;
        table.add({std::string{result}, shown(context, string_or(item, "key")),
                   shown(context, string_or(item, "declared")), shown(context, in_force(item))});
    }
    // The supervisor's own verdict counts too, should it know more than its items tell.
    const bool is_same = counts.differing == 0 && bool_or(answer, "same");
    const auto outdated = find_strings(answer, "outdated").value_or(std::vector<std::string>{});
    const bool is_current = is_same && outdated.empty();
    UnitReport report{.json = {{"same", is_same}, {"items", *items}, {"outdated", outdated}},
                      .text = table.text() + summary_line(shown(context, unit), counts) +
                              outdated_line(context, unit, outdated),
                      .code = is_current ? ExitCode::done : ExitCode::not_running_or_differs};
    if (const auto hidden = find_string(answer, "hidden")) {
        report.json["hidden"] = *hidden;
        report.text += shown(context, fmt::format("{}: {}", unit, *hidden)) + "\n";
    }
    return report;
}

// The units that have a main process now, or that are an active group.
Answer<std::vector<std::string>> running_units(const Context& context) {
    const Json answer = TRY(request(context, Method::list));
    std::vector<std::string> names;
    const Json* units = find_array(answer, "units");
    if (units == nullptr) return refuse({.hint = "reply without units"});
    for (const Json& unit : *units) {
        const bool is_active_group =
            string_or(unit, "kind") == "group" && string_or(unit, "active") == "active";
        if (integer_or(unit, "pid") > 0 || is_active_group) {
            names.push_back(string_or(unit, "name"));
        }
    }
    return names;
}

struct VerifyArguments {
    std::vector<std::string> units;
    bool all = false;
    bool quiet = false;
};

// The differences in a unit's whole report, a line each after the unit's name.
std::string differences_of(const std::string& unit, const UnitReport& report) {
    std::string differences;
    if (report.code == ExitCode::done) return differences;
    for (const std::string_view line : split(report.text, '\n')) {
        if (trim(line).starts_with("DIFFERS")) {
            differences += fmt::format("{}: {}\n", unit, trim(line));
        }
    }
    // Nothing of it differs, but a newer unit is loaded.
    const auto outdated = find_strings(report.json, "outdated");
    if (differences.empty() && outdated && !outdated->empty()) {
        return fmt::format("{}: runs an older unit than is loaded ({})\n", unit,
                           join(*outdated, ", "));
    }
    return differences.empty() ? report.text : differences;
}

int run_verify(const Context& context, const VerifyArguments& arguments) {
    std::vector<std::string> units = arguments.units;
    if (units.empty() && !arguments.all) {
        return report_refusal(context, {.name = "usage", .message = "name units, or give --all"});
    }
    if (arguments.all) {
        auto running = running_units(context);
        if (!running) return report_refusal(context, running.error());
        units = std::move(*running);
    }
    return report_units(context, units, [&](const std::string& unit) {
        auto report = ask_items(context, unit);
        if (report && arguments.quiet) {
            report->text = differences_of(shown(context, unit), *report);
        }
        return report;
    });
}

}  // namespace

VerbAction declare_verify(Syntax& syntax) {
    auto arguments = std::make_unique<VerifyArguments>();
    add_units(syntax, arguments->units).is_required = false;
    syntax.add("--all", &arguments->all, "every unit that runs", {.excludes = "UNIT"});
    syntax.add("-q,--quiet", &arguments->quiet, "print differences alone");
    syntax.footer =
        "Each line: same, narrower (the program has confined itself further), DIFFERS, unseen\n"
        "(the kernel shows it to the process alone) or left out (the unit can do without), then\n"
        "the key, what the unit declares, and what is in force, or why it is left out.";
    return [arguments = std::move(arguments)](const Context& context) {
        return run_verify(context, *arguments);
    };
}

}  // namespace confinit
