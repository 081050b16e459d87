// SPDX-License-Identifier: Apache-2.0
// ServiceView: what a service will find at a path, told from the host before anything is mounted.
//
// For those who may wait: a file system of the network or of a process answers when it likes. It
// walks a path component by component below the service's root directory, follows symbolic
// links inside of it, and goes over to the source of a bind mount where one is planned. What only
// the launch itself brings (a tmpfs, a procfs) is unknown to it, see expect_launch().
#pragma once

#include "base/result.h"
#include "kernel/mount_table.h"
#include "launch/child_plan.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace confinit {

struct Lookup {
    enum class Presence { present, absent, unknown };

    Presence presence = Presence::unknown;
    std::string path;        // without symbolic links; up to the part that is absent
    std::string host_path;   // where the host has it, empty when that is unknown
    struct stat status{};    // of something present, not following a link
    int error = 0;           // of something absent: ENOENT, ENOTDIR, ELOOP
    bool is_noexec = false;  // the host's mount forbids to execute
    bool is_nosuid = false;  // and leaves set-id bits and file capabilities aside
};

// The host's files at its paths, each of them looked at once.
class HostLook;

// While it lives, all views see the host in one look. A plan is made within
// one: it takes dozens of look-ups of a few paths, and they should not differ from each other.
class SharedHostLook {
public:
    SharedHostLook();
    SharedHostLook(const SharedHostLook&) = delete;
    SharedHostLook& operator=(const SharedHostLook&) = delete;
    ~SharedHostLook();
};

class ServiceView {
public:
    // `root` is the host path of the service's root directory, "/" where it has the host's.
    explicit ServiceView(const std::string& root);

    // The root is a file system that is yet to be mounted.
    void hide_root();

    // The mounts are those of a launch to come: in a tmpfs of theirs is what they make there, and
    // nothing else.
    void expect_launch() { expects_launch_ = true; }

    // Takes note of a planned mount at a path without symbolic links.
    void add_mount(MountOpKind kind, const char* source, std::string target);

    Lookup find(std::string_view path) const;
    // The same, but a link at the very end of the path is not followed.
    Lookup find_name(std::string_view path) const;

    // The plan depends on the content of this file, which is read after this; false where there is
    // none.
    bool witness_content_of(std::string_view path) const;

    // Of what is mounted at exactly this path: "mqueue"; empty where that is nothing, or is yet to
    // be mounted.
    std::string type_of_mount(std::string_view path) const;

    // The path without symbolic links, as far as they can be followed.
    std::string resolve(std::string_view path) const;

private:
    enum class Cover { bind, hidden, empty };
    struct PlannedMount {
        std::string target;
        std::string source;
        Cover cover;
    };
    // A tree of paths: the host's own, or the service's.
    struct Tree {
        std::string root;
        std::vector<PlannedMount> mounts;
    };
    struct Walk;

    static const PlannedMount* nearest_mount(const Tree& tree, std::string_view path);
    static std::optional<std::string> host_path(const Tree& tree, std::string_view path);
    static Lookup look_in_empty(const Tree& tree, std::string_view path);
    Lookup look_at(const Tree& tree, const std::string& path) const;
    Walk walk(const Tree& tree, std::string_view path) const;

    std::shared_ptr<HostLook> host_look_;
    bool expects_launch_ = false;
    Tree host_{"/", {}};
    Tree service_{"/", {}};
};

}  // namespace confinit
