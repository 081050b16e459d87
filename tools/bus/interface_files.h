// SPDX-License-Identifier: Apache-2.0
// The introspection files of the D-Bus interfaces, written from the tables that register them.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace confinit {

// The name of each interface, and its XML.
std::vector<std::pair<std::string, std::string>> interface_files();

}  // namespace confinit
