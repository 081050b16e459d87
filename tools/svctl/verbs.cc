// SPDX-License-Identifier: Apache-2.0
// The table of verbs, and the options of svctl itself.
#include "svctl/verbs.h"

#include <algorithm>

namespace confinit {
namespace {

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
    {"is-active", looking, "tell by the exit status whether units are active", declare_is_active},
    {"is-ready", looking, "tell whether all that boot wants is active", declare_is_ready},
    {"show", looking, "print all properties of units as KEY=VALUE", declare_show},
    {"logs", looking, "print the output of units", declare_logs},
    {"events", looking, "print what has happened to units", declare_events},
    {"verify", looking, "compare units with what the kernel has in force", declare_verify},
    {"cat", files, "print the files of units", declare_cat, true},
    {"check", files, "look for mistakes in unit files, without a supervisor", declare_check, true},
    {"plan", files, "show what a launch of a unit does, step by step", declare_plan, true},
    {"enable", files, "make units start with those that they name in wanted_by", declare_enable,
     true},
    {"disable", files, "take away what enable has made", declare_disable, true},
    {"explain", files, "explain the keys of unit files", declare_explain},
    {"daemon-reload", files, "make the supervisor read unit files again", declare_daemon_reload},
    {"probe", machine, "list what this machine and its kernel offer", declare_probe},
    {"version", machine, "print the versions of svctl and confinit", declare_version},
    {"bridge", machine, "carry a connection to the supervisor, for --host", declare_bridge},
    {"help", machine, "tell what a verb does and takes, or print a page", declare_help},
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

}  // namespace

std::span<const Verb> all_verbs() {
    return verbs;
}

const Verb* find_verb(std::string_view name) {
    const auto found = std::ranges::find(verbs, name, &Verb::name);
    return found == std::end(verbs) ? nullptr : found;
}

Syntax common_syntax(Context& context) {
    Syntax syntax;
    syntax.add("--json", &context.json, "print JSON documents, one a line");
    syntax.add("--raw", &context.raw, "do not escape control characters in text from units");
    syntax.add("--socket", &context.socket_path,
               "the supervisor's socket; else /run/confinit/control for root, and "
               "/run/confinit/status, which answers questions only, for others, who change "
               "units by the system bus, as far as polkit lets them",
               {.type = "PATH", .environment = "CONFINIT_CONTROL"});
    syntax.add("--host", &context.host,
               "another machine's supervisor, by ssh and the svctl there: user@machine",
               {.type = "HOST"});
    syntax.footer = exit_codes;
    return syntax;
}

}  // namespace confinit
