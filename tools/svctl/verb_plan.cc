// SPDX-License-Identifier: Apache-2.0
// plan UNIT: what a launch of the unit would do on this machine, step by step.
#include "base/hash.h"
#include "launch/plan/id_maps.h"
#include "launch/plan/missing_here.h"
#include "launch/plan/plan_text.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "svctl/output.h"
#include "svctl/plan_here.h"
#include "svctl/unit_places.h"
#include "svctl/verbs.h"
#include "svctl/watched.h"
#include "unit/loader.h"
#include "unit/optional.h"
#include "unit/reader.h"

#include <fmt/format.h>
#include <memory>
#include <optional>

namespace confinit {
namespace {

struct PlanArguments {
    std::string unit;
    UnitPlaces places;
};

// An optional key that cannot be had here, and why.
struct KeyLeftOut {
    std::string key;
    std::string failure;
};

struct PlanReport {
    std::vector<PlanLine> lines;
    std::vector<KeyLeftOut> left_out;
    std::vector<std::string> warnings;
    std::uint64_t digest = 0;  // of the plan's bytes: equal plans have equal ones
};

Answer<Unit> read_unit(const PlanArguments& arguments) {
    const auto tree = UnitTree::open(arguments.places);
    if (!tree) return refuse(Error{tree.error()});
    const bool is_file = arguments.unit.ends_with(".toml") || arguments.unit.contains('/');
    auto unit = is_file ? load_unit_file(arguments.unit, tree->directories(), kernel_vocabulary())
                        : load_unit(arguments.unit, tree->directories(), kernel_vocabulary());
    if (unit) return std::move(*unit);
    return std::unexpected(
        Refusal{.code = exit_code_of(unit.error()), .message = unit.error().front().text()});
}

bool has_optional(const Unit& unit) {
    return !unit.unit.optional.empty() || !unit.optional_entries.empty();
}

std::vector<std::string> keys_of(const std::vector<KeyLeftOut>& left_out) {
    std::vector<std::string> keys;
    for (const KeyLeftOut& one : left_out)
        keys.push_back(one.key);
    return keys;
}

// The next key that the attempts of a start would leave out.
std::optional<KeyLeftOut> find_next(const Unit& unit, const LaunchContext& context,
                                    const std::vector<KeyLeftOut>& left_out) {
    for (const Error& failure : missing_here(unit, context)) {
        std::string key = key_to_leave_out(unit, failure, keys_of(left_out));
        if (!key.empty()) return KeyLeftOut{std::move(key), failure.text()};
    }
    return std::nullopt;
}

// The unit becomes what the last attempt of a start would launch.
std::vector<KeyLeftOut> leave_out(Unit& unit, const LaunchContext& context) {
    std::vector<KeyLeftOut> left_out;
    if (!has_optional(unit)) return left_out;
    const Unit whole = unit;
    while (auto next = find_next(unit, context, left_out)) {
        left_out.push_back(std::move(*next));
        auto rest = without_keys(whole, keys_of(left_out), kernel_vocabulary());
        if (!rest) break;
        unit = std::move(*rest);
    }
    return left_out;
}

Answer<PlanReport> make_report(Unit unit) {
    Answer<PlanReport> report = refuse({.hint = "the unit has no plan"});
    with_context_here([&](const LaunchContext& context) {
        auto left_out = leave_out(unit, context);
        const auto settled = settle_id_maps(context, unit);
        const auto plan = settled ? make_launch_plan(unit, context)
                                  : Result<LaunchPlan>{std::unexpected(settled.error())};
        if (plan) {
            const auto image = plan->image();
            report = PlanReport{plan_lines(**plan, unit), std::move(left_out), plan->warnings,
                                fnv1a({reinterpret_cast<const char*>(image.data()), image.size()})};
        } else {
            report = std::unexpected(Refusal{.code = ExitCode::refused_by_check,
                                             .message = unit.name + ": " + plan.error().text()});
        }
    });
    return report;
}

std::string key_text(const PlanLine& line) {
    if (line.asker == PlanAsker::launch) return "always";
    return line.key + (line.asker == PlanAsker::fallback ? ", by default" : "");
}

std::string_view asker_text(PlanAsker asker) {
    switch (asker) {
    case PlanAsker::unit:
        return "unit";
    case PlanAsker::fallback:
        return "default";
    case PlanAsker::launch:
        return "launch";
    }
    return "?";
}

std::string text_of(const Context& context, const PlanReport& report) {
    std::string text;
    std::string_view last;
    for (const PlanLine& line : report.lines) {
        text += fmt::format("{:<18} {}  [{}]\n", line.step == last ? "" : line.step,
                            shown(context, line.what), shown(context, key_text(line)));
        last = line.step;
    }
    for (const KeyLeftOut& one : report.left_out) {
        text += fmt::format("{:<18} {}  [{}]\n", "left out", shown(context, one.failure),
                            shown(context, one.key));
    }
    for (const std::string& warning : report.warnings)
        text += "warning: " + shown(context, warning) + "\n";
    return text;
}

Json json_of(const std::string& unit, const PlanReport& report) {
    Json lines = Json::array();
    for (const PlanLine& line : report.lines) {
        lines.push_back({{"step", line.step},
                         {"what", line.what},
                         {"key", line.key},
                         {"asked_by", asker_text(line.asker)}});
    }
    Json left_out = Json::array();
    for (const KeyLeftOut& one : report.left_out)
        left_out.push_back({{"key", one.key}, {"failure", one.failure}});
    return {{"unit", unit},
            {"lines", std::move(lines)},
            {"left_out", std::move(left_out)},
            {"warnings", report.warnings},
            {"digest", fmt::format("{:016x}", report.digest)}};
}

int run_plan(const Context& context, const PlanArguments& arguments) {
    auto unit = read_unit(arguments);
    if (!unit) return report_refusal(context, unit.error());
    const std::string name = unit->name;
    const auto report = make_report(std::move(*unit));
    if (!report) return report_refusal(context, report.error());
    if (context.json) return print_document(context, json_of(name, *report));
    print(text_of(context, *report));
    return 0;
}

}  // namespace

VerbAction declare_plan(Syntax& syntax) {
    auto arguments = std::make_unique<PlanArguments>();
    syntax.add("UNIT", &arguments->unit, "a unit, or a unit FILE.toml", {.is_required = true});
    add_units_option(syntax, arguments->places);
    syntax.footer =
        "Shows every step of a launch with the key that asks for it, in the order in which they "
        "are done, as this machine and this user's rights would have it. \"By default\" stands "
        "where the unit does not say the key, \"always\" where no key changes the step. Needs no "
        "supervisor, and starts nothing. What is another one in each run is not shown: "
        "descriptors, process ids; of the ids that the supervisor chooses for a user namespace the "
        "first is called FIRST. An optional key "
        "that cannot be had here is left out, as by a start, and told at the end. In JSON, equal "
        "plans have an equal digest. The exit status is 6 "
        "where the unit could not start here.";
    return [arguments = std::move(arguments)](const Context& context) {
        return run_watched(context, [&] { return run_plan(context, *arguments); });
    };
}

}  // namespace confinit
