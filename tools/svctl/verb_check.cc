// SPDX-License-Identifier: Apache-2.0
// check FILE...: reads unit files offline as the supervisor would, and tells all that is wrong, of
// each and of all together; with --here also what this machine lacks for them.
#include "base/file.h"
#include "launch/plan/missing_here.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "svctl/check_together.h"
#include "svctl/output.h"
#include "svctl/plan_here.h"
#include "svctl/unit_places.h"
#include "svctl/verbs.h"
#include "svctl/watched.h"
#include "unit/keys.h"
#include "unit/loader.h"
#include "unit/optional.h"
#include "unit/unit_files.h"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

// The findings in one file, or in a directory beside its unit files.
struct Findings {
    std::string file;
    std::vector<Problem> problems;
    std::vector<std::string> warnings;
    std::vector<std::string> missing;  // on this machine
    std::optional<Unit> unit;

    bool are_bad() const { return !problems.empty() || !missing.empty(); }
    ExitCode code() const {
        if (!problems.empty()) return exit_code_of(problems);
        return missing.empty() ? ExitCode::done : ExitCode::refused_by_check;
    }
};

struct CheckArguments {
    std::vector<std::string> files;
    UnitPlaces places;
    bool here = false;
};

// The things that a supervisor on this machine, with our rights, could not give to the unit.
std::vector<std::string> find_missing(const Unit& unit) {
    std::vector<Error> missing;
    with_context_here([&](const LaunchContext& context) { missing = missing_here(unit, context); });
    std::vector<std::string> texts;
    for (const Error& failure : missing) {
        if (key_to_leave_out(unit, failure, {}).empty()) texts.push_back(failure.text());
    }
    return texts;
}

constexpr const char* standard_input = "standard input";

std::unexpected<std::vector<Problem>> at_fault(const std::string& file, const Error& error) {
    return std::unexpected(std::vector{
        Problem{.location = {.file = file}, .message = error.text(), .error = error.error}});
}

Checked<Unit> read_standard_input(const Vocabulary& vocabulary) {
    const Fd input{dup(STDIN_FILENO)};
    const auto text = read_all(input, standard_input, unit_file_limit);
    if (!text) return at_fault(standard_input, text.error());
    return parse_unit("stdin", standard_input, *text, vocabulary);
}

// Reads unit files one after the other, and then looks at them together.
class Check {
public:
    Check(const UnitTree& tree, bool here) : directories_(tree.directories()), here_(here) {}

    // "-" is standard input; a name is looked up in the unit directories, that of a template too; a
    // path, or "heat.toml", is a file, and what is a directory there has many.
    void add(const std::string& file) {
        struct stat status{};
        const bool is_name = is_valid_unit_name(file) && !file.ends_with(".toml");
        if (file == "-") return take(standard_input, read_standard_input(vocabulary_));
        const bool is_directory = stat(file.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
        if (is_directory && !file.ends_with(".toml") && (!is_name || !is_installed(file))) {
            return add_directory(file);
        }
        if (!is_name) return add_file(file);
        const bool is_file = stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode);
        if (is_file && file.contains('.') && !is_installed(file)) return add_file(file);
        const std::string name = file.ends_with('@') ? file + "instance" : file;
        take(file, load_unit(name, directories_, vocabulary_));
        std::ranges::move(foreign_files_of(name, directories_),
                          std::back_inserter(all_.back().warnings));
    }

    std::vector<Findings> finish() {
        std::vector<Unit> units;
        std::vector<Findings*> owners;
        for (Findings& findings : all_) {
            if (!findings.unit) continue;
            units.push_back(*std::move(findings.unit));
            owners.push_back(&findings);
        }
        auto together = check_together(units, directories_, vocabulary_);
        for (std::size_t i = 0; i < owners.size(); ++i) {
            std::ranges::move(together[i].problems, std::back_inserter(owners[i]->problems));
            std::ranges::move(together[i].warnings, std::back_inserter(owners[i]->warnings));
        }
        return std::move(all_);
    }

private:
    bool is_installed(const std::string& name) const {
        const auto names = list_unit_names(directories_);
        return std::ranges::find(names, name) != names.end();
    }

    // With the files that lie beside it in vain.
    void add_file(const std::string& path) {
        take(path, load_unit_file(path, directories_, vocabulary_));
        const std::filesystem::path file{path};
        const std::string folders[] = {file.has_parent_path() ? file.parent_path().string() : "."};
        if (!is_valid_unit_name(file.stem().string())) return;
        std::ranges::move(foreign_files_of(file.stem().string(), folders),
                          std::back_inserter(all_.back().warnings));
    }

    void take(const std::string& file, Checked<Unit> unit) {
        Findings findings{.file = file};
        if (!unit) {
            findings.problems = std::move(unit.error());
        } else {
            findings.warnings = std::move(unit->warnings);
            if (here_) findings.missing = find_missing(*unit);
            findings.unit = std::move(*unit);
        }
        all_.push_back(std::move(findings));
    }

    void add_directory(const std::string& path) {
        const std::string folders[] = {path};
        Findings beside{.file = path, .warnings = foreign_files(folders, directories_)};
        const auto names = list_directory(AT_FDCWD, path);
        if (!names) {
            beside.problems = at_fault(path, names.error()).error();
        } else {
            for (const std::string& name : *names) {
                if (!name.ends_with(".toml") || name.starts_with('.')) continue;
                const std::string file = path + (path.ends_with('/') ? "" : "/") + name;
                take(file, load_unit_file(file, directories_, vocabulary_));
            }
        }
        if (beside.are_bad() || !beside.warnings.empty()) all_.push_back(std::move(beside));
    }

    Vocabulary vocabulary_ = kernel_vocabulary();
    std::vector<std::string> directories_;
    bool here_;
    std::vector<Findings> all_;
};

// A unit that is nowhere has no place in a file to name.
std::string text_of(const Problem& problem) {
    return problem.key == not_found_key ? problem.message : problem.text();
}

Json problem_json(const Problem& problem) {
    return {{"file", problem.location.file},     {"line", problem.location.line},
            {"column", problem.location.column}, {"key", problem.key},
            {"message", problem.message},        {"nearest", problem.nearest},
            {"text", text_of(problem)}};
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
        print(text_of(problem) + "\n");
    for (const std::string& warning : findings.warnings) {
        print(shown(context, "warning: " + warning) + "\n");
    }
    for (const std::string& missing : findings.missing) {
        print(shown(context, findings.file + ": cannot run here: " + missing) + "\n");
    }
    if (!findings.are_bad()) print(shown(context, findings.file) + ": ok\n");
}

int run_check(const Context& context, const CheckArguments& arguments) {
    const auto tree = UnitTree::open(arguments.places);
    if (!tree) return report_refusal(context, refuse(Error{tree.error()}).error());
    Check check{*tree, arguments.here};
    for (const std::string& file : arguments.files)
        check.add(file);
    Json entries = Json::array();
    ExitCode code = ExitCode::done;
    for (const Findings& findings : check.finish()) {
        if (code == ExitCode::done) code = findings.code();
        if (context.json)
            entries.push_back(findings_json(findings));
        else
            print_findings(context, findings);
    }
    if (context.json) return print_document(context, {{"files", std::move(entries)}}, code);
    return std::to_underlying(code);
}

}  // namespace

VerbAction declare_check(Syntax& syntax) {
    auto arguments = std::make_unique<CheckArguments>();
    syntax.add("FILE", &arguments->files,
               "unit files, directories of them, \"-\" for standard input, or names of units",
               {.is_required = true});
    add_units_option(syntax, arguments->places);
    syntax.add("--here", &arguments->here, "also whether it could run on this machine");
    syntax.footer =
        "Needs no supervisor. The files are also checked together, and with those of the unit "
        "directories: for units that are not there, and for cycles of order. The exit status is 6 "
        "when a file has a problem, and with --here when this machine lacks what it needs, "
        "or a file system does not answer; 5 when "
        "a file may not be read, 4 when there is no unit of a name, and 1 when a file is not "
        "there. A warning, such as of a file that is not read, changes nothing of it.";
    return [arguments = std::move(arguments)](const Context& context) {
        const auto run = [&] {
            return run_check(context, *arguments);
        };
        return arguments->here ? run_watched(context, run) : run();
    };
}

}  // namespace confinit
