// SPDX-License-Identifier: Apache-2.0
// The words of systemd's unit files: the keys that answer to them, and what to do where none does.
#pragma once

#include "unit/keys.h"

#include <span>
#include <string_view>
#include <vector>

namespace confinit {

// The directives that a key answers to, "Type=notify" with the value that it is for:
// "StateDirectory=", "StateDirectoryMode=".
std::vector<std::string_view> directives_of(const Key& key);

// The keys that answer to a directive, written as in any case and with or without a value:
// "MemoryMax", "memorymax=", "MemoryMax=64M". One whose row names that very value, such as
// "Type=notify", comes alone.
std::vector<const Key*> keys_for_directive(std::string_view word);

// The advice for a directive, a value such as "Type=forking" or a section such as "[Install]" that
// no key answers to: a sentence without its full stop, or an empty one where the
// word is none of systemd's that is known here.
std::string_view advice_for_directive(std::string_view word);

// All words with advice; those that end in '*' stand for all that begin so.
std::vector<std::string_view> advised_directives();

}  // namespace confinit
