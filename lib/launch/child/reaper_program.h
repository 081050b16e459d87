// SPDX-License-Identifier: Apache-2.0
// The child and confinit-reaper agree on the descriptors that the reaper is born with.
#pragma once

namespace confinit {

inline constexpr int reaper_exit_socket = 0;   // takes one LaunchReport
inline constexpr int reaper_main_process = 1;  // a pidfd of the main process, our child
inline constexpr int reaper_ready_pipe = 2;    // takes one byte once the reaper has locked itself

}  // namespace confinit
