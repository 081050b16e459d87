// SPDX-License-Identifier: Apache-2.0
// Delegation: whether a node of the cgroup tree is ours to divide, when we are no PID 1.
#pragma once

#include "kernel/cgroup.h"

#include <string>

namespace confinit {

// The root of the whole tree, which has no file cgroup.type.
bool is_tree_root(const Cgroup& node);

// Succeeds for a node that was given to us: to root by the extended attribute trusted.delegate or
// user.delegate with the value 1, to anyone else by the owner of the directory and of the files
// that a delegation is about (cgroup-v2.rst, "Model of Delegation").
Status check_delegated(const Cgroup& node);

// "process 17 (sleep)", of a process in a node.
std::string process_text(int pid);

// Succeeds where no process lives in the node but this one; of our own pid namespace or not.
Status check_unshared(const Cgroup& node);

}  // namespace confinit
