// SPDX-License-Identifier: Apache-2.0
// Slips on the command line: what was meant by a verb or an option that there is none of.
#include "svctl/usage.h"

#include "base/text.h"
#include "svctl/signal_name.h"

#include <algorithm>
#include <fmt/format.h>

namespace confinit {
namespace {

struct Advice {
    std::string_view words;  // apart from each other by spaces
    std::string_view text;
};

// Words that people type who know other tools.
constexpr Advice other_verbs[] = {
    {"is-failed", "`svctl list --failed` has those that have failed"},
    {"is-enabled", "`svctl list PATTERN` and `svctl status UNIT` tell it"},
    {"is-system-running", "`svctl status` tells the state of the machine"},
    {"force-reload try-reload-or-restart reload-or-restart",
     "`svctl reload UNIT` makes a service read its own files again, `svctl restart` starts it "
     "anew, "
     "and `svctl daemon-reload` reads unit files"},
    {"try-restart condrestart", "`svctl restart` starts a unit that does not run, too"},
    {"mask unmask",
     "a unit is started by those who name it: `svctl disable`, or an empty `wants` in a drop-in"},
    {"edit",
     "a drop-in below /etc/confinit/units/UNIT.toml.d changes a unit, `svctl check UNIT` reads it, "
     "and `svctl set` changes limits"},
    {"list-units list-unit-files units ls", "`svctl list` has all units, with filters"},
    {"list-dependencies", "`svctl cat UNIT` shows what it requires and wants"},
    {"list-timers list-sockets list-paths list-jobs", "there are none; `svctl list` has all units"},
    {"get-default set-default isolate",
     "confinit.unit=UNIT on the kernel's command line says what is booted; it is `default`"},
    {"add-wants add-requires preset link reenable",
     "`svctl enable` does what a unit's wanted_by and required_by say"},
    {"journal journalctl log", "`svctl logs UNIT`"},
    {"exec shell login nsenter attach", "`svctl enter UNIT -- COMMAND`"},
    {"ps top stats", "`svctl status UNIT` and `svctl list`"},
    {"pause suspend", "`svctl freeze UNIT`"},
    {"unpause resume", "`svctl thaw UNIT`"},
    {"signal", "`svctl kill -s SIGNAL UNIT`"},
    {"shutdown", "`svctl poweroff`, `svctl reboot` or `svctl halt`"},
    {"set-property", "`svctl set UNIT cgroup.KEY=VALUE`"},
    {"daemon-reexec", "confinit does not replace itself; `svctl daemon-reload` reads unit files"},
    {"validate lint", "`svctl check FILE`"},
};

// Options that people type who know other tools.
constexpr Advice other_options[] = {
    {"-u --unit", "a unit is named without an option"},
    {"-l --full --no-pager --no-legend --no-ask-password", "nothing is cut short or paged here"},
    {"-o --output", "--json prints documents"},
    {"-t --type", "`svctl list --kind=service` has those of one kind"},
    {"--user --system", "--socket=PATH names another supervisor"},
    {"-H -M --machine", "--host=USER@MACHINE asks another machine by ssh"},
    {"-n --lines", "`svctl logs -n LINES UNIT` has the last lines"},
    {"-r --reverse -e --pager-end -x --catalog -b --boot -k --dmesg",
     "`svctl logs` has what is kept of a unit, the oldest line first"},
};

std::string nearest_text(std::string_view word, Words words) {
    const auto nearest = nearest_word(word, words);
    return nearest ? fmt::format(": did you mean '{}'?", *nearest) : "";
}

std::string unknown(std::string_view kind, std::string_view word, std::span<const Advice> others,
                    Words known) {
    for (const Advice& other : others) {
        const auto words = split_words(other.words);
        if (std::ranges::find(words, word) == words.end()) continue;
        return fmt::format("no {} '{}': {}", kind, word, other.text);
    }
    return fmt::format("no {} '{}'{}", kind, word, nearest_text(word, known));
}

bool is_short_option(std::string_view word) {
    return word.size() > 1 && word.starts_with('-') && !word.starts_with("--");
}

// Whether the word before takes this one as its value.
bool is_value_of(std::string_view before) {
    constexpr std::string_view with_value[] = {"-s", "--signal", "--whom", "--socket", "--host"};
    return std::ranges::find(with_value, before) != std::end(with_value);
}

}  // namespace

std::string unknown_verb(std::string_view word, Words verbs) {
    return unknown("verb", word, other_verbs, verbs);
}

std::string unknown_option(std::string_view word, Words options) {
    return unknown("option", word, other_options, options);
}

void spell_out_signal(std::span<std::string> arguments) {
    auto verb = arguments.begin();
    while (verb != arguments.end() && verb->starts_with('-'))
        verb += (*verb == "--socket" || *verb == "--host") && verb + 1 != arguments.end() ? 2 : 1;
    if (verb == arguments.end() || *verb != "kill") return;
    for (auto word = verb + 1; word != arguments.end() && *word != "--"; ++word) {
        if (!is_short_option(*word) || is_value_of(*(word - 1))) continue;
        const std::string signal = word->substr(1);
        const bool is_number = signal.find_first_not_of("0123456789") == std::string::npos;
        if (is_number || parse_signal(signal)) *word = "--signal=" + signal;
    }
}

}  // namespace confinit
