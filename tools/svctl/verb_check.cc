// SPDX-License-Identifier: Apache-2.0
// check FILE...: reads unit files offline as the supervisor would, and tells all that is wrong.
#include "launch/vocabulary.h"
#include "svctl/output.h"
#include "svctl/verbs.h"
#include "unit/loader.h"

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
};

Findings check(const std::string& file, const Vocabulary& vocabulary) {
    const std::vector<std::string> directories(std::begin(default_unit_path),
                                               std::end(default_unit_path));
    auto unit = load_unit_file(file, directories, vocabulary);
    if (!unit) return {.file = file, .problems = std::move(unit.error())};
    return {.file = file, .warnings = std::move(unit->warnings)};
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
            {"warnings", findings.warnings}};
}

void print_findings(const Context& context, const Findings& findings) {
    for (const Problem& problem : findings.problems)
        print(problem.text() + "\n");
    for (const std::string& warning : findings.warnings) {
        print(shown(context, "warning: " + warning) + "\n");
    }
    if (findings.problems.empty()) print(shown(context, findings.file) + ": ok\n");
}

int run_check(const Context& context, const std::vector<std::string>& files) {
    const Vocabulary vocabulary = kernel_vocabulary();
    Json entries = Json::array();
    ExitCode code = ExitCode::done;
    for (const std::string& file : files) {
        const Findings findings = check(file, vocabulary);
        if (!findings.problems.empty()) code = ExitCode::refused_by_check;
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
    auto files = std::make_unique<std::vector<std::string>>();
    command.add_option("FILE", *files, "unit files")->required();
    command.footer("Needs no supervisor. The exit status is 6 when a file has a problem.");
    return [files = std::move(files)](const Context& context) {
        return run_check(context, *files);
    };
}

}  // namespace confinit
