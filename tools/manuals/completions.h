// SPDX-License-Identifier: Apache-2.0
// The tables in the completions of packaging/completions, from the table of verbs.
#pragma once

#include <string>

namespace confinit {

// Where unit files are looked for, apart from each other by spaces.
std::string unit_folders();

std::string bash_verbs_part();
std::string bash_arguments_part();
std::string bash_values_part();

std::string zsh_options_part();
std::string zsh_verbs_part();
std::string zsh_arguments_part();

std::string fish_part();

}  // namespace confinit
