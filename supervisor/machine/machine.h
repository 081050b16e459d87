// SPDX-License-Identifier: Apache-2.0
// Machine: what we are the init of, and how it is made ready at boot.
#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// machine    PID 1 with the right to reboot: the last act is reboot(2)
// container  PID 1 of a container: the last act is exit(2)
// process    an ordinary process that adopts orphans (PR_SET_CHILD_SUBREAPER of prctl(2))
enum class Mode { machine, container, process };

std::string_view name(Mode mode);

// Decided once: by our pid, the pid namespace that we are in, and CAP_SYS_BOOT; not by $container.
Mode detect_mode();

// exit       a container or an ordinary process knows no other one
enum class FinalAct { power_off, reboot, halt, exit };

std::string_view name(FinalAct act);
std::optional<FinalAct> act_of(std::string_view name);

// As a machine: mounts what is absent of /proc /sys /dev /dev/pts /dev/shm /run /sys/fs/cgroup,
// makes links of /dev, sets the host name, brings lo up. Each failure is one message; boot goes on.
std::vector<Error> prepare_machine(Mode mode);

// Whether "confinit.NAME=VALUE" stands on the kernel's command line; every word that is not ours is
// somebody else's and ignored.
std::string kernel_word(std::string_view name);

// All words of ours on it, "confinit.NAME=VALUE".
std::vector<std::string> kernel_words();

}  // namespace confinit
