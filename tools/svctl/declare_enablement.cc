// SPDX-License-Identifier: Apache-2.0
// The verbs enable and disable: the same options, and the same report of files.
#include "svctl/declare_enablement.h"

#include "control/fields.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "svctl/declare.h"
#include "svctl/output.h"
#include "svctl/unit_reports.h"

#include <fmt/format.h>
#include <map>
#include <memory>
#include <unistd.h>

namespace confinit {
namespace {

using Change = Answer<Enablement> (*)(const UnitTree&, const std::string&, const Vocabulary&);

struct Options {
    std::vector<std::string> units;
    UnitPlaces places;
    bool now = false;
};

std::string report_text(const Context& context, const Enablement& done) {
    std::string text;
    for (const std::string& file : done.created)
        text += fmt::format("created {}\n", shown(context, file));
    for (const std::string& file : done.removed)
        text += fmt::format("removed {}\n", shown(context, file));
    return text;
}

// The supervisor's trouble with the files; empty when it has read them and all is well.
std::string reload(const Context& context, const UnitPlaces& places) {
    if (!places.are_defaults()) return "it counts when a supervisor reads these files";
    const auto answer = request(context, Method::daemon_reload);
    if (!answer && answer.error().name.empty()) {
        return "no supervisor answers here; it counts from its start, or `svctl daemon-reload`, on";
    }
    if (!answer) return "`svctl daemon-reload` is needed: " + answer.error().message;
    const auto problems = find_strings(*answer, "problems").value_or(std::vector<std::string>{});
    return problems.empty() ? "" : "after the reload: " + problems.front();
}

// A user without the right to write these files is mostly no operator.
Refusal for_operators(const Context& context, Refusal refusal) {
    if (refusal.code != ExitCode::denied || geteuid() == 0) return refusal;
    refusal.message = fmt::format(
        "{} changes files of the unit directories: run it as root (user "
        "0): {}",
        context.verb, refusal.message);
    return refusal;
}

Answer<UnitReport> finish(const Context& context, const Options& options, Method job,
                          const std::string& unit, const Answer<Enablement>& done,
                          const std::string& reloaded) {
    if (!done) return std::unexpected(for_operators(context, done.error()));
    Enablement whole = *done;
    if (!reloaded.empty()) whole.notes.push_back(reloaded);
    UnitReport report{
        .json = {{"created", whole.created}, {"removed", whole.removed}, {"notes", whole.notes}},
        .text = report_text(context, whole)};
    if (!options.now) return report;
    if (auto answer = request(context, job, {{"unit", unit}}); !answer) {
        report.refusal = std::move(answer.error());
    }
    return report;
}

int run_change(const Context& context, const Options& options, Change change, Method job) {
    auto tree = UnitTree::open(options.places);
    if (!tree) return report_refusal(context, refuse(std::move(tree.error())).error());
    const Vocabulary vocabulary = kernel_vocabulary();
    std::map<std::string, Answer<Enablement>> results;
    bool has_changed = false;
    for (const std::string& unit : options.units) {
        const auto& done = results.emplace(unit, change(*tree, unit, vocabulary)).first->second;
        has_changed = has_changed || (done && !(done->created.empty() && done->removed.empty()));
    }
    const std::string reloaded = has_changed ? reload(context, options.places) : "";
    return report_units(context, options.units, [&](const std::string& unit) {
        return finish(context, options, job, unit, results.at(unit), reloaded);
    });
}

}  // namespace

VerbAction declare_enablement(Syntax& syntax, Change change, Method job) {
    auto options = std::make_unique<Options>();
    add_units(syntax, options->units);
    add_units_option(syntax, options->places);
    add_root_option(syntax, options->places);
    syntax.add("--now", &options->now,
               job == Method::start ? "start the units too" : "stop the units too");
    syntax.footer =
        "A unit says in `wanted_by` and `required_by` of [unit] who wants it. For each of these "
        "TARGET.toml.d/50-UNIT.toml is written into, or taken from, the first unit directory that "
        "outlives a boot. Needs no supervisor; one that runs here reads its files again.";
    return [options = std::move(options), change, job](const Context& context) {
        return run_change(context, *options, change, job);
    };
}

}  // namespace confinit
