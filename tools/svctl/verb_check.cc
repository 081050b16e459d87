// SPDX-License-Identifier: Apache-2.0
// check FILE...: reads unit files offline as the supervisor would, and tells all that is wrong;
// with --here also what this machine lacks for them.
#include "kernel/capability_set.h"
#include "kernel/probe.h"
#include "launch/here.h"
#include "launch/spawn.h"
#include "launch/vocabulary.h"
#include "svctl/output.h"
#include "svctl/verbs.h"
#include "unit/keys.h"
#include "unit/loader.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <utility>

namespace confinit {
namespace {

// What the check found in one file.
struct Findings {
    std::string file;
    std::vector<Problem> problems;
    std::vector<std::string> warnings;
    std::vector<std::string> missing;  // on this machine

    bool are_bad() const { return !problems.empty() || !missing.empty(); }
};

struct Arguments {
    std::vector<std::string> files;
    bool here = false;
};

// What a supervisor on this machine would have to give, if it ran with our rights.
std::vector<std::string> find_missing(const Unit& unit) {
    const auto reaper = load_reaper(CONFINIT_HELPER_DIRECTORY "/confinit-reaper");
    const Fd none;
    const LaunchContext context{.reaper_program = reaper ? *reaper : none,
                                .inaccessible_file = "/run/confinit/inaccessible",
                                .capabilities = own_bounding_set(),
                                .memory_total = memory_total(),
                                .separate_ids = [](const std::string&) {
                                    return 524'288U;
                                }};
    std::vector<std::string> texts;
    for (const LaunchFailure& failure : missing_here(unit, context)) {
        const bool is_optional = std::ranges::any_of(
            unit.unit.optional, [&](const auto& key) { return is_key_within(failure.key, key); });
        if (!is_optional) texts.push_back(failure.text());
    }
    return texts;
}

// A name is looked up in the unit directories; a path or "heat.toml" is a file.
Findings check(const std::string& file, bool here, const Vocabulary& vocabulary) {
    const std::vector<std::string> directories(std::begin(default_unit_path),
                                               std::end(default_unit_path));
    const bool is_name = is_valid_unit_name(file) && !file.ends_with(".toml");
    auto unit = is_name ? load_unit(file, directories, vocabulary)
                        : load_unit_file(file, directories, vocabulary);
    if (!unit) return {.file = file, .problems = std::move(unit.error())};
    Findings findings{.file = file, .warnings = std::move(unit->warnings)};
    if (here) findings.missing = find_missing(*unit);
    return findings;
}

Json problem_json(const Problem& problem) {
    return {{"file", problem.location.file},
            {"line", problem.location.line},
            {"column", problem.location.column},
            {"key", problem.key},
            {"message", problem.message},
            {"nearest", problem.nearest},
            {"text", problem.text()}};
}

Json findings_json(const Findings& findings) {
    Json problems = Json::array();
    for (const Problem& problem : findings.problems)
        problems.push_back(problem_json(problem));
    return {{"file", findings.file},
            {"problems", std::move(problems)},
            {"warnings", findings.warnings},
            {"missing", findings.missing}};
}

void print_findings(const Context& context, const Findings& findings) {
    for (const Problem& problem : findings.problems)
        print(problem.text() + "\n");
    for (const std::string& warning : findings.warnings) {
        print(shown(context, "warning: " + warning) + "\n");
    }
    for (const std::string& missing : findings.missing) {
        print(shown(context, findings.file + ": cannot run here: " + missing) + "\n");
    }
    if (!findings.are_bad()) print(shown(context, findings.file) + ": ok\n");
}

int run_check(const Context& context, const Arguments& arguments) {
    const Vocabulary vocabulary = kernel_vocabulary();
    Json entries = Json::array();
    ExitCode code = ExitCode::done;
    for (const std::string& file : arguments.files) {
        const Findings findings = check(file, arguments.here, vocabulary);
        if (findings.are_bad()) code = ExitCode::refused_by_check;
        if (context.json)
            entries.push_back(findings_json(findings));
        else
            print_findings(context, findings);
    }
    if (context.json) return print_document(context, {{"files", std::move(entries)}}, code);
    return std::to_underlying(code);
}

}  // namespace

VerbAction declare_check(CLI::App& command) {
    auto arguments = std::make_unique<Arguments>();
    command.add_option("FILE", arguments->files, "unit files, or names of units")->required();
    command.add_flag("--here", arguments->here, "also whether it could run on this machine");
    command.footer(
        "Needs no supervisor. The exit status is 6 when a file has a problem, and with --here when "
        "this machine lacks what it needs.");
    return [arguments = std::move(arguments)](const Context& context) {
        return run_check(context, *arguments);
    };
}

}  // namespace confinit
