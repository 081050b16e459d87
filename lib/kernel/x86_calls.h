// SPDX-License-Identifier: Apache-2.0
// What the system calls of 32-bit programs on x86-64 have of their own: more calls for the same
// thing, and other places of arguments.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace confinit {

// The calls that do what this one does and that only 32-bit programs have: mmap2 for mmap.
std::vector<std::string_view> x86_variants(std::string_view call);

// The first argument of a 32-bit call that a filter does not find where the native call of this
// name, or that it is a variant of, has it: it lies in memory, is two words, or stands behind such.
std::optional<unsigned> first_moved_argument(std::string_view call);

// Whether the call takes user and group ids of 16 bits: chown, where chown32 takes all of them.
bool takes_short_ids(std::string_view call);

}  // namespace confinit
