// SPDX-License-Identifier: Apache-2.0
// explain @SET: the version of the sets of system calls, and the members of one of them.
#include "svctl/explain_set.h"

#include "base/text.h"
#include "svctl/human.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>
#include <vector>

namespace confinit {
namespace {

std::string joined(std::span<const std::string_view> words) {
    std::string text;
    for (const std::string_view word : words)
        text.append(text.empty() ? "" : " ").append(word);
    return text;
}

// The calls that the set's sets bring, and its own.
std::vector<std::string_view> calls_here(const SyscallSet& set) {
    return syscalls_in_set(set.name).value_or(std::vector<std::string_view>{});
}

}  // namespace

const SyscallSet* find_syscall_set(std::string_view name) {
    const auto sets = syscall_sets();
    const auto found = std::ranges::find(sets, name, &SyscallSet::name);
    return found == sets.end() ? nullptr : &*found;
}

Refusal unknown_set(std::string_view name) {
    std::vector<std::string_view> names;
    for (const SyscallSet& set : syscall_sets())
        names.push_back(set.name);
    const auto nearest = nearest_word(name, names);
    std::string message =
        fmt::format("there is no set of system calls '{}'", escape_control_characters(name));
    if (nearest) message += fmt::format("; did you mean '{}'?", *nearest);
    return {.message = std::move(message), .parameters = {{"nearest", nearest.value_or("")}}};
}

std::optional<SyscallFacts> find_syscall(const std::string& word) {
    const auto number = parse_unsigned(word);
    SyscallFacts call{.name = word};
    if (number) {
        const auto known = known_syscalls();
        const bool is_known =
            std::ranges::any_of(known, [&](int one) { return std::cmp_equal(one, *number); });
        if (!is_known) return std::nullopt;
        call.name = syscall_name(static_cast<int>(*number));
    }
    if (!is_syscall_name(call.name)) return std::nullopt;
    call.number = syscall_number(call.name);
    for (const SyscallSet& set : syscall_sets()) {
        const auto calls = calls_here(set);
        if (std::ranges::find(calls, call.name) != calls.end()) call.sets.emplace_back(set.name);
    }
    return call;
}

std::string call_text(const SyscallFacts& call) {
    Table facts{4};
    facts.add({"number", call.number ? std::to_string(*call.number) : "none on this machine"});
    facts.add({"in the sets", call.sets.empty() ? "none" : join(call.sets, " ")});
    return fmt::format(
        "{}\n{}{}", call.name,
        wrapped("A system call. seccomp.allow lets it through, seccomp.deny and seccomp.rules say "
                "what it answers otherwise, and seccomp.default holds for what none of them names.",
                4),
        facts.text());
}

Json calls_json(std::span<const SyscallFacts> calls) {
    Json entries = Json::array();
    for (const SyscallFacts& call : calls) {
        entries.push_back({{"name", call.name}, {"sets", call.sets}});
        if (call.number) entries.back()["number"] = *call.number;
    }
    return entries;
}

std::string set_text(const SyscallSet& set) {
    Table facts{4};
    facts.add({"version", std::to_string(syscall_sets_version)});
    facts.add({"calls here", std::to_string(calls_here(set).size())});
    return fmt::format("{}\n{}\n{}    members\n{}", set.name, wrapped(set.description, 4),
                       facts.text(), wrapped(joined(set.members), 8));
}

Json sets_json(std::span<const SyscallSet* const> sets) {
    Json entries = Json::array();
    for (const SyscallSet* set : sets) {
        entries.push_back({{"name", set->name},
                           {"version", syscall_sets_version},
                           {"description", set->description},
                           {"members", std::vector(set->members.begin(), set->members.end())},
                           {"calls", calls_here(*set)}});
    }
    return entries;
}

}  // namespace confinit
