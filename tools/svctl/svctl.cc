// SPDX-License-Identifier: Apache-2.0
// svctl: the command line of confinit, from its arguments to its exit status.
#include "svctl/svctl.h"

#include "base/text.h"
#include "svctl/command_line.h"
#include "svctl/output.h"
#include "svctl/remote.h"
#include "svctl/usage.h"
#include "svctl/verbs.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace confinit {
namespace {

// Descriptors that we open must not become standard streams because the caller closed those.
void fill_standard_streams() {
    while (true) {
        const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (fd > STDERR_FILENO) close(fd);
        if (fd < 0 || fd > STDERR_FILENO) return;
    }
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

// The verb that is named: the first word that is one, and no value of an option before it.
const Verb* named_verb(Arguments arguments) {
    bool is_behind_dashes = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (const Verb* verb = find_verb(arguments[i])) return verb;
        is_behind_dashes = is_behind_dashes || arguments[i] == "--";
        if (!is_behind_dashes && takes_value(arguments[i])) ++i;
    }
    return nullptr;
}

// The command line that svctl understands: its own options, and those of the verb that is named.
struct Grammar {
    Syntax common;
    const Verb* verb;  // may be absent
    Syntax own;
};

void add_names(const Syntax& syntax, std::vector<std::string_view>& names) {
    for (const Option& option : syntax.options) {
        std::vector<std::string_view> words = split(option.names, ',');
        std::ranges::reverse(words);  // the long one first
        std::ranges::copy_if(words, std::back_inserter(names),
                             [](std::string_view word) { return word.starts_with('-'); });
    }
}

// Every option that may stand behind this verb, or before all.
std::vector<std::string_view> option_names(const Grammar& grammar, const Verb* verb) {
    std::vector<std::string_view> names{"--help", "-h"};
    add_names(grammar.common, names);
    names.emplace_back("--version");
    if (verb != nullptr) add_names(grammar.own, names);
    return names;
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

std::string option_fault(const Grammar& grammar, const Verb* verb, std::string_view name,
                         Arguments arguments) {
    if (verb != nullptr && verb->name == "enter") {
        const std::string line = entered_behind_dashes(arguments);
        if (!line.empty()) return fmt::format("put `--` before the command: `{}`", line);
    }
    return unknown_option(name, option_names(grammar, verb));
}

// "svctl heat start": the verb comes behind the unit.
std::optional<std::string> order_fault(std::string_view word, Arguments arguments) {
    const auto first = std::ranges::find(arguments, word);
    if (first == arguments.end() || first + 1 == arguments.end()) return std::nullopt;
    const std::string& second = *(first + 1);
    if (find_verb(second) == nullptr) return std::nullopt;
    return fmt::format("no verb '{}': the verb comes first: `svctl {} {}`", word, second, word);
}

// The fault of a command line, and the verb that it is for, where that is known.
struct UsageFault {
    std::string message;
    const Verb* verb = nullptr;

    std::string help() const {
        return verb == nullptr ? "see svctl --help" : fmt::format("see svctl help {}", verb->name);
    }
};

// The parser's message, or, for a word that does not exist, the one that may be meant.
UsageFault usage_fault(const Grammar& grammar, std::string message, Arguments arguments) {
    const Verb* verb = nullptr;
    for (const std::string_view word : own_words(arguments)) {
        if (word.starts_with("--") || (word.starts_with('-') && word.size() == 2)) {
            const auto names = option_names(grammar, verb);
            const std::string_view name = word.substr(0, word.find('='));
            if (std::ranges::find(names, name) != names.end()) continue;
            return {option_fault(grammar, verb, name, arguments), verb};
        }
        if (verb != nullptr || word.starts_with('-')) continue;
        verb = find_verb(word);
        if (verb != nullptr) continue;
        if (auto fault = order_fault(word, arguments)) return {std::move(*fault)};
        std::vector<std::string_view> names;
        for (const Verb& known : all_verbs())
            names.push_back(known.name);
        return {unknown_verb(word, names)};
    }
    return {std::move(message), verb};
}

int report_end(const Grammar& grammar, ParseEnd end, Context& context, Arguments arguments) {
    if (!end.is_fault) {
        print(end.text);
        return std::to_underlying(ExitCode::done);
    }
    context.json = asks_for_json(arguments);
    const UsageFault fault = usage_fault(grammar, std::move(end.text), arguments);
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

int run_verb(const Verb& verb, VerbAction& action, Context& context, Arguments arguments) {
    context.verb = verb.name;
    const bool is_there = names(arguments, "--host");
    if (!is_there) return action(context);
    if (const std::string fault = host_fault(context.host); !fault.empty()) {
        return report_refusal(
            context,
            {.name = "usage", .message = fmt::format("--host '{}' {}", context.host, fault)});
    }
    // The environment's socket is one of this machine.
    if (!names(arguments, "--socket")) context.socket_path.clear();
    if (verb.is_of_files) return run_there(context, without_host(arguments));
    return action(context);
}

int run(Arguments arguments) {
    Context context;
    Grammar grammar{.common = common_syntax(context), .verb = named_verb(arguments)};
    VerbAction action = grammar.verb == nullptr ? VerbAction{} : grammar.verb->declare(grammar.own);
    if (auto end = parse(grammar.common, grammar.verb, grammar.own, arguments)) {
        return report_end(grammar, std::move(*end), context, arguments);
    }
    if (grammar.verb != nullptr) return run_verb(*grammar.verb, action, context, arguments);
    print(help_of_svctl());
    return std::to_underlying(ExitCode::done);
}

// Output that is lost is an error, whatever the verb says.
int finish_output(int status) {
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
    print_error(system_error(errno, "write", "standard output").text());
    return std::to_underlying(ExitCode::error);
}

}  // namespace

int svctl_main(int argc, const char* const* argv) {
    fill_standard_streams();
    std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    spell_out_signal(arguments);
    return finish_output(run(arguments));
}

}  // namespace confinit
