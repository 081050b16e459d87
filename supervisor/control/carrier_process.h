// SPDX-License-Identifier: Apache-2.0
// The carrier's own side: the program of PID 1, executed again under another name, carries the
// streams of one entered command over the connection of its caller.
#pragma once

#include <span>

namespace confinit {

// Its first argument, by which main() knows it. The others are the numbers of its descriptors: the
// connection, the pipe from PID 1, and the master of a terminal or three pipes.
inline constexpr const char* carrier_name = "confinit-stream";

bool is_carrier(int count, char** arguments);

// Ends when the command has ended and all is sent, when its caller goes or sends what is no frame,
// or when PID 1 goes. The exit status says nothing.
int run_carrier(std::span<char* const> numbers);

}  // namespace confinit
