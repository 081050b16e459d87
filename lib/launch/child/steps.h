// SPDX-License-Identifier: Apache-2.0
// The steps of the child, by theme. Each returns whether it succeeded; a failed system call is
// noted in the context, and the launch ends there.
#pragma once

#include "launch/child/context.h"

namespace confinit {

// child/separation.cc
bool separate(ChildContext& child);
bool end_ownership(ChildContext& child);

// child/witnesses.cc
bool look_at_witnesses(ChildContext& child);

// child/process.cc: what fork(2) and execve(2) would hand down.
bool wait_for_parent(ChildContext& child);
bool open_terminal(ChildContext& child);
bool place_streams(ChildContext& child);
bool begin_session(ChildContext& child);
bool set_rlimits(ChildContext& child);
bool enter_working_directory(ChildContext& child);
bool set_umask(ChildContext& child);
bool close_descriptors(ChildContext& child);

// child/preparation.cc
bool wait_for_preparer(ChildContext& child);
// child/scheduling.cc
bool set_scheduling(ChildContext& child);
bool make_keyring(ChildContext& child);

// child/namespaces.cc
bool make_time_namespace(ChildContext& child);
bool join_namespaces(ChildContext& child);
bool fork_into_pid_namespace(ChildContext& child);
bool make_cgroup_namespace(ChildContext& child);
bool set_hostname(ChildContext& child);
bool bring_up_loopback(ChildContext& child);
bool join_user_namespace(ChildContext& child);

// child/mounts.cc
bool set_up_mounts(ChildContext& child);

// child/reaper.cc
bool fork_below_reaper(ChildContext& child);
bool wait_for_reaper(ChildContext& child);

// child/credentials.cc
bool limit_capabilities(ChildContext& child);
bool change_groups(ChildContext& child);
bool change_user(ChildContext& child);
bool set_final_capabilities(ChildContext& child);
bool forbid_new_privileges(ChildContext& child);
bool load_filter(ChildContext& child);

}  // namespace confinit
