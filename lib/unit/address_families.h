// SPDX-License-Identifier: Apache-2.0
// The socket families of address_families(7) by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// "unix", "AF_UNIX", "local" -> 1; absent when there is no such family.
std::optional<unsigned> address_family(std::string_view name);

// "unix" for "AF_UNIX", and the names that it is to be compared with.
std::string short_family_name(std::string_view name);
std::vector<std::string_view> address_family_names();

}  // namespace confinit
