// SPDX-License-Identifier: Apache-2.0
// Options: what the supervisor was started with, from its arguments and the kernel's command line.
#include "supervisor/machine/options.h"

#include "base/text.h"
#include "unit/forms.h"
#include "unit/loader.h"
#include "unit/log_forms.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace confinit {

const char* const help_text =
    "usage: confinit [--unit=UNIT] [--units=DIRECTORY]... [--runtime=DIRECTORY]\n"
    "                [--socket=PATH] [--reaper=FILE] [--launcher=FILE] [--verify=DURATION]\n"
    "                [--cgroup=DIRECTORY] [--without-cgroup] [--log-group=GROUP] "
    "[--status-group=GROUP]\n"
    "                [--end-timeout=DURATION] [--log=FORM] [--version] [--help]\n"
    "       confinit [OPTION]... -- COMMAND [ARGUMENT]...\n"
    "\n"
    "As PID 1 it is the init of the machine or container; otherwise it supervises as an ordinary\n"
    "process. Limits then need a node of the cgroup tree that is delegated to it and that it is\n"
    "alone in: the one that it was started in (systemd-run --user -p Delegate=yes confinit ...), "
    "or\n"
    "an empty one by --cgroup=DIRECTORY. It moves only itself, and undoes all of it at its end.\n"
    "Without such a node, or with --without-cgroup, units that declare limits are refused. It "
    "ends\n"
    "with 1 where there is no unit to run, or an option is unknown or has a bad value.\n"
    "\n"
    "On a machine the kernel's command line may hold confinit.unit=UNIT,\n"
    "confinit.verify=DURATION: how often the confinement of what runs is read back (10min; 0s:\n"
    "never), confinit.log_group=GROUP: whose members may read log lines, beside root, and\n"
    "confinit.status_group=GROUP: whose members alone may ask questions through the socket\n"
    "'status' of the runtime directory, in place of everybody. confinit.end_timeout=DURATION is\n"
    "the most that the end of everything takes, from the request to the last step (90s; in a\n"
    "container 8s). confinit.log=FORM is that of the units' lines on the supervisor's own output:\n"
    "none, plain, json or raw (none; by --log in a container and as an ordinary process plain).\n"
    "confinit.end=ACT is what ends the machine where no verb says it: power-off, reboot or halt\n"
    "(power-off). The last line on its console, CONFINIT-EXIT, tells the exit status; it goes to\n"
    "confinit.exit_file=FILE, such as a port of virtio-console, as well, and the status to QEMU's\n"
    "isa-debug-exit by confinit.debug_exit=PORT.\n"
    "confinit.root=DEVICE, LABEL=NAME or UUID=NUMBER: the disk that an initramfs\n"
    "gives way to, read-only, with confinit.rootfstype=, confinit.rootflags=rw,... and\n"
    "confinit.overlay=1: changes to it go to memory.\n"
    "\n"
    "Behind '--' stands one command in place of units, found in PATH, with the environment, the\n"
    "directory, the streams and the terminal of confinit itself. It is sent the signals that\n"
    "confinit gets; SIGTERM ends it, and SIGKILL when the time is over. Its exit status is passed\n"
    "on, as is that of a service that --unit names or that says service.essential = true: 128 + N\n"
    "after signal N, 127 where there is no such program, 126 where it cannot be executed, 125 for\n"
    "a launch that failed otherwise, 124 after a start timeout. An end by request passes on the\n"
    "status of the first unit that has failed of those that boot started.\n"
    "\n"
    "SIGTERM, SIGPWR and SIGRTMIN+4 end everything, and so does SIGINT, which on a machine (where\n"
    "Ctrl-Alt-Del sends it) and SIGRTMIN+5 mean a reboot; SIGRTMIN+3 a halt. Each further one\n"
    "shortens the time. SIGHUP has the unit files read again.\n";

namespace {

constexpr std::string_view kernel_prefix = "confinit.";

struct KnownOption {
    std::string_view name;
    bool (*take)(Options& options, std::string_view value);  // false: no good value
    std::string_view wanted;                                 // empty for one without a value
    bool is_kernel_word;
    bool is_argument = true;
};

// An empty value is most often a variable of a script that is not set. It must not mean the
// default, which for the status socket is everybody.
bool take_text_into(std::string& text, std::string_view value) {
    if (!value.empty()) text = value;
    return !value.empty();
}

template <auto member>
bool take_text(Options& options, std::string_view value) {
    return take_text_into(options.*member, value);
}

template <auto member>
bool take_duration(Options& options, std::string_view value) {
    const auto duration = parse_duration(value);
    if (duration) options.*member = *duration;
    return duration.has_value();
}

template <auto member>
bool take_flag(Options& options, std::string_view) {
    return options.*member = true;
}

template <auto member>
bool take_root(Options& options, std::string_view value) {
    return take_text_into(options.root.*member, value);
}

bool take_overlay(Options& options, std::string_view value) {
    options.root.overlay = value == "1";
    return value == "0" || value == "1";
}

bool take_directory(Options& options, std::string_view value) {
    if (!value.empty()) options.unit_directories.emplace_back(value);
    return !value.empty();
}

bool take_socket(Options& options, std::string_view value) {
    options.socket = value;
    return value.starts_with('/');
}

bool take_log(Options& options, std::string_view value) {
    options.log = log_form_names.value(value);
    return options.log.has_value();
}

bool take_act(Options& options, std::string_view value) {
    const auto act = act_of(value);
    if (act && *act != FinalAct::exit) options.end_act = *act;
    return act && *act != FinalAct::exit;
}

bool take_exit_file(Options& options, std::string_view value) {
    options.exit_file = value;
    return value.starts_with("/dev/");
}

bool take_debug_exit(Options& options, std::string_view value) {
    if (value.starts_with("0x")) value.remove_prefix(2);
    unsigned port = 0;
    const auto [end, error] = std::from_chars(value.begin(), value.end(), port, 16);
    const bool is_port = error == std::errc{} && end == value.end() && port != 0 && port <= 0xffff;
    if (is_port) options.debug_exit = port;
    return is_port;
}

constexpr KnownOption known_options[] = {
    {"unit", take_text<&Options::target>, "a unit's name", true},
    {"units", take_directory, "a directory", false},
    {"runtime", take_text<&Options::runtime_directory>, "a directory", false},
    {"socket", take_socket, "an absolute path", false},
    {"reaper", take_text<&Options::reaper>, "a file", false},
    {"launcher", take_text<&Options::launcher>, "a file", false},
    {"verify", take_duration<&Options::verify_interval>, duration_form, true},
    {"cgroup", take_text<&Options::cgroup>, "a directory", false},
    {"without-cgroup", take_flag<&Options::without_cgroup>, "", false},
    {"log-group", take_text<&Options::log_group>, "a group's name or number", true},
    {"status-group", take_text<&Options::status_group>, "a group's name or number", true},
    {"end-timeout", take_duration<&Options::end_timeout>, duration_form, true},
    {"log", take_log, "one of none, plain, json, raw", true},
    {"end", take_act, "one of power-off, reboot, halt", true, false},
    {"exit-file", take_exit_file, "a path below /dev", true, false},
    {"debug-exit", take_debug_exit, "a port such as 0xf4", true, false},
    {"root", take_root<&RootOptions::device>, "a device, LABEL=NAME or UUID=NUMBER", true, false},
    {"rootfstype", take_root<&RootOptions::type>, "the name of a file system", true, false},
    {"rootflags", take_root<&RootOptions::flags>, "mount options", true, false},
    {"overlay", take_overlay, "0 or 1", true, false},
    {"version", take_flag<&Options::show_version>, "", false},
    {"help", take_flag<&Options::show_help>, "", false},
};

// "status_group" for "status-group".
std::string kernel_name(std::string_view name) {
    std::string text{name};
    for (char& letter : text)
        if (letter == '-') letter = '_';
    return text;
}

const KnownOption* find_option(std::string_view name) {
    for (const KnownOption& known : known_options)
        if (known.name == name && known.is_argument) return &known;
    return nullptr;
}

const KnownOption* find_kernel_option(std::string_view name) {
    for (const KnownOption& known : known_options)
        if (known.is_kernel_word && kernel_name(known.name) == name) return &known;
    return nullptr;
}

// An argument or a word of the kernel's command line: NAME, or NAME=VALUE.
struct Parts {
    std::string_view name;
    std::string_view value;  // with its '='
};

Parts parts_of(std::string_view word) {
    const std::size_t end = std::min(word.find('='), word.size());
    return {.name = word.substr(0, end), .value = word.substr(end)};
}

// "; did you mean 'confinit.verify=0s'?".
std::string nearest_kernel_word(const Parts& parts) {
    std::vector<std::string> names;
    for (const KnownOption& known : known_options)
        if (known.is_kernel_word) names.push_back(kernel_name(known.name));
    const std::vector<std::string_view> words(names.begin(), names.end());
    const auto nearest = nearest_word(kernel_name(parts.name), words);
    if (!nearest) return {};
    return fmt::format("; did you mean '{}{}{}'?", kernel_prefix, *nearest,
                       parts.value.empty() ? "=" : parts.value);
}

std::string nearest_option(const Parts& parts) {
    std::vector<std::string_view> names;
    for (const KnownOption& known : known_options)
        if (known.is_argument) names.push_back(known.name);
    const auto nearest = nearest_word(parts.name, names);
    if (!nearest) return "; confinit --help tells the options";
    const bool has_value = !find_option(*nearest)->wanted.empty();
    const std::string_view value = parts.value.empty() ? "=" : parts.value;
    return fmt::format("; did you mean '--{}{}'?", *nearest, has_value ? value : "");
}

std::string_view without_dashes(std::string_view argument) {
    return argument.substr(std::min(argument.find_first_not_of('-'), argument.size()));
}

// The fault of an argument, empty for a good one, which is taken. `next` is the argument after it.
std::string take_argument(Options& options, std::string_view argument, std::string_view next) {
    const Parts parts = parts_of(without_dashes(argument));
    const KnownOption* known = argument.starts_with("--") ? find_option(parts.name) : nullptr;
    if (known == nullptr || argument[2] == '-')
        return fmt::format("argument '{}' is unknown{}", argument, nearest_option(parts));
    if (known->wanted.empty()) {
        if (!parts.value.empty()) return fmt::format("option '--{}' takes no value", known->name);
    } else if (parts.value.empty()) {
        return fmt::format("option '{}' has no value; did you mean '{}={}'?", argument, argument,
                           next);
    }
    if (known->take(options, parts.value.substr(std::min<std::size_t>(1, parts.value.size()))))
        return {};
    return fmt::format("option '{}' has a bad value; {} is wanted", argument, known->wanted);
}

void take_command(Options& options, std::vector<std::string> words) {
    options.command = std::move(words);
    if (options.command.empty()) options.faults.emplace_back("there is no command behind '--'");
    if (options.target != Options{}.target)
        options.faults.emplace_back("'--unit' and a command behind '--' exclude one another");
}

void read_arguments(Options& options, int count, char** arguments) {
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--") return take_command(options, {arguments + i + 1, arguments + count});
        std::string_view next = i + 1 < count ? arguments[i + 1] : "";
        if (next.starts_with("-")) next = {};
        std::string fault = take_argument(options, argument, next);
        if (fault.empty()) continue;
        options.faults.push_back(std::move(fault));
        // The value of "--unit web" has been told of with its option.
        const KnownOption* known = find_option(without_dashes(argument));
        const bool is_value = known != nullptr && !known->wanted.empty() && !next.empty();
        if (is_value && argument.starts_with("--")) ++i;
    }
}

// Words that follow "--" on the kernel's command line, and those of a virtual machine monitor.
void note_arguments(Options& options, int count, char** arguments) {
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        const Parts parts = parts_of(without_dashes(argument));
        const KnownOption* known = find_option(parts.name);
        // For some options there is no word that could be meant.
        const bool may_be_word =
            argument.starts_with("--") && (known == nullptr || known->is_kernel_word);
        const std::string nearest = may_be_word ? nearest_kernel_word(parts) : "";
        (nearest.empty() ? options.ignored : options.faults)
            .push_back(fmt::format("argument '{}' is ignored: the init of a machine reads words "
                                   "'{}NAME=' of the kernel's command line{}",
                                   argument, kernel_prefix, nearest));
    }
}

void read_kernel_words(Options& options) {
    for (const KnownOption& known : known_options) {
        if (!known.is_kernel_word) continue;
        // A bad value is among the faults below.
        (void)known.take(options, kernel_word(kernel_name(known.name)));
    }
    for (const std::string& word : kernel_words()) {
        if (auto fault = kernel_word_fault(word); !fault.empty())
            options.faults.push_back(std::move(fault));
    }
}

}  // namespace

std::string kernel_word_fault(std::string_view word) {
    const Parts parts = parts_of(word.substr(kernel_prefix.size()));
    const std::string text = fmt::format("kernel word '{}' ", word);
    const KnownOption* known = find_kernel_option(parts.name);
    if (known == nullptr) return text + "is unknown" + nearest_kernel_word(parts);
    if (parts.value.empty()) return text + "has no value";
    Options options;
    if (known->take(options, parts.value.substr(1))) return {};
    return text + fmt::format("has a bad value; {} is wanted", known->wanted);
}

LogForm log_form(const Options& options, Mode mode) {
    return options.log.value_or(mode == Mode::machine ? LogForm::none : LogForm::plain);
}

std::string usual_runtime_directory() {
    return "/run/confinit";
}

Options read_options(Mode mode, int count, char** arguments, std::string (*runtime_directory)()) {
    Options options;
    if (mode == Mode::machine) {
        note_arguments(options, count, arguments);
        read_kernel_words(options);
    } else {
        read_arguments(options, count, arguments);
    }
    if (options.runtime_directory.empty()) options.runtime_directory = runtime_directory();
    if (options.socket.empty()) {
        options.socket = options.runtime_directory + "/control";
    }
    if (options.unit_directories.empty()) {
        options.unit_directories = default_unit_path();
    }
    return options;
}

}  // namespace confinit
