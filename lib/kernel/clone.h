// SPDX-License-Identifier: Apache-2.0
// Clone: the ways to make a process in a cgroup node, and which of them this machine allows.
//
// clone(2), and "Controlling process placement" in Documentation/admin-guide/cgroup-v2.rst.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "kernel/cgroup.h"
#include "kernel/process.h"

#include <cstdint>
#include <string_view>

namespace confinit {

// From the best to the last resort. The kernel may have clone3(2) and still not grant it: a
// container's filter answers ENOSYS. And Linux from 6.14 on (and some older stable ones) kills what
// is cloned into a node when either that node or the caller's own has seen a cgroup.kill that the
// other has not.
enum class CloneMethod {
    clone3_into_node,  // CLONE_INTO_CGROUP: no moment outside of the node
    clone3_then_move,  // the parent writes cgroup.procs while the child waits for it
    clone_then_move,   // the same with clone(2)
};
std::string_view name(CloneMethod method);

// Makes a copy of this process, in new namespaces (CLONE_NEW*), and with clone3_into_node in the
// node (a directory descriptor, or -1 for none). In the copy the answer is empty: its pid is 0.
Result<Process> clone_process(CloneMethod method, std::uint64_t namespaces = 0, int node = -1);

// The call that it makes: "clone3".
std::string_view clone_call(CloneMethod method);

// Makes one process below `root` with each method until one lives, in a fresh node that goes again;
// without a root only the call itself is tried. It waits for the process, which ends at once.
CloneMethod probe_clone_method(const Cgroup* root);

}  // namespace confinit
