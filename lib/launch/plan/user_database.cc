// SPDX-License-Identifier: Apache-2.0
// UserDatabase: users and groups, from our own reading of the passwd and group files.
#include "launch/plan/user_database.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/look_note.h"
#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr std::size_t longest_file = std::size_t{8} << 20;

// Whoever renames without end can make openat2(2) give up with EAGAIN on its way through "..".
constexpr int resolve_tries = 64;

Result<Fd> open_in_root(const Fd& root, const std::string& path) {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    for (int tries = 0; tries < resolve_tries; ++tries) {
        Fd fd{static_cast<int>(syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how))};
        if (fd) return fd;
        if (errno != EAGAIN) break;
    }
    return errno_failure("openat2", path);
}

// The file below the root, else the host's; a host without it has no entries.
Result<std::string> read_database(const std::string& root, const std::string& path) {
    note_path(root == "/" ? path : root + path);
    const Fd directory = TRY(open_at(AT_FDCWD, root, O_PATH | O_DIRECTORY));
    const auto fd = open_in_root(directory, path);
    if (fd) return read_all(*fd, path, longest_file);
    if (fd.error().error != ENOENT) return std::unexpected(fd.error());
    auto text = TRY(find_file(AT_FDCWD, path, longest_file));
    return text.value_or(std::string{});
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
    const std::string passwd = TRY(read_database(root, "/etc/passwd"));
    const std::string group = TRY(read_database(root, "/etc/group"));
    return parse(passwd, group);
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
