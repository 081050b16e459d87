// SPDX-License-Identifier: Apache-2.0
// Cgroup: one cgroup v2 node, reached by descriptor so that renames cannot redirect it.
//
// The files and their meaning: Documentation/admin-guide/cgroup-v2.rst of the kernel.
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

class Cgroup {
public:
    // An existing node by the path of its directory.
    static Result<Cgroup> open(const std::string& path);

    // The same node, by a descriptor of its own.
    Result<Cgroup> duplicate() const;

    // mkdir(2) of a child node; EEXIST is an error, because a node that was killed once may kill
    // what is cloned into it.
    Result<Cgroup> make_child(const std::string& name) const;
    Result<Cgroup> open_child(const std::string& name) const;

    // Removes a child node with everything below it, deepest first: EBUSY while processes live, and
    // when more than some thousand nodes are below, of which each call removes a part.
    Status remove_child(const std::string& name) const;

    Status write(const std::string& file, std::string_view value) const;
    Result<std::string> read(const std::string& file) const;  // without the last newline

    // The number after a word of a flat keyed file: read_field("memory.events", "oom_kill").
    Result<std::uint64_t> read_field(const std::string& file, std::string_view field) const;

    Result<bool> is_populated() const;             // cgroup.events, "populated"
    Result<std::vector<int>> process_ids() const;  // cgroup.procs, ours to see
    // Those of every node below as well. In a threaded node the kernel tells none: the nearest
    // node above that is not threaded has them.
    Result<std::vector<int>> all_process_ids() const;
    Result<std::vector<std::string>> controllers() const;          // cgroup.controllers
    Result<std::vector<std::string>> enabled_controllers() const;  // cgroup.subtree_control
    Status kill() const;                                           // cgroup.kill
    Status freeze(bool frozen) const;                              // cgroup.freeze

    // fchown(2) of the directory and all its files that can be written.
    Status give_files_to(unsigned uid) const;

    // fchown(2) of the directory and of the files by which processes move and controllers are
    // enabled below it: cgroup-v2.rst, "Model of Delegation". All others stay ours.
    Status give_to(unsigned uid, unsigned gid) const;

    const Fd& directory() const { return directory_; }
    const std::string& path() const { return path_; }

private:
    Cgroup(Fd directory, std::string path)
        : directory_(std::move(directory)), path_(std::move(path)) {}

    Fd directory_;
    std::string path_;
};

// The names of the nodes right below the one with this directory, at most so many.
Result<std::vector<std::string>> child_nodes(const Fd& node, std::size_t most);

// The controller that a file belongs to: "memory" of "memory.max"; empty for cgroup.* files.
std::string_view controller_of(std::string_view file);

// The text that the kernel will show after `value` was written to `file`, for comparisons:
// "0,1,2" reads back as "0-2", sizes are cut to whole pages, "100" of io.weight is "default 100".
std::string normal_value(std::string_view file, std::string_view value);

// Whether the text of a file shows this normal value: as the whole, or, in a file with a line for
// each device, as one of its lines.
bool shows_value(std::string_view text, std::string_view normal);

}  // namespace confinit
