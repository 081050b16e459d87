// SPDX-License-Identifier: Apache-2.0
// MountTable: the mounts that a process sees, from its /proc/PID/mountinfo.
//
// Format: proc_pid_mountinfo(5). Reading it asks no file system, so that one that hangs cannot
// hold up the reader.
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace confinit {

struct Mount {
    int id = 0;
    int parent = 0;
    std::string device;                    // "8:1": tells file systems apart
    std::string root;                      // the directory of the file system that is mounted
    std::string target;                    // seen from the process's root directory
    std::vector<std::string> options;      // of this mount: ro, nosuid, nodev, noexec, ...
    std::vector<std::string> propagation;  // "shared:2", "master:1", ...
    std::string type;                      // "ext4"
    std::string source;
    std::vector<std::string> super_options;  // of the file system: "hidepid=invisible"

    bool has_option(std::string_view option) const;
    bool has_super_option(std::string_view option) const;
};

// In bytes: a table of some ten thousand mounts. More is no table that a service should see.
inline constexpr std::size_t longest_mount_table = std::size_t{8} << 20;

class MountTable {
public:
    static Result<MountTable> parse(std::string_view text);
    static Result<MountTable> read(const Fd& process);  // a descriptor of /proc/PID
    static Result<MountTable> read_own();

    const std::vector<Mount>& mounts() const { return mounts_; }

    // The mount in which a path lies, null when the table has no root. The path is absolute and
    // without symbolic links; mounts that are hidden below others are left out.
    const Mount* find_mount(std::string_view path) const;

    // Those that find_mount can yield for the path or for something below it, the path's own first.
    std::vector<const Mount*> mounts_within(std::string_view path) const;

private:
    void index();
    const Mount* next_mount(const Mount& current, std::string_view path) const;

    std::vector<Mount> mounts_;
    std::optional<std::size_t> root_;
    // What is mounted at a target in a parent; of two the later one, which was put on top.
    std::map<std::pair<int, std::string>, std::size_t> children_;
};

// Whether the path is `directory` or lies below it.
bool is_within(std::string_view path, std::string_view directory);

// What is behind a path: the file system's device and the path inside of it, the same for every
// mount of it.
struct MountedObject {
    std::string device;
    std::string path;

    bool operator==(const MountedObject&) const = default;
};
MountedObject object_at(const Mount& mount, std::string_view path);

// "\040" as the space that it stands for.
std::string unescape_octal(std::string_view text);

}  // namespace confinit
