// SPDX-License-Identifier: Apache-2.0
// Looking up system calls by name and number, and resolving sets to their members.
#include "kernel/syscall_sets.h"

#include <algorithm>
#include <array>
#include <seccomp.h>
#include <span>
#include <utility>

namespace confinit {

namespace {

using NumberedName = std::pair<int, std::string_view>;

// Made by print_call_table.
#include <kernel/call_table.inc>

template <std::size_t count>
consteval auto sorted_by_name(std::array<NumberedName, count> calls) {
    std::ranges::sort(calls, {}, &NumberedName::second);
    return calls;
}

template <std::size_t count>
consteval auto numbers_of(const std::array<NumberedName, count>& calls) {
    std::array<int, count> numbers{};
    std::ranges::transform(calls, numbers.begin(), &NumberedName::first);
    return numbers;
}

// The calls of one architecture.
struct KnownCalls {
    std::span<const int> numbers;
    std::span<const NumberedName> by_number;
    std::span<const NumberedName> by_name;
};

constexpr auto native_numbers = numbers_of(native_calls);
constexpr auto native_by_name = sorted_by_name(native_calls);
constexpr auto x86_numbers = numbers_of(x86_calls);
constexpr auto x86_by_name = sorted_by_name(x86_calls);

constexpr KnownCalls known_calls(SyscallAbi abi) {
    return abi == SyscallAbi::native ? KnownCalls{native_numbers, native_calls, native_by_name}
                                     : KnownCalls{x86_numbers, x86_calls, x86_by_name};
}

bool is_set_name(std::string_view word) {
    return word.starts_with('@');
}

const SyscallSet* find_set(std::string_view name) {
    const auto sets = syscall_sets();
    const auto found = std::ranges::find(sets, name, &SyscallSet::name);
    return found == sets.end() ? nullptr : &*found;
}

void sort_and_unite(std::vector<std::string_view>& names) {
    std::ranges::sort(names);
    const auto repeated = std::ranges::unique(names);
    names.erase(repeated.begin(), repeated.end());
}

void add_members(const SyscallSet& set, SyscallAbi abi, std::vector<std::string_view>& names) {
    for (const auto member : set.members) {
        if (!is_set_name(member)) {
            if (syscall_number(member, abi)) names.push_back(member);
            continue;
        }
        if (const auto* inner = find_set(member)) add_members(*inner, abi, names);
    }
}

bool is_listed_in_a_set(std::string_view name) {
    return std::ranges::any_of(syscall_sets(), [name](const SyscallSet& set) {
        return std::ranges::find(set.members, name) != set.members.end();
    });
}

std::vector<std::string_view> collect_words() {
    std::vector<std::string_view> words;
    for (const auto& [number, name] : native_by_name)
        words.push_back(name);
    for (const auto& set : syscall_sets()) {
        words.push_back(set.name);
        words.insert(words.end(), set.members.begin(), set.members.end());
    }
    sort_and_unite(words);
    return words;
}

}  // namespace

std::optional<std::vector<std::string_view>> syscalls_in_set(std::string_view set, SyscallAbi abi) {
    const auto* found = find_set(set);
    if (found == nullptr) return std::nullopt;
    std::vector<std::string_view> names;
    add_members(*found, abi, names);
    sort_and_unite(names);
    return names;
}

std::optional<int> syscall_number(std::string_view name, SyscallAbi abi) {
    const auto by_name = known_calls(abi).by_name;
    const auto found = std::ranges::lower_bound(by_name, name, {}, &NumberedName::second);
    if (found == by_name.end() || found->second != name) return std::nullopt;
    return found->first;
}

bool is_syscall_name(std::string_view name) {
    if (syscall_number(name)) return true;
    // libseccomp takes a text that ends at its first NUL byte.
    if (name.empty() || is_set_name(name) || name.contains('\0')) return false;
    if (seccomp_syscall_resolve_name(std::string(name).c_str()) != __NR_SCMP_ERROR) return true;
    return is_listed_in_a_set(name);
}

std::string syscall_name(int number, SyscallAbi abi) {
    const auto by_number = known_calls(abi).by_number;
    const auto found = std::ranges::lower_bound(by_number, number, {}, &NumberedName::first);
    if (found == by_number.end() || found->first != number) {
        return "syscall " + std::to_string(number);
    }
    return std::string{found->second};
}

std::span<const int> known_syscalls(SyscallAbi abi) {
    return known_calls(abi).numbers;
}

std::span<const std::string_view> syscall_words() {
    static const std::vector<std::string_view> words = collect_words();
    return words;
}

}  // namespace confinit
