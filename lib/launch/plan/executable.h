// SPDX-License-Identifier: Apache-2.0
// Executable: why execve(2) refuses a service's program, told apart where the errno does not.
//
// ENOENT is a missing file, script interpreter or dynamic loader alike, and EACCES has five causes:
// execve(2), "ERRORS".
#pragma once

#include "launch/plan/plan.h"
#include "launch/plan/service_view.h"

#include <optional>

namespace confinit {

// Tells what makes it certain, before the launch, that the program cannot be executed. What only
// the launch can tell is left to it.
std::optional<Error> find_executable_fault(const LaunchPlan& plan, const ServiceView& view);

// A mount of the launch may make this certain of a program that is there: that nobody finds it, or
// that nobody may execute it.
std::optional<Error> find_mount_fault(const LaunchPlan& plan, const ServiceView& view);

// The same of a program that is there, by what the service's user may do, by the host's mount that
// it lies on, and by its first bytes.
std::optional<Error> find_use_fault(const LaunchPlan& plan, const ServiceView& view);

// The first directory on the way to a path without links, that itself included where it ends with a
// slash, which the service's user may not search. Nothing where that is not certain.
std::optional<std::string> find_closed_directory(const LaunchPlan& plan, const ServiceView& view,
                                                 const std::string& path);

// The failure of the child's execve(2) with this errno, with the likely cause as its hint.
Error explain_execve(const LaunchPlan& plan, int error);

// The plan's service sees its root alone before any of the mounts, and later all of them. In the
// view of a launch to come its file systems of memory are empty.
ServiceView make_root_view(const LaunchPlan& plan);
ServiceView make_service_view(const LaunchPlan& plan);
ServiceView make_launch_view(const LaunchPlan& plan);

}  // namespace confinit
