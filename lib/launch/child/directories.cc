// SPDX-License-Identifier: Apache-2.0
// The directories of a service on the host: made for its user, or there already and its user's.
// Below the place of their kind no symbolic link is followed, and nothing is moved or given over
// that the unit does not say so of.
#include "launch/child/mount_calls.h"
#include "launch/child/preparation.h"

#include <array>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

namespace confinit {

namespace {

// A service that nests deeper only keeps itself from its next start.
constexpr int deepest_tree = 64;
constexpr unsigned rename_no_replace = 1;  // renameat2(2)'s flag
constexpr std::uint64_t no_links = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

bool is_name(const char* name, const char* other) {
    for (; *name != '\0' && *name == *other; ++name, ++other) {
    }
    return *name == *other;
}

// One part of a path, and how it goes on.
struct Part {
    std::array<char, NAME_MAX + 1> name{};
    const char* rest = nullptr;

    bool is_last() const { return *rest == '\0'; }
};

bool take_part(ChildContext& child, const char* path, Part& part) {
    while (*path == '/')
        ++path;
    std::size_t size = 0;
    for (; path[size] != '\0' && path[size] != '/'; ++size) {
        if (size + 1 >= part.name.size()) return child.fail(SYS_openat2, ENAMETOOLONG);
        part.name.data()[size] = path[size];
    }
    part.name.data()[size] = '\0';
    part.rest = path + size;
    while (*part.rest == '/')
        ++part.rest;
    return true;
}

// A directory on the way, which is root's where it has to be made.
ChildFd enter_directory(ChildContext& child, int parent, const char* name, std::uint64_t resolve) {
    ChildFd directory = open_path(child, parent, name, O_PATH | O_DIRECTORY, resolve);
    if (directory || child.error != ENOENT) return directory;
    if (child.call(SYS_mkdirat, parent, name, 0755) < 0 && child.error != EEXIST) {
        return ChildFd{-1};
    }
    return open_path(child, parent, name, O_PATH | O_DIRECTORY, resolve);
}

// The place of a kind of directories is the host's: there links are followed.
ChildFd enter_base(ChildContext& child, const char* base) {
    ChildFd directory{child.call(SYS_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    Part part{.rest = base};
    while (directory && !part.is_last()) {
        if (!take_part(child, part.rest, part)) return ChildFd{-1};
        directory = enter_directory(child, directory.get(), part.name.data(), 0);
    }
    return directory;
}

ChildFd reopen(ChildContext& child, int directory) {
    return ChildFd{child.call(SYS_openat, directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
}

bool change_mode(ChildContext& child, int directory, std::uint32_t mode) {
    const ChildFd readable = reopen(child, directory);
    return readable && child.call(SYS_fchmod, readable.get(), mode) >= 0;
}

bool change_owner(ChildContext& child, int file, const Preparation& wanted) {
    return child.call(SYS_fchownat, file, "", wanted.uid, wanted.gid, AT_EMPTY_PATH) >= 0;
}

bool is_owned(const struct stat& status, const Preparation& wanted) {
    return status.st_uid == wanted.uid && status.st_gid == wanted.gid;
}

bool give_over_below(ChildContext& child, int directory, const Preparation& wanted, int depth);

// A mount in the tree stays as it is. A file with another name could be any of the host's, which a
// former owner has linked here.
bool give_over(ChildContext& child, int parent, const char* name, const Preparation& wanted,
               int depth) {
    const ChildFd file =
        open_path(child, parent, name, O_PATH | O_NOFOLLOW, no_links | RESOLVE_NO_XDEV);
    if (!file) return child.error == EXDEV || child.error == ENOENT;
    struct stat status{};
    if (child.call(SYS_fstat, file.get(), &status) < 0) return false;
    const bool is_directory = S_ISDIR(status.st_mode);
    if (is_directory && !give_over_below(child, file.get(), wanted, depth)) return false;
    if (is_owned(status, wanted)) return true;
    if (!is_directory && status.st_nlink > 1) return child.refuse(EMLINK);
    return change_owner(child, file.get(), wanted);
}

bool give_over_below(ChildContext& child, int directory, const Preparation& wanted, int depth) {
    if (depth >= deepest_tree) return child.refuse(ENAMETOOLONG);
    const ChildFd readable = reopen(child, directory);
    if (!readable) return false;
    alignas(dirent64) std::array<char, 4096> entries;
    long count = 0;
    while ((count = child.call(SYS_getdents64, readable.get(), entries.data(), entries.size())) >
           0) {
        for (long at = 0; at < count;) {
            const auto* entry = reinterpret_cast<const dirent64*>(entries.data() + at);
            at += entry->d_reclen;
            const char* name = entry->d_name;
            if (is_name(name, ".") || is_name(name, "..")) continue;
            if (!give_over(child, readable.get(), name, wanted, depth + 1)) return false;
        }
    }
    return count == 0;
}

bool finish_new(ChildContext& child, int parent, const char* unfinished, const char* name,
                const Preparation& wanted) {
    const ChildFd made =
        open_path(child, parent, unfinished, O_PATH | O_DIRECTORY, no_links | RESOLVE_NO_XDEV);
    return made && change_owner(child, made.get(), wanted) &&
           change_mode(child, made.get(), wanted.mode) &&
           child.call(SYS_renameat2, parent, unfinished, parent, name, rename_no_replace) >= 0;
}

// Made under another name and then renamed: whoever interrupts it leaves none of a wrong owner.
bool make_new(ChildContext& child, int parent, const char* name, const Preparation& wanted) {
    // Other units are made ready beside it at the same time.
    const NumberedName unfinished{".confinit-", child.call(SYS_getpid)};
    (void)child.call(SYS_unlinkat, parent, unfinished.text, AT_REMOVEDIR);
    if (child.call(SYS_mkdirat, parent, unfinished.text, 0700) < 0) return false;
    if (finish_new(child, parent, unfinished.text, name, wanted)) return true;
    const std::int32_t failed_call = child.failed_call;
    const std::int32_t error = child.error;
    (void)child.call(SYS_unlinkat, parent, unfinished.text, AT_REMOVEDIR);
    return child.fail(failed_call, error);
}

bool refuse_existing(ChildContext& child, const struct stat& status) {
    child.found[0] = status.st_mode;
    child.found[1] = status.st_uid;
    child.found[2] = status.st_gid;
    return child.refuse(EEXIST);
}

// A directory that is there already is the service's, or it is left alone. The owner of the
// directory itself changes last, so that what was interrupted is done again.
bool take_existing(ChildContext& child, int existing, const Preparation& wanted) {
    struct stat status{};
    if (child.call(SYS_fstat, existing, &status) < 0) return false;
    if (!S_ISDIR(status.st_mode)) return refuse_existing(child, status);
    if (!is_owned(status, wanted)) {
        if (!wanted.gives_over) return refuse_existing(child, status);
        if (!give_over_below(child, existing, wanted, 0)) return false;
        if (!change_owner(child, existing, wanted)) return false;
    }
    return (status.st_mode & 07777U) == wanted.mode || change_mode(child, existing, wanted.mode);
}

}  // namespace

bool prepare_directory(ChildContext& child, const Preparation& wanted) {
    ChildFd parent = enter_base(child, wanted.base);
    Part part;
    if (!parent || !take_part(child, wanted.path, part)) return false;
    while (!part.is_last()) {
        parent = enter_directory(child, parent.get(), part.name.data(), no_links);
        if (!parent || !take_part(child, part.rest, part)) return false;
    }
    const char* name = part.name.data();
    ChildFd existing = open_path(child, parent.get(), name, O_PATH | O_NOFOLLOW, no_links);
    if (!existing && child.error == ENOENT) {
        if (make_new(child, parent.get(), name, wanted)) return true;
        // Another unit with the same directory was faster.
        if (child.failed_call != SYS_renameat2 || child.error != EEXIST) return false;
        existing = open_path(child, parent.get(), name, O_PATH | O_NOFOLLOW, no_links);
    }
    return existing && take_existing(child, existing.get(), wanted);
}

}  // namespace confinit
