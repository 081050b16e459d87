// SPDX-License-Identifier: Apache-2.0
// Options: what the supervisor was started with, from its arguments and the kernel's command line.
#include "options.h"

#include "base/text.h"
#include "unit/loader.h"

#include <algorithm>
#include <string_view>

namespace confinit {

const char* const help_text =
    "usage: confinit [--unit=UNIT] [--units=DIRECTORY]... [--runtime=DIRECTORY]\n"
    "                [--socket=PATH] [--reaper=FILE] [--verify=DURATION] [--cgroup=DIRECTORY]\n"
    "                [--without-cgroup] [--log-group=GROUP] [--status-group=GROUP]\n"
    "                [--end-timeout=DURATION] [--version] [--help]\n"
    "\n"
    "As PID 1 it is the init of the machine or container; otherwise it supervises as an ordinary\n"
    "process. Limits then need a node of the cgroup tree that is delegated to it and that it is\n"
    "alone in: the one that it was started in (systemd-run --user -p Delegate=yes confinit ...), "
    "or\n"
    "an empty one by --cgroup=DIRECTORY. It moves only itself, and undoes all of it at its end.\n"
    "Without such a node, or with --without-cgroup, units that declare limits are refused. It "
    "ends\n"
    "with 1 where there is no unit to run.\n"
    "\n"
    "On a machine the kernel's command line may hold confinit.unit=UNIT,\n"
    "confinit.verify=DURATION: how often the confinement of what runs is read back (10min; 0s:\n"
    "never), confinit.log_group=GROUP: whose members may read log lines, beside root, and\n"
    "confinit.status_group=GROUP: whose members alone may ask questions through the socket\n"
    "'status' of the runtime directory, in place of everybody. confinit.end_timeout=DURATION is\n"
    "the most that the end of everything takes, from the request to the last step (90s; in a\n"
    "container 8s).\n";

namespace {

struct TextOption {
    std::string_view prefix;
    std::string Options::* member;
};

constexpr TextOption text_options[] = {
    {"--unit=", &Options::target},
    {"--runtime=", &Options::runtime_directory},
    {"--socket=", &Options::socket},
    {"--reaper=", &Options::reaper},
    {"--cgroup=", &Options::cgroup},
    {"--log-group=", &Options::log_group},
    {"--status-group=", &Options::status_group},
};

// The names that kernel_word() is asked for.
constexpr std::string_view kernel_word_names[] = {"unit", "verify", "end_timeout", "status_group",
                                                  "log_group"};

// What is no duration is as good as no word: the supervisor of a machine has to boot.
bool take_interval(Options& options, std::string_view text) {
    const auto interval = parse_duration(text);
    if (interval) options.verify_interval = *interval;
    return interval.has_value();
}

bool take_end_timeout(Options& options, std::string_view text) {
    const auto timeout = parse_duration(text);
    if (timeout) options.end_timeout = *timeout;
    return timeout.has_value();
}

bool take_argument(Options& options, std::string_view argument) {
    for (const auto& [prefix, member] : text_options) {
        if (!argument.starts_with(prefix)) continue;
        options.*member = argument.substr(prefix.size());
        return true;
    }
    constexpr std::string_view units = "--units=";
    if (argument.starts_with(units)) {
        options.unit_directories.emplace_back(argument.substr(units.size()));
        return true;
    }
    constexpr std::string_view verify = "--verify=";
    if (argument.starts_with(verify)) return take_interval(options, argument.substr(verify.size()));
    constexpr std::string_view end = "--end-timeout=";
    if (argument.starts_with(end)) return take_end_timeout(options, argument.substr(end.size()));
    options.without_cgroup = options.without_cgroup || argument == "--without-cgroup";
    options.show_version = options.show_version || argument == "--version";
    options.show_help = options.show_help || argument == "--help";
    return argument == "--version" || argument == "--help" || argument == "--without-cgroup";
}

}  // namespace

std::string kernel_word_fault(std::string_view word) {
    constexpr std::string_view prefix = "confinit.";
    const std::string_view name = word.substr(prefix.size(), word.find('=') - prefix.size());
    const bool is_known = std::ranges::find(kernel_word_names, name) != std::end(kernel_word_names);
    if (is_known && word.contains('=')) return {};
    std::string fault = "kernel word '" + std::string{word} + "' ";
    if (is_known) return fault + "has no value";
    fault += "is unknown";
    const auto nearest = nearest_word(name, kernel_word_names);
    if (nearest) fault += "; did you mean '" + std::string{prefix} + std::string{*nearest} + "='?";
    return fault;
}

Options read_options(Mode mode, int count, char** arguments) {
    Options options;
    for (int i = 1; i < count; ++i) {
        const bool is_ours = mode != Mode::machine && take_argument(options, arguments[i]);
        if (!is_ours) options.ignored.emplace_back(arguments[i]);
    }
    if (mode == Mode::machine) {
        if (const std::string target = kernel_word("unit"); !target.empty())
            options.target = target;
        options.log_group = kernel_word("log_group");
        options.status_group = kernel_word("status_group");
        const std::string interval = kernel_word("verify");
        if (!interval.empty() && !take_interval(options, interval)) {
            options.ignored.push_back("confinit.verify=" + interval);
        }
        const std::string end = kernel_word("end_timeout");
        if (!end.empty() && !take_end_timeout(options, end)) {
            options.ignored.push_back("confinit.end_timeout=" + end);
        }
        for (const std::string& word : kernel_words()) {
            if (auto fault = kernel_word_fault(word); !fault.empty()) {
                options.faults.push_back(std::move(fault));
            }
        }
    }
    if (options.socket.empty()) {
        options.socket = options.runtime_directory + "/control";
    }
    if (options.unit_directories.empty()) {
        options.unit_directories.assign(std::begin(default_unit_path), std::end(default_unit_path));
    }
    return options;
}

}  // namespace confinit
