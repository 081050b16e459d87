// SPDX-License-Identifier: Apache-2.0
// The keys of [seccomp]: which system calls the service may make, and what the others answer.
#include "unit/forms.h"
#include "unit/keys.h"

#include "base/result.h"

#include <array>

namespace confinit {
namespace {

constexpr std::string_view action_form =
    "one of allow, log, trap, trace, kill-thread, kill-process, or the name of an error such as "
    "\"EPERM\"";
constexpr std::string_view entries_form =
    "an array of system calls and sets, such as [\"@base\", \"read\", \"chmod:EPERM\"]";
constexpr std::string_view entry_form =
    "a system call such as \"chmod\", a set such as \"@mount\", or one of these with an action, "
    "as in \"chmod:EPERM\"";

constexpr auto action_names = make_name_table<SeccompActionKind>({
    {SeccompActionKind::allow, "allow"},
    {SeccompActionKind::log, "log"},
    {SeccompActionKind::trap, "trap"},
    {SeccompActionKind::trace, "trace"},
    {SeccompActionKind::kill_thread, "kill-thread"},
    {SeccompActionKind::kill_process, "kill-process"},
});

// The kernel's errno values; the largest on any architecture is below this (asm-generic/errno.h).
constexpr int highest_error = 200;

std::optional<int> error_number(std::string_view name) {
    for (int number = 1; number < highest_error; ++number) {
        if (errno_name(number) == name) return number;
    }
    return std::nullopt;
}

std::string nearest_action(const Value& value, std::string_view word) {
    auto words = action_names.names();
    for (int number = 1; number < highest_error; ++number) {
        if (error_number(errno_name(number)) == number) words.push_back(errno_name(number));
    }
    return value.nearest(word, words);
}

std::optional<SeccompAction> find_action(std::string_view word) {
    if (const auto kind = action_names.value(word)) return SeccompAction{.kind = *kind};
    if (const auto number = error_number(word)) {
        return SeccompAction{.kind = SeccompActionKind::error, .error_number = *number};
    }
    return std::nullopt;
}

void read_default(const Value& value, Unit& unit) {
    const std::string* text = value.if_text();
    if (text == nullptr) return value.mismatch();
    const auto action = find_action(*text);
    if (!action) return value.mismatch(nearest_action(value, *text));
    unit.seccomp->default_action = *action;
}

std::optional<SeccompEntry> read_entry(const Value& value) {
    const auto text = value.word();
    if (!text) return std::nullopt;
    const std::string_view whole = *text;
    const std::size_t colon = whole.find(':');
    SeccompEntry entry{.name = std::string{whole.substr(0, colon)}};

    bool is_good = true;
    if (!value.vocabulary().is_syscall_word(entry.name)) {
        const bool is_set = entry.name.starts_with('@');
        value.refuse(
            (is_set ? "there is no set " : "there is no system call ") + quoted(entry.name),
            value.nearest(entry.name, value.vocabulary().syscall_words));
        is_good = false;
    }
    if (colon != std::string_view::npos) {
        const std::string_view word = whole.substr(colon + 1);
        entry.action = find_action(word);
        if (!entry.action) {
            value.refuse("there is no action " + quoted(word), nearest_action(value, word));
            is_good = false;
        }
    }
    if (!is_good) return std::nullopt;
    return entry;
}

void read_allow(const Value& value, Unit& unit) {
    unit.seccomp->allow = list_of(value, entry_form, read_entry);
}

std::optional<SeccompEntry> read_denied_entry(const Value& value) {
    auto entry = read_entry(value);
    if (!entry || !entry->action) return entry;
    const auto kind = entry->action->kind;
    if (kind == SeccompActionKind::allow || kind == SeccompActionKind::log) {
        value.refuse("the action '" + std::string{action_names.name(kind)} +
                     "' lets the call through; list it in seccomp.allow");
        return std::nullopt;
    }
    return entry;
}

void read_deny(const Value& value, Unit& unit) {
    unit.seccomp->deny = list_of(value, entry_form, read_denied_entry);
}

constexpr Key keys[] = {
    {
        .path = "seccomp.default",
        .form = action_form,
        .fallback = "\"kill-process\"",
        .documentation =
            "What happens at a system call that neither allow nor deny names. An error name, such "
            "as EPERM, is returned to the caller. Calls that are newer than this program's tables "
            "answer ENOSYS whatever the default is, so that nothing new slips through and a new "
            "libc can fall back.",
        .operation = "seccomp(2) SECCOMP_SET_MODE_FILTER",
        .source = "seccomp(2)",
        .systemd = "SystemCallErrorNumber=",
        .read = read_default,
    },
    {
        .path = "seccomp.allow",
        .form = entries_form,
        .fallback = "[]",
        .documentation =
            "System calls that the service may make, by name or by set (\"@base\" is what every "
            "program needs to start and to end). An entry may carry an action of its own, such as "
            "\"ptrace:log\" or \"chmod:EPERM\". Deny wins over allow, and a call's own entry over "
            "the sets that hold it.",
        .operation = "seccomp(2) SECCOMP_SET_MODE_FILTER",
        .source = "seccomp(2)",
        .systemd = "SystemCallFilter=",
        .read = read_allow,
    },
    {
        .path = "seccomp.deny",
        .form = entries_form,
        .fallback = "[]",
        .documentation =
            "System calls that the service may not make. Each answers the action that its entry "
            "names, else the default, or EPERM where the default lets calls through.",
        .operation = "seccomp(2) SECCOMP_SET_MODE_FILTER",
        .source = "seccomp(2)",
        .systemd = "SystemCallFilter=~",
        .read = read_deny,
    },
};

}  // namespace

std::span<const Key> seccomp_keys() {
    return keys;
}

}  // namespace confinit
