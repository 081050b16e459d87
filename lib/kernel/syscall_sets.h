// SPDX-License-Identifier: Apache-2.0
// System calls by name, and our own named sets of them ("@base", "@mount", "@system-service").
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// The version of the sets' contents; a set never changes its meaning within a version. All units
// have the newest one. In version 2 @system-service has @sandbox: a program may confine itself.
inline constexpr int syscall_sets_version = 2;

struct SyscallSet {
    std::string_view name;  // "@mount"
    std::string_view description;
    std::span<const std::string_view> members;  // names and other sets
};

std::span<const SyscallSet> syscall_sets();

// Whose numbers: the machine's own, or those of 32-bit programs on x86-64.
enum class SyscallAbi { native, x86 };

// The names in a set, other sets resolved, without those that the architecture does not have;
// absent when there is no such set.
std::optional<std::vector<std::string_view>> syscalls_in_set(std::string_view set,
                                                             SyscallAbi abi = SyscallAbi::native);

// The number on the architecture; absent when there is no such call on it.
std::optional<int> syscall_number(std::string_view name, SyscallAbi abi = SyscallAbi::native);

// Whether any architecture has a call of this name, so that a unit may list it everywhere.
bool is_syscall_name(std::string_view name);

// "openat", or "syscall 9999" when the number is not known.
std::string syscall_name(int number, SyscallAbi abi = SyscallAbi::native);

// All calls known on the architecture, by number.
std::span<const int> known_syscalls(SyscallAbi abi = SyscallAbi::native);

// Every valid word, calls and sets, for suggestions.
std::span<const std::string_view> syscall_words();

}  // namespace confinit
