// SPDX-License-Identifier: Apache-2.0
// MountTable: the mounts that a process sees, from its /proc/PID/mountinfo.
#include "kernel/mount_table.h"

#include "base/text.h"
#include "kernel/proc_status.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <set>

namespace confinit {
namespace {

std::vector<std::string> words_between_commas(std::string_view text) {
    std::vector<std::string> words;
    for (const std::string_view word : split(text, ',')) {
        if (!word.empty()) words.push_back(unescape_octal(word));
    }
    return words;
}

// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
Result<Mount> parse_mount(std::string_view line) {
    const auto words = split(line, ' ');
    const auto dash = std::ranges::find(words, "-");
    const auto before = static_cast<std::size_t>(dash - words.begin());
    const auto after = words.size() - before;
    const auto id = parse_signed(words[0]);
    if (before < 6 || after < 4 || !id) return failure("bad mountinfo line");
    const auto parent = parse_signed(words[1]);
    if (!parent) return failure("bad mountinfo line");
    Mount mount;
    mount.id = static_cast<int>(*id);
    mount.parent = static_cast<int>(*parent);
    mount.device = words[2];
    mount.root = unescape_octal(words[3]);
    mount.target = unescape_octal(words[4]);
    mount.options = words_between_commas(words[5]);
    mount.propagation.assign(words.begin() + 6, dash);
    mount.type = unescape_octal(dash[1]);
    mount.source = unescape_octal(dash[2]);
    mount.super_options = words_between_commas(dash[3]);
    return mount;
}

bool is_octal(std::string_view digits) {
    return digits.size() == 3 &&
           std::ranges::all_of(digits, [](char digit) { return digit >= '0' && digit <= '7'; });
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

}  // namespace

bool Mount::has_option(std::string_view option) const {
    return contains(options, option);
}

bool Mount::has_super_option(std::string_view option) const {
    return contains(super_options, option);
}

Result<MountTable> MountTable::parse(std::string_view text) {
    MountTable table;
    for (const std::string_view line : split(text, '\n')) {
        if (line.empty()) continue;
        table.mounts_.push_back(TRY(parse_mount(line)));
    }
    table.index();
    return table;
}

Result<MountTable> MountTable::read(const Fd& process) {
    const std::string text = TRY(read_in_procfs(process, "mountinfo", longest_mount_table));
    return parse(text);
}

Result<MountTable> MountTable::read_own() {
    const Fd self = TRY(open_own_process());
    return read(self);
}

// The root is the mount at "/" whose parent is outside of what the process can see.
void MountTable::index() {
    std::set<int> ids;
    for (const Mount& mount : mounts_)
        ids.insert(mount.id);
    for (std::size_t i = 0; i < mounts_.size(); ++i) {
        const Mount& mount = mounts_[i];
        const bool has_parent = mount.parent != mount.id && ids.contains(mount.parent);
        if (has_parent) children_[{mount.parent, mount.target}] = i;
        if (!has_parent && mount.target == "/") root_ = i;
    }
}

// Where a walk along the path leaves `current`: at the first mount point on the way.
const Mount* MountTable::next_mount(const Mount& current, std::string_view path) const {
    std::size_t end = current.target == "/" ? 0 : current.target.size();
    for (;;) {
        const std::string prefix{end == 0 ? std::string_view{"/"} : path.substr(0, end)};
        const auto child = children_.find({current.id, prefix});
        if (child != children_.end()) return &mounts_[child->second];
        if (end >= path.size() || path == "/") return nullptr;
        end = std::min(path.find('/', end + 1), path.size());
    }
}

const Mount* MountTable::find_mount(std::string_view path) const {
    const Mount* current = root_ ? &mounts_[*root_] : nullptr;
    // A table names each mount once; the bound only holds against one that was made up.
    for (std::size_t steps = 0; current != nullptr && steps < mounts_.size(); ++steps) {
        const Mount* next = next_mount(*current, path);
        if (next == nullptr) return current;
        current = next;
    }
    return current;
}

std::vector<const Mount*> MountTable::mounts_within(std::string_view path) const {
    std::vector<const Mount*> within;
    const Mount* own = find_mount(path);
    if (own != nullptr) within.push_back(own);
    for (const Mount& mount : mounts_) {
        if (&mount == own || !is_within(mount.target, path)) continue;
        if (find_mount(mount.target) == &mount) within.push_back(&mount);
    }
    return within;
}

bool is_within(std::string_view path, std::string_view directory) {
    if (directory == "/") return path.starts_with('/');
    return path.starts_with(directory) &&
           (path.size() == directory.size() || path[directory.size()] == '/');
}

MountedObject object_at(const Mount& mount, std::string_view path) {
    std::string_view rest = path;
    rest.remove_prefix(mount.target == "/" ? 0 : std::min(mount.target.size(), rest.size()));
    std::string inside = mount.root == "/" ? std::string{} : mount.root;
    if (rest != "/") inside += rest;
    if (inside.empty()) inside = "/";
    return {mount.device, std::move(inside)};
}

std::string unescape_octal(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::string_view digits = text.substr(i + 1, 3);
        if (text[i] != '\\' || !is_octal(digits)) {
            plain += text[i];
            continue;
        }
        plain +=
            static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + digits[2] - '0');
        i += 3;
    }
    return plain;
}

}  // namespace confinit
