// SPDX-License-Identifier: Apache-2.0
// The keys of [seccomp]: which system calls the service may make, and what the others answer.
#include "unit/forms.h"
#include "unit/keys.h"
#include "unit/seccomp_words.h"

#include <algorithm>
#include <array>
#include <charconv>

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
    // Before the other one, since "kill" means it.
    {SeccompActionKind::kill_process, "kill-process"},
    {SeccompActionKind::kill_thread, "kill-thread"},
});

std::string nearest_action(const Value& value, std::string_view word) {
    constexpr std::string_view denials[] = {"deny", "denied", "errno", "block"};
    if (std::ranges::find(denials, word) != std::end(denials)) return "EPERM";
    auto words = action_names.names();
    const auto errors = error_names();
    words.insert(words.end(), errors.begin(), errors.end());
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
    if (entry.name.starts_with('~')) {
        // The nearest word would allow what is meant to be denied.
        value.refuse("there is no '~' here: calls that are denied are listed in seccomp.deny");
        is_good = false;
    } else if (!value.vocabulary().is_syscall_word(entry.name)) {
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

constexpr std::string_view rules_form =
    "an array of rules such as { syscalls = [\"ioctl\"], action = \"EPERM\", args = [{ index = 1, "
    "op = \"eq\", value = 0x5412 }] }";
constexpr std::string_view argument_form =
    "a table such as { index = 1, op = \"eq\", value = 0x5412 }";
constexpr std::string_view number_form =
    "a number of 0 or more, or a text such as \"0xffffffffffffffff\"";

constexpr auto comparison_names = make_name_table<SeccompComparison>({
    {SeccompComparison::eq, "eq"},
    {SeccompComparison::ne, "ne"},
    {SeccompComparison::lt, "lt"},
    {SeccompComparison::le, "le"},
    {SeccompComparison::gt, "gt"},
    {SeccompComparison::ge, "ge"},
    {SeccompComparison::masked_eq, "masked-eq"},
});

// TOML's own integers end at 2^63 - 1.
std::optional<std::uint64_t> read_number(const Value& value) {
    if (const auto number = value.if_integer(); number && *number >= 0) {
        return static_cast<std::uint64_t>(*number);
    }
    const std::string* text = value.if_text();
    if (text != nullptr && text->starts_with("0x")) {
        std::uint64_t number = 0;
        const char* end = text->data() + text->size();
        const auto [rest, error] = std::from_chars(text->data() + 2, end, number, 16);
        if (error == std::errc{} && rest == end) return number;
    }
    value.mismatch();
    return std::nullopt;
}

std::optional<SeccompComparison> read_comparison(const Value& value) {
    const auto word = value.word();
    if (!word) return std::nullopt;
    const auto comparison = comparison_names.value(*word);
    if (!comparison) {
        value.refuse("there is no comparison " + quoted(*word),
                     value.nearest(*word, comparison_names.names()));
    }
    return comparison;
}

// A condition that can never hold, or that leaves bits out, would be a rule without effect.
bool is_sensible(const Value& value, const SeccompArgument& argument, bool has_mask) {
    const bool is_masked = argument.op == SeccompComparison::masked_eq;
    if (is_masked != has_mask) {
        value.refuse(is_masked ? "'masked-eq' needs a mask" : "a mask belongs to 'masked-eq' only");
        return false;
    }
    if ((argument.value & ~argument.mask) != 0) {
        value.refuse("the value has bits that are not in the mask, so that it can never be met");
        return false;
    }
    if (argument.bits == 32 && argument.value >> 32 != 0) {
        value.refuse("the value is larger than 32 bits");
        return false;
    }
    return true;
}

// The member if it is there and good; the problem of a missing one that is needed is reported.
template <class Read>
auto read_member(const Value& table, std::string_view name, std::string_view form, Read read)
    -> decltype(read(table)) {
    const auto member = table.member(name, form);
    if (member) return read(*member);
    table.miss(name);
    return std::nullopt;
}

std::optional<SeccompArgument> read_argument(const Value& value) {
    if (!value.is_table()) {
        value.mismatch();
        return std::nullopt;
    }
    constexpr std::string_view names[] = {"index", "op", "value", "mask", "bits"};
    value.allow_members(names);
    const auto index = read_member(value, "index", "the number of an argument, from 0 to 5",
                                   [](const Value& member) { return member.integer(0, 5); });
    const auto op = read_member(value, "op", "the name of a comparison", read_comparison);
    const auto number = read_member(value, "value", number_form, read_number);
    if (!index || !op || !number) return std::nullopt;

    SeccompArgument argument{.index = static_cast<unsigned>(*index), .op = *op, .value = *number};
    const auto mask = value.member("mask", number_form);
    if (mask) {
        const auto bits = read_number(*mask);
        if (!bits) return std::nullopt;
        argument.mask = *bits;
    }
    if (const auto bits = value.member("bits", "32 or 64")) {
        const auto width = bits->if_integer();
        if (width != 32 && width != 64) {
            bits->mismatch();
            return std::nullopt;
        }
        argument.bits = static_cast<unsigned>(*width);
    }
    if (!is_sensible(value, argument, mask.has_value())) return std::nullopt;
    return argument;
}

std::optional<std::string> read_call(const Value& value) {
    auto word = value.word();
    if (!word || value.vocabulary().is_syscall_word(*word)) return word;
    value.refuse("there is no system call or set " + quoted(*word),
                 value.nearest(*word, value.vocabulary().syscall_words));
    return std::nullopt;
}

std::optional<SeccompAction> read_action(const Value& value) {
    const auto word = value.word();
    if (!word) return std::nullopt;
    const auto action = find_action(*word);
    if (!action) value.mismatch(nearest_action(value, *word));
    return action;
}

std::optional<SeccompRule> read_rule(const Value& value) {
    if (!value.is_table()) {
        value.mismatch();
        return std::nullopt;
    }
    constexpr std::string_view names[] = {"syscalls", "action", "args"};
    value.allow_members(names);
    SeccompRule rule;
    const auto action = read_member(value, "action", action_form, read_action);
    constexpr std::string_view calls_form = "an array of system calls and sets";
    if (const auto calls = value.member("syscalls", calls_form)) {
        rule.syscalls = list_of(*calls, "a system call such as \"ioctl\"", read_call);
        if (calls->is_array() && calls->is_empty()) calls->refuse("it names no system call");
    } else {
        value.miss("syscalls");
    }
    if (const auto args = value.member("args", "an array of conditions")) {
        rule.args = list_of(*args, argument_form, read_argument);
    }
    if (!action) return std::nullopt;
    rule.action = *action;
    return rule;
}

void read_rules(const Value& value, Unit& unit) {
    unit.seccomp->rules = list_of(value, rules_form, read_rule);
}

constexpr Key seccomp_table[] = {
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
            "names, else the default, or EPERM where the default lets calls through. io_uring(7), "
            "which makes many calls in its own way, answers ENOSYS where one of them is denied, "
            "unless one of its three calls is given an action of its own "
            "(\"io_uring_setup:allow\").",
        .operation = "seccomp(2) SECCOMP_SET_MODE_FILTER",
        .source = "seccomp(2)",
        .systemd = "SystemCallFilter=~",
        .read = read_deny,
    },
    {
        .path = "seccomp.rules",
        .form = rules_form,
        .fallback = "[]",
        .documentation =
            "What calls answer that have certain arguments. The first rule whose args all hold "
            "decides, before allow, deny and default. op is eq, ne, lt, le, gt, ge, or masked-eq, "
            "which compares the bits of mask; numbers are unsigned. An argument that the kernel "
            "takes as a 32-bit number, such as the request of ioctl, is compared by its low half, "
            "so that bits above it hide nothing; bits = 32 or 64 says it for an argument whose "
            "width is not known here. A filter sees pointers, but not what they point to: where "
            "the "
            "arguments of clone, open, openat or sched_setscheduler are denied, clone3, openat2 or "
            "sched_setattr answers ENOSYS, unless a rule names it or an entry gives it an action.",
        .operation = "seccomp(2) SECCOMP_SET_MODE_FILTER",
        .source = "seccomp(2)",
        .systemd = "",
        .read = read_rules,
    },
};

}  // namespace

std::span<const Key> seccomp_keys() {
    return seccomp_table;
}

}  // namespace confinit
