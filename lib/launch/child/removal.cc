// SPDX-License-Identifier: Apache-2.0
// The remover: takes away what a service has left in its runtime directories, however much and
// however deep, in a process that may take its time.
//
// No link is followed and no mount entered. A directory within a directory is first moved up, so
// that no depth needs more than two descriptors.
#include "launch/child/mount_calls.h"
#include "launch/child/separation.h"
#include "launch/child_plan.h"

#include <array>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>

namespace confinit {

namespace {

constexpr unsigned rename_no_replace = 1;  // renameat2(2)'s flag
constexpr std::uint64_t no_links = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

bool is_dot(const char* name) {
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

// Calls `work` with each name; false when the directory cannot be read.
template <class Work>
bool for_each_name(ChildContext& child, int directory, Work work) {
    alignas(dirent64) std::array<char, 8192> entries;
    if (child.call(SYS_lseek, directory, 0, SEEK_SET) < 0) return false;
    long count = 0;
    while ((count = child.call(SYS_getdents64, directory, entries.data(), entries.size())) > 0) {
        for (long at = 0; at < count;) {
            const auto* entry = reinterpret_cast<const dirent64*>(entries.data() + at);
            at += entry->d_reclen;
            if (!is_dot(entry->d_name)) work(static_cast<const char*>(entry->d_name));
        }
    }
    return count == 0;
}

class Remover {
public:
    Remover(ChildContext& child, int top) : child_(child), top_(top) {}

    // Whether nothing is left. What is moved up is met again, so that one pass is not all.
    bool empty() {
        for (;;) {
            bool is_left = false;
            did_something_ = false;
            const bool is_read = for_each_name(child_, top_, [&](const char* name) {
                is_left = true;
                remove(name);
            });
            if (!is_read || !did_something_) return is_read && !is_left;
        }
    }

private:
    bool unlink(int parent, const char* name) {
        if (child_.call(SYS_unlinkat, parent, name, 0) < 0 &&
            child_.call(SYS_unlinkat, parent, name, AT_REMOVEDIR) < 0) {
            return false;
        }
        did_something_ = true;
        return true;
    }

    void remove(const char* name) {
        if (unlink(top_, name)) return;
        const ChildFd directory = open_path(child_, top_, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
                                            no_links | RESOLVE_BENEATH | RESOLVE_NO_XDEV);
        if (!directory) return;
        (void)for_each_name(child_, directory.get(), [&](const char* inner) {
            if (!unlink(directory.get(), inner)) move_up(directory.get(), inner);
        });
        (void)unlink(top_, name);
    }

    void move_up(int directory, const char* name) {
        do {
            next_name();
            if (child_.call(SYS_renameat2, directory, name, top_, moved_.data(),
                            rename_no_replace) >= 0) {
                did_something_ = true;
                return;
            }
        } while (child_.error == EEXIST);
    }

    // The next number, its lowest digit first.
    void next_name() {
        ++number_;
        std::size_t size = prefix_size;
        for (std::uint64_t rest = number_; rest != 0; rest /= 10)
            moved_.data()[size++] = static_cast<char>('0' + rest % 10);
        moved_.data()[size] = '\0';
    }

    ChildContext& child_;
    int top_;
    bool did_something_ = false;
    std::uint64_t number_ = 0;
    static constexpr std::size_t prefix_size = 7;
    std::array<char, 32> moved_{".moved-"};
};

// The last part of a path, and an open directory of the rest.
struct Parent {
    ChildFd directory;
    const char* name;
};

Parent open_parent(ChildContext& child, const char* path) {
    std::array<char, PATH_MAX> text{};
    std::size_t slash = 0;
    std::size_t size = 0;
    for (; path[size] != '\0' && size + 1 < text.size(); ++size) {
        text.data()[size] = path[size];
        if (path[size] == '/') slash = size;
    }
    text.data()[slash == 0 ? 1 : slash] = '\0';
    return {open_path(child, AT_FDCWD, text.data(), O_PATH | O_DIRECTORY, no_links),
            path + slash + 1};
}

bool remove_directory(ChildContext& child, const char* path) {
    const Parent parent = open_parent(child, path);
    if (!parent.directory) return child.error == ENOENT;
    const ChildFd top =
        open_path(child, parent.directory.get(), parent.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
                  no_links | RESOLVE_BENEATH | RESOLVE_NO_XDEV);
    if (!top) return child.error == ENOENT;
    if (!Remover{child, top.get()}.empty()) {
        return false;
    }
    return child.call(SYS_unlinkat, parent.directory.get(), parent.name, AT_REMOVEDIR) >= 0;
}

}  // namespace

void run_remover(std::span<const char* const> paths) noexcept {
    ChildContext child{.plan = {}};
    (void)forbid_tracing(child);
    (void)keep_only(child, {});
    int error = 0;
    // Within one another, they are listed from the outermost on.
    for (std::size_t i = paths.size(); i > 0; --i) {
        if (!remove_directory(child, paths.data()[i - 1])) error = child.error;
    }
    (void)syscall(SYS_exit_group, error);
    __builtin_trap();
}

}  // namespace confinit
