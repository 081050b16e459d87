// SPDX-License-Identifier: Apache-2.0
// The start of the launcher: what a copy of the parent does until it executes confinit-launcher.
#pragma once

namespace confinit {

// Executes the program with the link and the memory of the slots as LaunchOrder has them, and with
// an argument where `own_user` is the real user id. It keeps the rules of the child.
[[noreturn]] void run_launcher(int program, int link, int slots) noexcept;

// None is ignored from now on, as it may be where PID 1 comes from, nor in copies of this process.
void ignore_no_signal() noexcept;

// This process's oom_score_adj in the kernel's own /proc, for reading and writing; -1 without one.
int open_own_oom_score() noexcept;

}  // namespace confinit
