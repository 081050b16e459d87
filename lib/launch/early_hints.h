// SPDX-License-Identifier: Apache-2.0
// Early hints: what a failed launch says, and a look at the machine before it as well.
#pragma once

#include <string>
#include <string_view>

namespace confinit {

// A path leads through a file system that lets nobody look in, or whose server is gone.
inline constexpr std::string_view closed_way_hint =
    "a directory on the way may not be searched: a FUSE mount needs allow_root or allow_other, and "
    "a service with ids of its own what others are permitted; or name the mount point itself";
inline constexpr std::string_view dead_way_hint =
    "a FUSE mount on the way has lost its server; start that again or unmount it, or name the "
    "mount point itself";

// The way to a directory of the service's.
inline constexpr std::string_view link_hint = "a symbolic link is on the way; it is not followed";

// A mount on what it does not fit.
inline constexpr std::string_view kinds_hint =
    "a directory can only be mounted on a directory, a file on a file or on a symbolic link that "
    "leads nowhere";
inline constexpr std::string_view layer_hint = "a layer of an overlay is a directory";

inline constexpr std::string_view closed_directory_hint = "the service's user may not enter it";

// Processors that a unit names.
inline constexpr std::string_view missing_cpu_hint =
    "a CPU of the list is not there, or not in the cpuset of the service";
inline std::string beyond_range_hint(std::string_view value) {
    return "the kernel was given '" + std::string{value} +
           "', which is outside of the file's range";
}

// The terminal that a unit names.
inline constexpr std::string_view no_terminal_hint = "the host has no such terminal";
inline constexpr std::string_view other_terminal_hint = "service.tty is no terminal";

// setns(2) into the user namespace that one is in.
inline constexpr std::string_view own_user_namespace_hint = "it is the supervisor's own";

// A procfs of the host's processes needs more than a user namespace.
inline constexpr std::string_view own_procfs_hint =
    "the supervisor lacks CAP_SYS_ADMIN over its pid namespace; with namespaces.pid = true the "
    "service has one of its own";

}  // namespace confinit
