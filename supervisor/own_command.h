// SPDX-License-Identifier: Apache-2.0
// The one command that a supervisor runs in place of units: `confinit -- COMMAND`, as an init that
// is wrapped around a program in a container.
#pragma once

#include "unit/unit.h"

#include <array>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

inline constexpr std::string_view own_command_name = "command";

// Beside the signals that end everything: the command gets these, and decides by itself.
inline constexpr std::array passed_signals{SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};

// As a unit. It has the streams, the environment and the directory of the supervisor, and a
// terminal that the supervisor can give away.
Unit own_command(const std::vector<std::string>& words, const std::string& directory);

}  // namespace confinit
