// SPDX-License-Identifier: Apache-2.0
// UserDatabase: users and groups, from our own reading of the passwd and group files.
#include "launch/plan/user_database.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/file_kind.h"
#include "base/look_note.h"
#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr std::size_t longest_file = std::size_t{8} << 20;

// A process that renames without end can make openat2(2) give up with EAGAIN on its way through
// "..".
constexpr int resolve_tries = 64;

Result<Fd> open_in_root(const Fd& root, const std::string& path, int flags) {
    open_how how{};
    how.flags = static_cast<decltype(how.flags)>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    for (int tries = 0; tries < resolve_tries; ++tries) {
        Fd fd{static_cast<int>(syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how))};
        if (fd) return fd;
        if (errno != EAGAIN) break;
    }
    return errno_failure("openat2", path);
}

Status require_regular(const Fd& fd, const std::string& name) {
    struct stat status{};
    if (fstat(fd.get(), &status) < 0) return errno_failure("fstat", name);
    const std::string_view fault = kind_fault(status.st_mode);
    if (fault.empty()) return {};
    return std::unexpected(Error{.object = name, .hint = std::string{fault}});
}

struct DatabaseFile {
    std::string name;  // as the host has it
    std::string text;
};

// A device is not opened for reading: that alone can do something.
Result<DatabaseFile> read_below(const std::string& root, const std::string& path) {
    DatabaseFile file{.name = root == "/" ? path : root + path, .text = {}};
    note_path(file.name);
    const Fd directory = TRY(open_at(AT_FDCWD, root, O_PATH | O_DIRECTORY));
    const Fd place = TRY(open_in_root(directory, path, O_PATH));
    TRY(require_regular(place, file.name));
    const Fd fd = TRY(open_in_root(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    TRY(require_regular(fd, file.name));
    file.text = TRY(read_all(fd, file.name, longest_file));
    return file;
}

// The file below the root, else the host's; a host without it has no entries.
Result<DatabaseFile> read_database(const std::string& root, const std::string& path) {
    auto file = read_below(root, path);
    if (file || file.error().error != ENOENT) return file;
    auto of_host = read_below("/", path);
    if (of_host || of_host.error().error != ENOENT) return of_host;
    return DatabaseFile{.name = path, .text = {}};
}

// name:password:uid:gid:comment:home:shell
std::optional<UserEntry> parse_user(std::string_view line) {
    const auto fields = split(line, ':');
    if (fields.size() != 7 || fields[0].empty()) return std::nullopt;
    const auto uid = parse_id(fields[2]);
    const auto gid = parse_id(fields[3]);
    if (!uid || !gid) return std::nullopt;
    return UserEntry{std::string{fields[0]}, *uid, *gid, std::string{fields[5]},
                     std::string{fields[6]}};
}

// name:password:gid:members
std::optional<GroupEntry> parse_group(std::string_view line) {
    const auto fields = split(line, ':');
    if (fields.size() != 4 || fields[0].empty()) return std::nullopt;
    const auto gid = parse_id(fields[2]);
    if (!gid) return std::nullopt;
    GroupEntry entry{std::string{fields[0]}, *gid, {}};
    for (const std::string_view member : split(fields[3], ',')) {
        if (!member.empty()) entry.members.emplace_back(member);
    }
    return entry;
}

template <class Entry>
std::optional<std::string_view> nearest_name(std::string_view name,
                                             const std::vector<Entry>& entries) {
    std::vector<std::string_view> names;
    for (const Entry& entry : entries)
        names.push_back(entry.name);
    return nearest_word(name, names);
}

template <class Entry, class Key, class Member>
const Entry* find_entry(const std::vector<Entry>& entries, const Key& key, Member member) {
    const auto entry = std::ranges::find(entries, key, member);
    return entry == entries.end() ? nullptr : &*entry;
}

}  // namespace

Result<UserDatabase> UserDatabase::load(const std::string& root) {
    DatabaseFile passwd = TRY(read_database(root, "/etc/passwd"));
    DatabaseFile group = TRY(read_database(root, "/etc/group"));
    UserDatabase database = parse(passwd.text, group.text);
    database.passwd_file_ = std::move(passwd.name);
    database.group_file_ = std::move(group.name);
    return database;
}

UserDatabase UserDatabase::parse(std::string_view passwd, std::string_view group) {
    UserDatabase database;
    for (const std::string_view line : split(passwd, '\n')) {
        if (auto user = parse_user(line)) database.users_.push_back(std::move(*user));
    }
    for (const std::string_view line : split(group, '\n')) {
        if (auto entry = parse_group(line)) database.groups_.push_back(std::move(*entry));
    }
    return database;
}

const UserEntry* UserDatabase::find_user(std::string_view name) const {
    return find_entry(users_, name, &UserEntry::name);
}

const UserEntry* UserDatabase::find_user(std::uint32_t uid) const {
    return find_entry(users_, uid, &UserEntry::uid);
}

const GroupEntry* UserDatabase::find_group(std::string_view name) const {
    return find_entry(groups_, name, &GroupEntry::name);
}

std::vector<const GroupEntry*> UserDatabase::groups_of(std::string_view user) const {
    std::vector<const GroupEntry*> found;
    for (const GroupEntry& group : groups_) {
        if (std::ranges::find(group.members, user) != group.members.end()) found.push_back(&group);
    }
    return found;
}

std::optional<std::string_view> UserDatabase::nearest_user(std::string_view name) const {
    return nearest_name(name, users_);
}

std::optional<std::string_view> UserDatabase::nearest_group(std::string_view name) const {
    return nearest_name(name, groups_);
}

std::optional<std::uint32_t> parse_id(std::string_view text) {
    const auto number = parse_unsigned(text);
    if (!number || *number >= std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

}  // namespace confinit
