// SPDX-License-Identifier: Apache-2.0
// Looking up system calls by name and number, and resolving sets to their members.
#include "kernel/syscall_sets.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <seccomp.h>
#include <utility>

namespace confinit {

namespace {

using NumberedName = std::pair<int, std::string_view>;

// Calls that libseccomp 2.5 may be too old to know. Since Linux 5.1 a new call has one number on
// all architectures, save for those below 424.
constexpr NumberedName newer_calls[] = {
    {450, "set_mempolicy_home_node"},
    {451, "cachestat"},
    {452, "fchmodat2"},
    {453, "map_shadow_stack"},
    {454, "futex_wake"},
    {455, "futex_wait"},
    {456, "futex_requeue"},
    {457, "statmount"},
    {458, "listmount"},
    {459, "lsm_get_self_attr"},
    {460, "lsm_set_self_attr"},
    {461, "lsm_list_modules"},
    {462, "mseal"},
    {463, "setxattrat"},
    {464, "getxattrat"},
    {465, "listxattrat"},
    {466, "removexattrat"},
    {467, "open_tree_attr"},
    {468, "file_getattr"},
    {469, "file_setattr"},
};

// Above every number in use, with room for a libseccomp of some years from now.
constexpr int scanned_numbers = 1024;

struct FreeText {
    // libseccomp hands out memory of malloc(3).
    // NOLINTNEXTLINE(cppcoreguidelines-no-malloc, cppcoreguidelines-owning-memory)
    void operator()(char* text) const { std::free(text); }
};

#ifdef __x86_64__
constexpr int uretprobe_number = 335;
#else
constexpr int uretprobe_number = -1;
#endif

std::string_view newer_name(int number, SyscallAbi abi) {
    if (abi == SyscallAbi::native && number == uretprobe_number) return "uretprobe";
    const auto* found = std::ranges::find(newer_calls, number, &NumberedName::first);
    return found == std::end(newer_calls) ? std::string_view() : found->second;
}

// The calls of one architecture, in the order of numbers: the index into both lists.
struct KnownCalls {
    std::vector<int> numbers;
    std::vector<std::string> names;
    std::vector<NumberedName> by_name;
};

KnownCalls read_calls(SyscallAbi abi) {
    const std::uint32_t architecture = abi == SyscallAbi::x86 ? SCMP_ARCH_X86 : SCMP_ARCH_NATIVE;
    KnownCalls calls;
    for (int number = 0; number < scanned_numbers; ++number) {
        const std::unique_ptr<char, FreeText> known(
            seccomp_syscall_resolve_num_arch(architecture, number));
        const std::string_view name = known ? known.get() : newer_name(number, abi);
        if (name.empty()) continue;
        calls.numbers.push_back(number);
        calls.names.emplace_back(name);
    }
    for (std::size_t index = 0; index < calls.numbers.size(); ++index) {
        calls.by_name.emplace_back(calls.numbers[index], calls.names[index]);
    }
    std::ranges::sort(calls.by_name, {}, &NumberedName::second);
    return calls;
}

// A constant that libseccomp holds, read once: a lookup there is a walk through its whole table.
const KnownCalls& known_calls(SyscallAbi abi) {
    static const KnownCalls native = read_calls(SyscallAbi::native);
    if (abi == SyscallAbi::native) return native;
    static const KnownCalls x86 = read_calls(SyscallAbi::x86);
    return x86;
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
    const auto& names = known_calls(SyscallAbi::native).names;
    std::vector<std::string_view> words(names.begin(), names.end());
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
    const auto& by_name = known_calls(abi).by_name;
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
    const auto& [numbers, names, by_name] = known_calls(abi);
    const auto found = std::ranges::lower_bound(numbers, number);
    if (found == numbers.end() || *found != number) return "syscall " + std::to_string(number);
    return names[static_cast<std::size_t>(found - numbers.begin())];
}

std::span<const int> known_syscalls(SyscallAbi abi) {
    return known_calls(abi).numbers;
}

std::span<const std::string_view> syscall_words() {
    static const std::vector<std::string_view> words = collect_words();
    return words;
}

}  // namespace confinit
