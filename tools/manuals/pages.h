// SPDX-License-Identifier: Apache-2.0
// The parts of the manuals that come from the tables, as text in scdoc. The pages in doc/man say
// where each of them belongs.
#pragma once

#include <string>

namespace confinit {

// From the table of verbs: the options of svctl, its verbs, and its exit codes.
std::string svctl_options_part();
std::string verbs_part();
std::string exit_codes_part();

// From the key table: every key, with the headings of their tables.
std::string keys_part();

// From the description of the control interface and the table of its methods.
std::string protocol_part();
std::string methods_part();
std::string errors_part();
std::string types_part();

}  // namespace confinit
