// SPDX-License-Identifier: Apache-2.0
// The command line: parsed, and explained, by CLI11, which the source of this file alone includes
// since it takes seconds to compile.
#pragma once

#include "svctl/verbs.h"

#include <optional>
#include <span>
#include <string>

namespace confinit {

// The command line, without the program's name.
using Arguments = std::span<const std::string>;

// Why there is nothing to run.
struct ParseEnd {
    std::string text;
    bool is_fault;  // else the text is what was asked for: help or the version
};

// Puts the values of the arguments where the syntax of svctl itself and that of the verb, which may
// be absent, want them.
std::optional<ParseEnd> parse(const Syntax& common, const Verb* verb, const Syntax& own,
                              Arguments arguments);

std::string help_of_svctl();
std::string help_of(const Verb& verb);

}  // namespace confinit
