// SPDX-License-Identifier: Apache-2.0
// Names of units as the last part of an object path, and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace confinit {

inline constexpr std::string_view bus_name = "org.confinit";
inline constexpr std::string_view root_path = "/org/confinit";
inline constexpr std::string_view manager_path = "/org/confinit/Manager";
inline constexpr std::string_view unit_path_prefix = "/org/confinit/unit/";
inline constexpr std::string_view job_path_prefix = "/org/confinit/job/";

// Escapes as sd_bus_path_encode(3) does: a byte that is no letter or digit, and a digit in the
// first place, becomes '_' and two hexadecimal digits; the empty name is "_".
std::string encode_label(std::string_view name);

// Absent for a text that encode_label() does not make.
std::optional<std::string> decode_label(std::string_view label);

std::string unit_path(std::string_view unit);
std::string job_path(std::uint64_t job);

}  // namespace confinit
