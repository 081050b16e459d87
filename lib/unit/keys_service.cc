// SPDX-License-Identifier: Apache-2.0
// The keys of [service]: the program, who it runs as, and when it is started and stopped.
#include "unit/forms.h"
#include "unit/keys.h"

#include "base/reserved_ids.h"
#include "base/text.h"

#include <algorithm>
#include <utility>

namespace confinit {
namespace {

constexpr auto type_names = make_name_table<ServiceType>({
    {ServiceType::exec, "exec"},
    {ServiceType::notify, "notify"},
    {ServiceType::oneshot, "oneshot"},
});

constexpr auto restart_names = make_name_table<RestartMode>({
    {RestartMode::no, "no"},
    {RestartMode::on_failure, "on-failure"},
    {RestartMode::always, "always"},
});

constexpr std::string_view user_form = "a user name or a decimal id";
constexpr std::string_view group_form = "a group name or a decimal id";
constexpr std::string_view name_letters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

// 65535 is what 16-bit calls take for "leave it as it is", as 32-bit ones take 4294967295. Who has
// an id of the supervisor's may send it and its helpers signals.
bool is_id(std::uint64_t number) {
    const bool is_own = number == own_user || number == helpers_user;
    return number < 0xffff'ffff && number != 0xffff && !is_own;
}

// What useradd(8) accepts, and dots, which it does with --badname. A name that begins with a digit
// is refused: "0day" must neither be user 0 nor become nobody's name by accident.
bool is_account_name(std::string_view name) {
    if (name.size() > 256 || is_digit(name[0]) || name[0] == '-' || name[0] == '.') return false;
    if (name.ends_with('$')) name.remove_suffix(1);
    return std::ranges::all_of(name, [](char byte) {
        return name_letters.find(byte) != std::string_view::npos || byte == '-' || byte == '.';
    });
}

std::optional<std::string> read_account(const Value& value) {
    const auto integer = value.if_integer();
    if (integer && *integer >= 0 && is_id(static_cast<std::uint64_t>(*integer))) {
        return std::to_string(*integer);
    }
    const std::string* text = value.if_text();
    if (text != nullptr && !text->empty()) {
        const auto number = parse_unsigned(*text);
        if (number ? is_id(*number) : is_account_name(*text)) return *text;
    }
    value.mismatch();
    return std::nullopt;
}

void read_type(const Value& value, Unit& unit) {
    assign(unit.service->type, read_choice(value, type_names));
}

// The program's path, which other tools let begin with letters such as '-' and '+'.
std::optional<std::string> read_program(const Value& value) {
    const std::string* text = value.if_text();
    const std::size_t slash = text != nullptr ? text->find_first_not_of("-+!@:|") : 0;
    const bool has_prefix =
        text != nullptr && slash != 0 && slash != std::string::npos && (*text)[slash] == '/';
    if (!has_prefix) return read_path(value);
    value.refuse(quoted(*text) + " is not an absolute path: systemd's " +
                     quoted(text->substr(0, slash)) + " before a program means nothing here",
                 text->substr(slash));
    return std::nullopt;
}

void read_command(const Value& value, Unit& unit) {
    bool is_program = true;
    const auto read_word = [&](const Value& word) {
        return std::exchange(is_program, false) ? read_program(word) : word.text();
    };
    unit.service->command = list_of(value, "a text, and an absolute path first", read_word);
    if (value.is_array() && value.is_empty()) value.refuse("a command needs a program");
}

void read_user(const Value& value, Unit& unit) {
    assign(unit.service->user, read_account(value));
}

void read_group(const Value& value, Unit& unit) {
    assign(unit.service->group, read_account(value));
}

void read_supplementary_groups(const Value& value, Unit& unit) {
    unit.service->supplementary_groups = list_of(value, group_form, read_account);
}

void read_working_directory(const Value& value, Unit& unit) {
    assign(unit.service->working_directory, read_plain_path(value));
}

bool is_variable_name(std::string_view name) {
    return !name.empty() && !is_digit(name[0]) &&
           name.find_first_not_of(name_letters) == std::string_view::npos;
}

void read_environment(const Value& value, Unit& unit) {
    const auto members = value.members("a text");
    if (!members) return;
    for (const Value& member : *members) {
        const std::string& name = member.name();
        if (!is_variable_name(name)) {
            member.refuse(quoted(name) + " is not the name of an environment variable");
            continue;
        }
        auto text = member.text();
        if (text) unit.service->environment.emplace_back(name, std::move(*text));
    }
}

constexpr std::string_view variable_form = "the name of an environment variable, or \"*\"";

void read_pass_environment(const Value& value, Unit& unit) {
    const auto read_name = [](const Value& word) {
        auto name = word.text();
        if (!name || *name == "*" || is_variable_name(*name)) return name;
        word.refuse(quoted(*name) + " is not the name of an environment variable");
        return std::optional<std::string>{};
    };
    unit.service->pass_environment = list_of(value, variable_form, read_name);
}

void read_tty(const Value& value, Unit& unit) {
    auto path = read_plain_path(value);
    if (path && !path->starts_with("/dev/")) return value.mismatch();
    assign(unit.service->tty, std::move(path));
}

void read_restart(const Value& value, Unit& unit) {
    assign(unit.service->restart, read_choice(value, restart_names));
}

void read_restart_delay(const Value& value, Unit& unit) {
    assign(unit.service->restart_delay, read_duration(value));
}

void read_restart_max_delay(const Value& value, Unit& unit) {
    assign(unit.service->restart_max_delay, read_duration(value));
}

void read_start_timeout(const Value& value, Unit& unit) {
    assign(unit.service->start_timeout, read_timeout(value));
}

void read_stop_timeout(const Value& value, Unit& unit) {
    assign(unit.service->stop_timeout, read_timeout(value));
}

constexpr Key service_table[] = {
    {
        .path = "service.type",
        .form = "one of exec, notify, oneshot",
        .fallback = "\"exec\"",
        .documentation =
            "When the service counts as started. exec: as soon as its program runs, which is after "
            "execve has succeeded and not merely after the fork. notify: when it sends READY=1, "
            "which is short for exec with ready = \"notify\". oneshot: when the program has ended "
            "with status 0; the unit then stays active without a process.",
        .operation = "the close-on-exec status socket of the launch; waitid(2)",
        .source = "execve(2), waitid(2)",
        .systemd = "Type=",
        .read = read_type,
    },
    {
        .path = "service.command",
        .form = "an array of texts, the first one the absolute path of a program",
        .fallback = "none: a service must have it",
        .documentation =
            "The program and its arguments, one array element each. No shell reads it, so there is "
            "no quoting and no expansion, and the program is not searched for in PATH. The path is "
            "looked up in the service's own root.",
        .operation = "execve(2)",
        .source = "execve(2)",
        .systemd = "ExecStart=",
        .read = read_command,
    },
    {
        .path = "service.user",
        .form = user_form,
        .fallback = "\"root\"",
        .documentation =
            "Whom the service runs as: a name, found in /etc/passwd (no name service is asked), or "
            "a decimal id. With mounts.root the accounts are those of the root's own etc/passwd "
            "and etc/group; where it has none of them, and with mounts.root_image, the host's. An "
            "account that does not exist is an error at the start. Under a "
            "supervisor that an ordinary user runs, a unit without user, group and "
            "supplementary_groups runs as that user, with that user's groups.",
        .operation = "setresuid(2)",
        .source = "setresuid(2), credentials(7)",
        .systemd = "User=",
        .read = read_user,
    },
    {
        .path = "service.group",
        .form = group_form,
        .fallback = "the user's own group in /etc/passwd",
        .documentation =
            "The primary group: a name, found in /etc/group as service.user is in /etc/passwd, or "
            "a decimal id.",
        .operation = "setresgid(2)",
        .source = "setresgid(2), credentials(7)",
        .systemd = "Group=",
        .read = read_group,
    },
    {
        .path = "service.supplementary_groups",
        .form = "an array of group names and decimal ids",
        .fallback = "[]",
        .documentation =
            "All further groups of the service. Nothing is added to them: the groups that "
            "/etc/group gives the user count only if they are listed here.",
        .operation = "setgroups(2)",
        .source = "setgroups(2), credentials(7)",
        .systemd = "SupplementaryGroups=",
        .read = read_supplementary_groups,
    },
    {
        .path = "service.working_directory",
        .form = path_form,
        .fallback = "\"/\"",
        .documentation =
            "The current directory of the program, in the service's own root, entered as the "
            "service's user. Paths through /proc/PID and /dev/fd are refused, because they lead "
            "out of that root.",
        .operation = "chdir(2)",
        .source = "chdir(2), proc(5)",
        .systemd = "WorkingDirectory=",
        .read = read_working_directory,
    },
    {
        .path = "service.environment",
        .form = "a table of texts, such as { LANG = \"C.UTF-8\" }",
        .fallback = "{}",
        .documentation = "Environment variables of the program, beside PATH and the HOME, SHELL, "
                         "USER and LOGNAME "
                         "of the user's account, which they may replace. Nothing of the "
                         "supervisor's own environment is "
                         "passed on.",
        .operation = "the environment of execve(2)",
        .source = "execve(2), environ(7)",
        .systemd = "Environment=",
        .read = read_environment,
    },
    {
        .path = "service.pass_environment",
        .form = "an array of names of environment variables, or [\"*\"]",
        .fallback = "[]: none",
        .documentation =
            "The variables that the supervisor itself was started with, as by a container's "
            "runtime, and that the service has as well; \"*\" stands for all but those of the "
            "notification and socket protocols. One that the supervisor lacks is left out. They "
            "replace the ones that every service has, such as PATH, and environment replaces "
            "them.",
        .operation = "execve(2)",
        .source = "environ(7)",
        .systemd = "PassEnvironment=",
        .read = read_pass_environment,
    },
    {
        .path = "service.tty",
        .form = "the path of a terminal, such as \"/dev/console\"",
        .fallback = "none: input is /dev/null, output is kept for svctl logs",
        .documentation =
            "A terminal that becomes standard input, output and error of the program, and the "
            "controlling terminal of its session.",
        .operation = "open(2), then ioctl TIOCSCTTY",
        .source = "tty_ioctl(4), setsid(2)",
        .systemd = "TTYPath=, StandardInput=tty-force",
        .read = read_tty,
    },
    {
        .path = "service.restart",
        .form = "one of no, on-failure, always",
        .fallback = "\"no\"",
        .documentation =
            "Whether the service is started again when it ends without having been stopped. "
            "on-failure: only after a status other than 0, a signal, a killing for lack of memory, "
            "or a launch that failed.",
        .operation = "none",
        .source = "confinit",
        .systemd = "Restart=",
        .read = read_restart,
    },
    {
        .path = "service.restart_delay",
        .form = duration_form,
        .fallback = "\"100ms\"",
        .documentation =
            "The pause before an automatic restart. It doubles from attempt to attempt, up to "
            "restart_max_delay, and is itself again once the service has run well. \"0s\" is at "
            "once: "
            "the first attempt comes without a pause, the second after 10ms, and so on; every "
            "attempt "
            "is at once only where restart_max_delay is \"0s\" as well.",
        .operation = "none",
        .source = "confinit",
        .systemd = "RestartSec=",
        .read = read_restart_delay,
    },
    {
        .path = "service.restart_max_delay",
        .form = duration_form,
        .fallback = "\"1min\", or restart_delay where that is longer",
        .documentation = "The longest pause before an automatic restart.",
        .operation = "none",
        .source = "confinit",
        .systemd = "RestartMaxDelaySec=",
        .read = read_restart_max_delay,
    },
    {
        .path = "service.start_timeout",
        .form = duration_form,
        .fallback = "\"1min 30s\"",
        .documentation =
            "How long a start may take from its launch, until the service is ready, or until the "
            "program of a oneshot service has ended. Then the service is killed and has failed. "
            "Before the launch a planner looks at the paths of the unit, for as long at most: what "
            "does not answer by then is named in the failure. "
            "EXTEND_TIMEOUT_USEC=, sent to $NOTIFY_SOCKET, gives more time, at most ten times this "
            "in all. While the service is frozen the time stands still, and status says who "
            "freezes it.",
        .operation = "none",
        .source = "confinit",
        .systemd = "TimeoutStartSec=",
        .read = read_start_timeout,
    },
    {
        .path = "service.stop_timeout",
        .form = duration_form,
        .fallback = "\"10s\"",
        .documentation =
            "How long the service may take to end after stop_signal. Then everything in its cgroup "
            "is killed at once. When the whole machine or container ends, the time that is left "
            "for "
            "that may be less (confinit --end-timeout). A frozen service is thawed when it has the "
            "signal, and its time begins then. A service that has a process 10s after it was "
            "killed "
            "is stuck: the stop fails and names the process, and the service does not start again "
            "before that is gone.",
        .operation = "write(2) to cgroup.kill",
        .source = "Documentation/admin-guide/cgroup-v2.rst, cgroup.kill",
        .systemd = "TimeoutStopSec=",
        .read = read_stop_timeout,
    },
};

}  // namespace

std::span<const Key> service_keys() {
    return service_table;
}

}  // namespace confinit
