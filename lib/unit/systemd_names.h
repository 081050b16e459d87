// SPDX-License-Identifier: Apache-2.0
// Names of systemd's units, such as "network.target", where a unit of ours is to be named.
#pragma once

#include <string>
#include <string_view>

namespace confinit {

// Advice on a name that no unit here has, as a clause for the end of a sentence; empty where the
// name has no ending of systemd's.
std::string advice_for_unit_name(std::string_view name);

// Whether it is a target that systemd boots, for which there is `default` here.
bool is_boot_target(std::string_view name);

}  // namespace confinit
