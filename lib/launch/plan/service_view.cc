// SPDX-License-Identifier: Apache-2.0
// ServiceView: what a service will find at a path, told from the host before anything is mounted.
#include "launch/plan/service_view.h"

#include "base/look_note.h"
#include "base/text.h"
#include "kernel/own_mounts.h"
#include "launch/plan/witnesses.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <map>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

constexpr int most_links = 40;  // the kernel's MAXSYMLINKS: path_resolution(7)

// File systems that need no other machine, no process and no other file system. Any other one keeps
// the planner, which may wait, rather than the child of a kept plan.
constexpr std::array<std::string_view, 27> own_types{
    "rootfs",   "ramfs",      "tmpfs",     "devtmpfs", "devpts", "sysfs",   "cgroup",
    "cgroup2",  "mqueue",     "bpf",       "nsfs",     "pstore", "debugfs", "tracefs",
    "configfs", "securityfs", "hugetlbfs", "efivarfs", "ext2",   "ext3",    "ext4",
    "xfs",      "btrfs",      "f2fs",      "squashfs", "erofs",  "vfat"};

bool answers_by_itself(std::string_view type) {
    return std::ranges::find(own_types, type) != own_types.end();
}

std::string append(std::string_view directory, std::string_view rest) {
    std::string path{directory == "/" ? std::string_view{} : directory};
    if (rest != "/") path += rest;
    return path.empty() ? "/" : path;
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::optional<std::string> read_link(const std::string& path) {
    std::array<char, PATH_MAX> text;
    const ssize_t size = readlink(path.c_str(), text.data(), text.size());
    if (size <= 0) return std::nullopt;
    return std::string{text.data(), static_cast<std::size_t>(size)};
}

// The parts of it that somebody asks for.
struct stat status_of(const struct statx& seen) {
    struct stat status{};
    status.st_dev = makedev(seen.stx_dev_major, seen.stx_dev_minor);
    status.st_ino = seen.stx_ino;
    status.st_rdev = makedev(seen.stx_rdev_major, seen.stx_rdev_minor);
    status.st_mode = seen.stx_mode;
    status.st_uid = seen.stx_uid;
    status.st_gid = seen.stx_gid;
    status.st_size = static_cast<off_t>(seen.stx_size);
    return status;
}

// The parts of a path still to be walked.
using Parts = std::deque<std::string>;

void push_front(Parts& parts, std::string_view path) {
    const auto words = split(path, '/');
    for (std::size_t i = words.size(); i > 0; --i) {
        if (!words[i - 1].empty() && words[i - 1] != ".") parts.emplace_front(words[i - 1]);
    }
}

std::string append_all(std::string path, const Parts& parts) {
    for (const std::string& part : parts)
        path = append(path, "/" + part);
    return path;
}

}  // namespace

// Where a walk along a path stands: `lookup` is of `current`, `parts` are still to come.
struct ServiceView::Walk {
    Parts parts;
    std::string current = "/";
    Lookup lookup;
    int links = 0;

    bool goes_on() const { return !parts.empty() && lookup.presence == Lookup::Presence::present; }

    void end(int error) {
        lookup.presence = Lookup::Presence::absent;
        lookup.error = error;
    }

    std::string next() {
        const std::string part = std::move(parts.front());
        parts.pop_front();
        return part == ".." ? parent_of(current) : append(current, "/" + part);
    }

    std::string path() const { return append_all(current, parts); }
};

class HostLook {
public:
    HostLook() : mounts_(own_mounts().value_or(nullptr)) {
        if (!mounts_) keep_no_plan();
    }

    // `path` of the answer is left out: that is the service's.
    const Lookup& at(const std::string& path) {
        const auto [place, is_new] = seen_.try_emplace(path);
        if (is_new) place->second = look(path);
        return place->second;
    }

    std::string type_of_mount(std::string_view path) const {
        const Mount* mount = mounts_ ? mounts_->find_mount(path) : nullptr;
        return mount != nullptr && mount->target == path ? mount->type : std::string{};
    }

private:
    Lookup look(const std::string& path) const {
        Lookup lookup;
        const Mount* mount = mounts_ ? mounts_->find_mount(path) : nullptr;
        // A procfs shows different things to different processes.
        if (mount == nullptr || mount->type == "proc") return lookup;
        note_path(path);
        if (!answers_by_itself(mount->type)) leave_out_witness(path);
        lookup.is_noexec = mount->has_option("noexec");
        lookup.is_nosuid = mount->has_option("nosuid");
        struct statx seen{};
        if (statx(AT_FDCWD, path.c_str(), witness_look, witness_mask, &seen) < 0)
            lookup.error = errno;
        witness(path, lookup.error, seen);
        if (lookup.error != 0) {
            const bool is_absent = lookup.error == ENOENT || lookup.error == ENOTDIR;
            lookup.presence = is_absent ? Lookup::Presence::absent : Lookup::Presence::unknown;
            return lookup;
        }
        lookup.status = status_of(seen);
        lookup.host_path = path;
        lookup.presence = Lookup::Presence::present;
        return lookup;
    }

    std::shared_ptr<const MountTable> mounts_;  // null where they cannot be read
    std::map<std::string, Lookup> seen_;
};

namespace {

// One thread makes plans, one at a time.
std::shared_ptr<HostLook> shared_look;

}  // namespace

SharedHostLook::SharedHostLook() {
    shared_look = std::make_shared<HostLook>();
}

SharedHostLook::~SharedHostLook() {
    shared_look.reset();
}

ServiceView::ServiceView(const std::string& root)
    : host_look_(shared_look != nullptr ? shared_look : std::make_shared<HostLook>()) {
    service_.root = walk(host_, root).path();
}

void ServiceView::hide_root() {
    service_.mounts.push_back({"/", {}, Cover::hidden});
}

void ServiceView::add_mount(MountOpKind kind, const char* source, std::string target) {
    switch (kind) {
    case MountOpKind::bind:
    case MountOpKind::device_node:
        service_.mounts.push_back({std::move(target), walk(host_, source).path(), Cover::bind});
        return;
    case MountOpKind::directory:
        if (!expects_launch_) return;
        [[fallthrough]];
    case MountOpKind::tmpfs:
        service_.mounts.push_back(
            {std::move(target), {}, expects_launch_ ? Cover::empty : Cover::hidden});
        return;
    case MountOpKind::proc:
    case MountOpKind::devpts:
    case MountOpKind::mqueue:
    case MountOpKind::overlay:
    case MountOpKind::cgroup:
    case MountOpKind::symlink:
    case MountOpKind::inaccessible:
        service_.mounts.push_back({std::move(target), {}, Cover::hidden});
        return;
    case MountOpKind::propagation:
    case MountOpKind::overlay_layer:
    case MountOpKind::seal:
    case MountOpKind::read_only:
    case MountOpKind::read_write:
    case MountOpKind::no_exec:
    case MountOpKind::exec:
    case MountOpKind::change_root:
    case MountOpKind::change_propagation:
        return;
    }
}

Lookup ServiceView::find(std::string_view path) const {
    return walk(service_, path).lookup;
}

Lookup ServiceView::find_name(std::string_view path) const {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos || path == "/") return find(path);
    const Walk parent = walk(service_, slash == 0 ? "/" : path.substr(0, slash));
    if (parent.lookup.presence != Lookup::Presence::present) return parent.lookup;
    return look_at(service_, append(parent.path(), path.substr(slash)));
}

bool ServiceView::witness_content_of(std::string_view path) const {
    if (!has_witnesses()) return true;
    const Lookup found = find(path);
    if (found.presence == Lookup::Presence::unknown) keep_no_plan();
    if (found.presence == Lookup::Presence::present) witness_content(found.host_path);
    return found.presence != Lookup::Presence::absent;
}

std::string ServiceView::type_of_mount(std::string_view path) const {
    const auto host = host_path(service_, resolve(path));
    return host ? host_look_->type_of_mount(*host) : std::string{};
}

std::string ServiceView::resolve(std::string_view path) const {
    return walk(service_, path).path();
}

const ServiceView::PlannedMount* ServiceView::nearest_mount(const Tree& tree,
                                                            std::string_view path) {
    const PlannedMount* nearest = nullptr;
    for (const PlannedMount& mount : tree.mounts) {
        if (!is_within(path, mount.target)) continue;
        if (nearest == nullptr || mount.target.size() >= nearest->target.size()) nearest = &mount;
    }
    return nearest;
}

// The host's path for one of the tree's; absent below a mount that is yet to be made.
std::optional<std::string> ServiceView::host_path(const Tree& tree, std::string_view path) {
    const PlannedMount* nearest = nearest_mount(tree, path);
    if (nearest == nullptr) return append(tree.root, path);
    if (nearest->cover != Cover::bind) return std::nullopt;
    if (nearest->target == "/") return append(nearest->source, path);
    return append(nearest->source, path.substr(nearest->target.size()));
}

// The launch makes the directories on the way to what it mounts.
Lookup ServiceView::look_in_empty(const Tree& tree, std::string_view path) {
    const bool is_there = std::ranges::any_of(
        tree.mounts, [&](const PlannedMount& mount) { return is_within(mount.target, path); });
    Lookup lookup;
    lookup.presence = is_there ? Lookup::Presence::present : Lookup::Presence::absent;
    lookup.error = is_there ? 0 : ENOENT;
    lookup.status.st_mode = is_there ? S_IFDIR | 0755 : 0;
    return lookup;
}

Lookup ServiceView::look_at(const Tree& tree, const std::string& path) const {
    const PlannedMount* mount = nearest_mount(tree, path);
    const bool is_in_empty = mount != nullptr && mount->cover == Cover::empty;
    const auto host = host_path(tree, path);
    Lookup lookup = is_in_empty ? look_in_empty(tree, path)
                    : host      ? host_look_->at(*host)
                                : Lookup{};
    lookup.path = path;
    return lookup;
}

ServiceView::Walk ServiceView::walk(const Tree& tree, std::string_view path) const {
    Walk walk;
    push_front(walk.parts, path);
    walk.lookup = look_at(tree, "/");
    while (walk.goes_on()) {
        if (!S_ISDIR(walk.lookup.status.st_mode)) {
            walk.end(ENOTDIR);
            break;
        }
        std::string next = walk.next();
        walk.lookup = look_at(tree, next);
        const bool is_link = walk.lookup.presence == Lookup::Presence::present &&
                             S_ISLNK(walk.lookup.status.st_mode);
        const auto link = is_link ? read_link(walk.lookup.host_path) : std::nullopt;
        if (!link) {
            walk.current = std::move(next);
            continue;
        }
        if (++walk.links > most_links) {
            walk.end(ELOOP);
            break;
        }
        if (link->starts_with('/')) walk.current = "/";
        push_front(walk.parts, *link);
        walk.lookup = look_at(tree, walk.current);
    }
    return walk;
}

}  // namespace confinit
