// SPDX-License-Identifier: Apache-2.0
// The parts of verify(), each comparing one kind of kernel text with the plan; they read no file.
#pragma once

#include "kernel/mount_table.h"
#include "kernel/proc_status.h"
#include "launch/verify/verify.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

using VerifyItems = std::vector<VerifyItem>;

// The unit file's words for a key, or else this text.
std::string declared_text(const Unit& unit, std::string_view key, std::string fallback);

// Whether the unit file declares this key, a part of it or the table that it is in.
bool is_declared(const Unit& unit, std::string_view key);

// Adds what could not be read, as an item that differs.
void add_unread(VerifyItems& items, std::string_view key, const Error& error);

// verify/namespaces.cc: an item for each of the kernel's namespaces. `process` and `own` are
// directories of /proc.
void verify_namespaces(const Unit& unit, const LaunchPlan& plan, const Fd& process, const Fd& own,
                       VerifyItems& items);

// Whether the process is in the user namespace that its unit gives it, or in one that it has made
// below that. In the latter the kernel shows it all the capabilities over that namespace, and they
// reach nothing else.
enum class UserNamespacePlace { as_declared, own_below };
UserNamespacePlace user_namespace_place(const Unit& unit, const LaunchPlan& plan, const Fd& process,
                                        const Fd& own);

// Which process is PID 1 of a new pid namespace.
void verify_pid1(const Unit& unit, const ProcessStatus& status, VerifyItems& items);

// verify/process.cc: user, groups, capability sets, no_new_privs and umask. `own` is the status of
// the supervisor itself, whose filters count beside the service's.
void verify_status(const Unit& unit, const LaunchPlan& plan, const ProcessStatus& status,
                   const ProcessStatus& own, VerifyItems& items,
                   UserNamespacePlace place = UserNamespacePlace::as_declared);
void verify_limits(const Unit& unit, const LaunchPlan& plan, std::span<const ProcessLimit> limits,
                   VerifyItems& items);

// verify/seccomp.cc: whether there is a filter, and an item for each key that restricts calls.
void verify_seccomp(const Unit& unit, const LaunchPlan& plan, const ProcessStatus& status,
                    const ProcessStatus& own, VerifyItems& items);

// verify/scheduling.cc: how the kernel treats the process among others.
void verify_scheduling(const Unit& unit, const LaunchPlan& plan, const Fd& process,
                       pid_t main_process, VerifyItems& items);

// verify/mounts.cc: one item for each key of the plan's mounts.
void verify_mounts(const Unit& unit, const LaunchPlan& plan, const MountTable& service,
                   const MountTable& host, VerifyItems& items);

// verify/cgroup.cc: one item for a file, from its text or the failure to read it.
VerifyItem verify_cgroup_file(const Unit& unit, const CgroupSetting& setting,
                              const Result<std::string>& text);
// The node of a service with a subtree of its own: whose it is, and what works in there.
void verify_subtree(const Unit& unit, const LaunchPlan& plan, const Cgroup& node,
                    VerifyItems& items);
// Whether a path of /proc/PID/cgroup is the node at this directory.
bool is_cgroup_path_of(std::string_view path, std::string_view directory, const MountTable& own);
// The same for that node and all below it.
bool is_cgroup_path_within(std::string_view path, std::string_view directory,
                           const MountTable& own);

// verify/directories.cc: one item for each directory, which the items of its mount may have begun.
void verify_directories(const Unit& unit, const LaunchPlan& plan, VerifyItems& items);

// verify/protection.cc: one item for each preset, which the items of its paths may have begun.
void verify_protection(const Unit& unit, const ProcessStatus& status, VerifyItems& items,
                       UserNamespacePlace place = UserNamespacePlace::as_declared);

}  // namespace confinit
