// SPDX-License-Identifier: Apache-2.0
// The order of a service's mounts, and what a mount takes over from the paths that it lies in.
//
// Everything is sorted by the depth of its path, so that an op never covers or changes what one
// with a longer path has made: the longest path wins.
#pragma once

#include "launch/child_plan.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// The order of things that are done at one and the same path.
enum class Turn { file_systems, read_write, exec, read_only, no_exec, inaccessible };

struct PlannedOp {
    MountDraft op{};
    std::string key;
    std::string target;  // without symbolic links
    Turn turn = Turn::file_systems;
    bool is_directory = false;  // what is mounted, as far as that is known
    bool is_preset = false;     // left out where its path does not exist
    std::size_t position = 0;
};

// Ops with the same path and turn stay in their order.
void sort_by_depth(std::vector<PlannedOp>& ops);

// The mount of the launch that the target lies in; null where that is the host's.
enum class OwnMount { counts, is_left_out };  // one at the target itself
const PlannedOp* find_covering_mount(const std::vector<PlannedOp>& ops, const PlannedOp& planned,
                                     OwnMount own);

// The same, when it is a tmpfs; else null.
const PlannedOp* find_covering_tmpfs(const std::vector<PlannedOp>& ops, const PlannedOp& planned);

// The last mount of the launch on the service's root itself, which becomes the root; or null.
const PlannedOp* find_mount_on_root(const std::vector<PlannedOp>& ops);

// A path below a directory as it is seen from there: "/b" for "/a/b" in "/a", all of it in "/".
std::string path_below(const std::string& path, std::string_view directory);

// Adds to each op what the longest paths say that it cannot know itself: whatever a launch mounts
// within a no_exec path forbids execution, and a path that has only its execution given back stays
// read-only. The ops are in their order.
void inherit_attributes(std::vector<PlannedOp>& ops);

}  // namespace confinit
