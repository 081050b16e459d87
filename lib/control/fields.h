// SPDX-License-Identifier: Apache-2.0
// Members of a JSON object that came from outside: present and of the wanted type, or absent.
#pragma once

#include "control/message.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// The member, or null when it is absent, is JSON's null, or `object` is no object at all.
const Json* find_field(const Json& object, std::string_view name);

std::optional<std::string> find_string(const Json& object, std::string_view name);
std::optional<bool> find_bool(const Json& object, std::string_view name);

// A whole number that fits; 1.0 is none.
std::optional<std::int64_t> find_integer(const Json& object, std::string_view name);

// An array of nothing but strings.
std::optional<std::vector<std::string>> find_strings(const Json& object, std::string_view name);

// The member as an array or an object, or null.
const Json* find_array(const Json& object, std::string_view name);
const Json* find_object(const Json& object, std::string_view name);

// With what stands for an absent member.
std::string string_or(const Json& object, std::string_view name, std::string_view fallback = {});
std::int64_t integer_or(const Json& object, std::string_view name, std::int64_t fallback = 0);
bool bool_or(const Json& object, std::string_view name, bool fallback = false);

}  // namespace confinit
