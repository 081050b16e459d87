// SPDX-License-Identifier: Apache-2.0
// svctl: the command line of confinit, from its arguments to its exit status.
#include "svctl/svctl.h"

#include "svctl/human.h"
#include "svctl/output.h"
#include "svctl/remote.h"
#include "svctl/usage.h"
#include "svctl/verbs.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace confinit {
namespace {

struct Verb {
    const char* name;
    const char* group;
    const char* summary;
    VerbAction (*declare)(CLI::App& command);
    bool is_of_files = false;  // works on files of the machine: with --host, on that one
};

constexpr const char* changing = "Change units";
constexpr const char* looking = "Look at units";
constexpr const char* files = "Unit files";
constexpr const char* machine = "The machine";

constexpr Verb verbs[] = {
    {"start", changing, "start units, and wait until they are up", declare_start},
    {"stop", changing, "stop units, and wait until nothing of them is left", declare_stop},
    {"restart", changing, "stop units and start them again", declare_restart},
    {"reload", changing, "make services read their own files again", declare_reload},
    {"reset-failed", changing, "forget that units have failed", declare_reset_failed},
    {"kill", changing, "send a signal to the processes of units", declare_kill},
    {"freeze", changing, "make the processes of units stand still", declare_freeze},
    {"thaw", changing, "let frozen units run on", declare_thaw},
    {"set", changing, "change limits of a unit while it runs", declare_set},
    {"revert", changing, "take back what set has changed", declare_revert},
    {"enter", changing, "run a command inside a unit, confined as the unit is", declare_enter},
    {"list", looking, "list all loaded units", declare_list},
    {"status", looking, "tell the state of units, or of the machine, and why", declare_status},
    {"show", looking, "print all properties of units as KEY=VALUE", declare_show},
    {"logs", looking, "print the output of units", declare_logs},
    {"events", looking, "print what has happened to units", declare_events},
    {"verify", looking, "compare units with what the kernel has in force", declare_verify},
    {"cat", files, "print the files of units", declare_cat, true},
    {"check", files, "look for mistakes in unit files, without a supervisor", declare_check, true},
    {"enable", files, "make units start with those that they name in wanted_by", declare_enable,
     true},
    {"disable", files, "take away what enable has made", declare_disable, true},
    {"explain", files, "explain the keys of unit files", declare_explain},
    {"daemon-reload", files, "make the supervisor read unit files again", declare_daemon_reload},
    {"probe", machine, "list what this machine and its kernel offer", declare_probe},
    {"version", machine, "print the versions of svctl and confinit", declare_version},
    {"bridge", machine, "carry a connection to the supervisor, for --host", declare_bridge},
    {"help", machine, "tell what a verb does and takes", declare_help},
    {"poweroff", machine, "stop everything and switch off", declare_poweroff},
    {"reboot", machine, "stop everything and start again", declare_reboot},
    {"halt", machine, "stop everything and halt", declare_halt},
};

constexpr const char* exit_codes =
    "Exit status:\n"
    "  0  done\n"
    "  1  error\n"
    "  3  not running, or differs from the unit\n"
    "  4  no such unit\n"
    "  5  denied\n"
    "  6  refused by check: a unit file has a mistake\n"
    "Of several units, the first that is not 0 counts. `enter` passes on the status of its\n"
    "command. With --json, standard output has a document with \"schema\", \"verb\" and\n"
    "\"exit_code\" in every case: svctl help json.";

// The command line, without the program's name.
using Arguments = std::span<const std::string>;

// A verb on the command line, with what it does.
struct Command {
    CLI::App* parser;
    VerbAction action;
};

// Descriptors that we open must not become standard streams because the caller closed those.
void fill_standard_streams() {
    while (true) {
        const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (fd > STDERR_FILENO) close(fd);
        if (fd < 0 || fd > STDERR_FILENO) return;
    }
}

void add_common_options(CLI::App& app, Context& context) {
    app.add_flag("--json", context.json, "print JSON documents, one a line");
    app.add_flag("--raw", context.raw, "do not escape control characters in text from units");
    app.add_option("--socket", context.socket_path,
                   "the supervisor's socket; else /run/confinit/control for root, and "
                   "/run/confinit/status, which answers questions only, for others, who change "
                   "units by the system bus, as far as polkit lets them")
        ->envname("CONFINIT_CONTROL")
        ->type_name("PATH");
    app.add_option("--host", context.host,
                   "another machine's supervisor, by ssh and the svctl there: user@machine")
        ->type_name("HOST");
    // Types say nothing here, and the usage line tells what is required.
    app.get_formatter()->label("TEXT", "");
    app.get_formatter()->label("REQUIRED", "");
    app.get_formatter()->label("SUBCOMMAND", "VERB");
    app.set_version_flag("--version", "svctl " CONFINIT_VERSION);
    app.footer(exit_codes);
}

// CLI11 breaks no lines.
void wrap_footer(CLI::App& parser) {
    const std::string footer = parser.get_footer();
    if (!footer.contains('\n')) parser.footer(wrapped(footer, 0));
}

std::vector<Command> add_verbs(CLI::App& app) {
    std::vector<Command> commands;
    for (const Verb& verb : verbs) {
        CLI::App* parser = app.add_subcommand(verb.name, verb.summary);
        parser->group(verb.group);
        commands.push_back({parser, verb.declare(*parser)});
        wrap_footer(*parser);
    }
    return commands;
}

// Whether JSON is asked for, in a command line that could not be parsed.
bool asks_for_json(Arguments arguments) {
    for (const std::string_view argument : arguments) {
        if (argument == "--") return false;
        if (argument == "--json") return true;
    }
    return false;
}

bool takes_value(std::string_view option) {
    return option == "--socket" || option == "--host";
}

// The arguments before "--" that are no values of --socket or --host.
std::vector<std::string_view> own_words(Arguments arguments) {
    std::vector<std::string_view> words;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        if (word == "--") break;
        words.push_back(word);
        if (takes_value(word)) ++i;
    }
    return words;
}

// Every option that may stand behind this verb, or before all.
std::vector<std::string> option_names(const CLI::App& app, const CLI::App* verb) {
    std::vector<std::string> names;
    for (const CLI::App* parser : {&app, verb}) {
        if (parser == nullptr) continue;
        for (const CLI::Option* option : parser->get_options()) {
            for (const std::string& name : option->get_lnames())
                names.push_back("--" + name);
            for (const std::string& name : option->get_snames())
                names.push_back("-" + name);
        }
    }
    return names;
}

const CLI::App* find_verb(const CLI::App& app, std::string_view name) {
    const auto found =
        app.get_subcommands([name](const CLI::App* parser) { return parser->get_name() == name; });
    return found.empty() ? nullptr : found.front();
}

bool is_option(std::string_view word) {
    return word.starts_with('-') && word.size() > 1;
}

// "svctl enter redis -- ls -l", of a command line in which the command begins with no "--".
std::string entered_behind_dashes(Arguments arguments) {
    const auto verb = std::ranges::find(arguments, "enter");
    const auto unit =
        std::find_if_not(verb == arguments.end() ? verb : verb + 1, arguments.end(), is_option);
    if (unit == arguments.end() || unit + 1 == arguments.end() || is_option(*(unit + 1))) return {};
    std::string line = "svctl enter " + *unit + " --";
    for (const std::string& word : std::span{unit + 1, arguments.end()})
        line += " " + word;
    return line;
}

std::string option_fault(const CLI::App& app, const CLI::App* verb, std::string_view name,
                         Arguments arguments) {
    if (verb != nullptr && verb->get_name() == "enter") {
        const std::string line = entered_behind_dashes(arguments);
        if (!line.empty()) return fmt::format("put `--` before the command: `{}`", line);
    }
    const auto names = option_names(app, verb);
    return unknown_option(name, std::vector<std::string_view>(names.begin(), names.end()));
}

// "svctl heat start": the verb comes behind the unit.
std::optional<std::string> order_fault(const CLI::App& app, std::string_view word,
                                       Arguments arguments) {
    const auto first = std::ranges::find(arguments, word);
    if (first == arguments.end() || first + 1 == arguments.end()) return std::nullopt;
    const std::string& second = *(first + 1);
    if (find_verb(app, second) == nullptr) return std::nullopt;
    return fmt::format("no verb '{}': the verb comes first: `svctl {} {}`", word, second, word);
}

// The fault of a command line, and the verb that it is for, where that is known.
struct UsageFault {
    std::string message;
    const CLI::App* verb = nullptr;

    std::string help() const {
        return verb == nullptr ? "see svctl --help" : "see svctl help " + verb->get_name();
    }
};

// The library's message, or, for a word that does not exist, the one that may be meant.
UsageFault usage_fault(const CLI::App& app, const CLI::ParseError& error, Arguments arguments) {
    const CLI::App* verb = nullptr;
    for (const std::string_view word : own_words(arguments)) {
        if (word.starts_with("--") || (word.starts_with('-') && word.size() == 2)) {
            const auto names = option_names(app, verb);
            const std::string_view name = word.substr(0, word.find('='));
            if (std::ranges::find(names, name) != names.end()) continue;
            return {option_fault(app, verb, name, arguments), verb};
        }
        if (verb != nullptr || word.starts_with('-')) continue;
        verb = find_verb(app, word);
        if (verb != nullptr) continue;
        if (auto fault = order_fault(app, word, arguments)) return {std::move(*fault)};
        std::vector<std::string_view> names;
        for (const Verb& known : verbs)
            names.emplace_back(known.name);
        return {unknown_verb(word, names)};
    }
    return {error.what(), verb};
}

int report_usage(const CLI::App& app, const CLI::ParseError& error, Context& context,
                 Arguments arguments) {
    if (error.get_exit_code() == 0) {
        std::ostringstream help;
        const int status = app.exit(error, help, help);
        print(help.str());
        return status;
    }
    context.json = asks_for_json(arguments);
    const UsageFault fault = usage_fault(app, error, arguments);
    if (!context.json) {
        print_error(shown(context, fault.message));
        print_error(fault.help());
        return std::to_underlying(ExitCode::error);
    }
    return report_refusal(context, {.name = "usage", .message = fault.message});
}

// The command line of the other machine's svctl: the same, without --host.
std::vector<std::string> without_host(Arguments arguments) {
    std::vector<std::string> words;
    bool is_behind_dashes = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        is_behind_dashes = is_behind_dashes || arguments[i] == "--";
        const bool is_alone = !is_behind_dashes && arguments[i] == "--host";
        if (is_alone) ++i;
        const bool is_host = is_alone || (!is_behind_dashes && arguments[i].starts_with("--host="));
        if (!is_host) words.push_back(arguments[i]);
    }
    return words;
}

// Whether the option is given, also with no value or an empty one.
bool names(Arguments arguments, const std::string& option) {
    return std::ranges::any_of(own_words(arguments), [&](std::string_view word) {
        return word == option || word.starts_with(option + "=");
    });
}

int run_chosen(const CLI::App& app, std::vector<Command>& commands, Context& context,
               Arguments arguments) {
    for (Command& command : commands) {
        if (!command.parser->parsed()) continue;
        context.verb = command.parser->get_name();
        const bool is_there = names(arguments, "--host");
        if (!is_there) return command.action(context);
        if (const std::string fault = host_fault(context.host); !fault.empty()) {
            return report_refusal(
                context,
                {.name = "usage", .message = fmt::format("--host '{}' {}", context.host, fault)});
        }
        // The environment's socket is one of this machine.
        if (!names(arguments, "--socket")) context.socket_path.clear();
        const auto verb = std::ranges::find(verbs, context.verb, &Verb::name);
        if (verb->is_of_files) return run_there(context, without_host(arguments));
        return command.action(context);
    }
    print(app.help());
    return std::to_underlying(ExitCode::done);
}

// Output that is lost is an error, whatever the verb says.
int finish_output(int status) {
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
    print_error(system_error(errno, "write", "standard output").what);
    return std::to_underlying(ExitCode::error);
}

}  // namespace

int svctl_main(int argc, const char* const* argv) {
    fill_standard_streams();
    Context context;
    CLI::App app{"Control services of confinit, an init for confined services."};
    app.name("svctl");
    app.require_subcommand(0, 1);
    app.fallthrough();
    add_common_options(app, context);
    std::vector<Command> commands = add_verbs(app);
    std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    spell_out_signal(arguments);
    // The library's one way to say that it could not parse is an exception. It takes the last
    // argument first.
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& error) {
        return finish_output(report_usage(app, error, context, arguments));
    }
    return finish_output(run_chosen(app, commands, context, arguments));
}

}  // namespace confinit
