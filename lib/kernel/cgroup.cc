// SPDX-License-Identifier: Apache-2.0
// Cgroup: one cgroup v2 node, reached by descriptor so that renames cannot redirect it.
#include "kernel/cgroup.h"

#include "base/file.h"
#include "base/text.h"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr gid_t keep_group = ~gid_t{0};

// A tree that a service grew to more nodes than this is removed in several calls, so that no one
// call holds up PID 1 for longer than some ten milliseconds.
constexpr int most_removals = 2000;
constexpr int most_steps = 50'000;

// Names come from unit names and from readdir(3); neither may leave the node.
Status check_name(const std::string& name) {
    const bool is_one_name = !name.empty() && name != "." && name != ".." &&
                             name.find('/') == std::string::npos &&
                             name.find('\0') == std::string::npos;
    if (!is_one_name) return std::unexpected(system_error(EINVAL, "cgroup", name));
    return {};
}

Result<Fd> open_directory(int at, const std::string& path) {
    return open_at(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

bool is_directory(int at, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
    struct stat status;
    return fstatat(at, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

// A node that vanished meanwhile is as good as removed.
Status remove_directory(const Fd& parent, const std::string& name) {
    if (unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
    return errno_failure("rmdir", name);
}

}  // namespace

Result<std::vector<std::string>> child_nodes(const Fd& node, std::size_t most) {
    std::vector<std::string> names;
    struct stat status;
    // Two links are its own: the kernel counts one more for each directory below.
    if (fstat(node.get(), &status) == 0 && status.st_nlink == 2) return names;
    Fd own = TRY(open_directory(node.get(), "."));
    const std::unique_ptr<DIR, int (*)(DIR*)> directory{fdopendir(own.get()), closedir};
    if (!directory) return errno_failure("fdopendir");
    (void)own.release();  // closedir owns it from here on.
    while (names.size() < most) {
        errno = 0;
        const dirent* entry = readdir(directory.get());
        if (entry == nullptr && errno != 0) return errno_failure("readdir");
        if (entry == nullptr) break;
        std::string name{entry->d_name};
        if (name != "." && name != ".." && is_directory(node.get(), *entry)) {
            names.push_back(std::move(name));
        }
    }
    return names;
}

Result<Cgroup> Cgroup::open(const std::string& path) {
    Fd directory = TRY(open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY));
    return Cgroup{std::move(directory), path};
}

Result<Cgroup> Cgroup::duplicate() const {
    return Cgroup{TRY(confinit::duplicate(directory_)), path_};
}

Result<Cgroup> Cgroup::make_child(const std::string& name) const {
    TRY(check_name(name));
    if (mkdirat(directory_.get(), name.c_str(), 0755) < 0) {
        return errno_failure("mkdir", path_ + "/" + name);
    }
    return open_child(name);
}

Result<Cgroup> Cgroup::open_child(const std::string& name) const {
    TRY(check_name(name));
    Fd directory = TRY(open_directory(directory_.get(), name));
    return Cgroup{std::move(directory), path_ + "/" + name};
}

// Goes down to a leaf, removes it, and goes up by "..": nodes never move to another parent, so
// that this is safe, and no depth of tree can use up the descriptors.
Status Cgroup::remove_child(const std::string& name) const {
    TRY(check_name(name));
    // Mostly nothing is below it, and then no descriptor is needed.
    if (remove_directory(directory_, name)) return {};
    std::vector<std::string> below{name};
    Fd node = TRY(open_directory(directory_.get(), name));
    int removals = 0;
    for (int steps = 0; steps < most_steps && removals < most_removals; ++steps) {
        auto deeper = TRY(child_nodes(node, 1));
        if (!deeper.empty()) {
            auto opened = open_directory(node.get(), deeper.front());
            if (!opened && opened.error().error == ENOENT) continue;
            node = TRY(std::move(opened));
            below.push_back(std::move(deeper.front()));
            continue;
        }
        if (below.size() == 1) return remove_directory(directory_, name);
        node = TRY(open_directory(node.get(), ".."));
        TRY(remove_directory(node, below.back()));
        below.pop_back();
        ++removals;
    }
    return std::unexpected(system_error(EBUSY, "rmdir", path_ + "/" + name));
}

Status Cgroup::write(const std::string& file, std::string_view value) const {
    TRY(check_name(file));
    return write_file(directory_.get(), file, value);
}

Result<std::string> Cgroup::read(const std::string& file) const {
    TRY(check_name(file));
    std::string text = TRY(read_file(directory_.get(), file));
    if (text.ends_with('\n')) text.pop_back();
    return text;
}

Result<std::uint64_t> Cgroup::read_field(const std::string& file, std::string_view field) const {
    const std::string text = TRY(read(file));
    for (const std::string_view line : split(text, '\n')) {
        const auto words = split_words(line);
        if (words.size() != 2 || words[0] != field) continue;
        if (const auto number = parse_unsigned(words[1])) return *number;
    }
    return failure("'" + path_ + "/" + file + "' has no number for '" + std::string{field} + "'");
}

Result<bool> Cgroup::is_populated() const {
    return TRY(read_field("cgroup.events", "populated")) != 0;
}

Result<std::vector<int>> Cgroup::process_ids() const {
    const std::string text = TRY(read("cgroup.procs"));
    std::vector<int> ids;
    for (const std::string_view line : split(text, '\n')) {
        const auto id = parse_unsigned(line);
        // The kernel shows 0 for a process of a pid namespace that we do not see, and kill(2)
        // would take 0 for our own process group.
        if (id && *id != 0) ids.push_back(static_cast<int>(*id));
    }
    return ids;
}

Result<std::vector<int>> Cgroup::all_process_ids() const {
    std::vector<int> ids;
    std::vector<Cgroup> open_nodes;
    open_nodes.push_back(TRY(duplicate()));
    for (int nodes = 0; !open_nodes.empty() && nodes < most_removals; ++nodes) {
        const Cgroup node = std::move(open_nodes.back());
        open_nodes.pop_back();
        const auto own = node.process_ids();
        if (own) ids.insert(ids.end(), own->begin(), own->end());
        const bool may_be_unread = own || own.error().error == EOPNOTSUPP ||
                                   own.error().error == ENODEV || own.error().error == ENOENT;
        if (!may_be_unread) return own;
        for (const std::string& name :
             child_nodes(node.directory_, most_removals).value_or(std::vector<std::string>{})) {
            if (auto child = node.open_child(name)) open_nodes.push_back(std::move(*child));
        }
    }
    return ids;
}

Result<std::vector<std::string>> Cgroup::controllers() const {
    const std::string text = TRY(read("cgroup.controllers"));
    const auto words = split_words(text);
    return std::vector<std::string>{words.begin(), words.end()};
}

Result<std::vector<std::string>> Cgroup::enabled_controllers() const {
    const std::string text = TRY(read("cgroup.subtree_control"));
    const auto words = split_words(text);
    return std::vector<std::string>{words.begin(), words.end()};
}

Status Cgroup::kill() const {
    return write("cgroup.kill", "1");
}

Status Cgroup::freeze(bool frozen) const {
    return write("cgroup.freeze", frozen ? "1" : "0");
}

Status Cgroup::give_files_to(unsigned uid) const {
    if (fchown(directory_.get(), uid, keep_group) < 0) return errno_failure("fchown", path_);
    for (const std::string& name : TRY(list_directory(directory_.get(), "."))) {
        struct stat status{};
        const bool is_there =
            fstatat(directory_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
        const bool is_writable =
            is_there && S_ISREG(status.st_mode) && (status.st_mode & S_IWUSR) != 0;
        if (!is_writable) continue;
        if (fchownat(directory_.get(), name.c_str(), uid, status.st_gid, AT_SYMLINK_NOFOLLOW) < 0) {
            return errno_failure("fchownat", path_ + "/" + name);
        }
    }
    return {};
}

Status Cgroup::give_to(unsigned uid, unsigned gid) const {
    if (fchown(directory_.get(), uid, gid) < 0) return errno_failure("fchown", path_);
    for (const char* file : {"cgroup.procs", "cgroup.subtree_control", "cgroup.threads"}) {
        if (fchownat(directory_.get(), file, uid, gid, AT_SYMLINK_NOFOLLOW) < 0) {
            return errno_failure("fchownat", path_ + "/" + file);
        }
    }
    return {};
}

}  // namespace confinit
