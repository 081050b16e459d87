// SPDX-License-Identifier: Apache-2.0
// Filters as text: what a call is answered, and the instructions of a program.
#pragma once

#include "kernel/syscall_filter.h"

#include <cstdint>
#include <string>
#include <vector>

namespace confinit {

// A SECCOMP_RET_* value in the words of unit files: "allow", "kill-process", "EPERM"; "errno 0" and
// "trace 7" where a word is not enough.
std::string decision_text(std::uint32_t decision);

// One line an instruction, with its number: "4: if == 0x3b go to 9, else 5".
std::vector<std::string> program_lines(const BpfProgram& program);

}  // namespace confinit
