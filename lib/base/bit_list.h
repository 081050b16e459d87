// SPDX-License-Identifier: Apache-2.0
// Bit lists: sets of CPUs as the kernel writes them, "0-3,6", and as bits, 64 a word.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// Absent when it is no such list, or has a number beyond all CPUs that a kernel is built for.
std::optional<std::vector<std::uint64_t>> parse_bit_list(std::string_view text);

std::string bit_list_text(std::span<const std::uint64_t> words);

}  // namespace confinit
