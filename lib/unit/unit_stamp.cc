// SPDX-License-Identifier: Apache-2.0
// UnitStamp: how the files of one unit looked at one time, to see cheaply whether they have
// changed.
#include "unit/unit_stamp.h"

#include "base/file.h"
#include "base/file_time.h"
#include "unit/unit_files.h"
#include "unit/unit_name.h"

#include <algorithm>
#include <ctime>
#include <fcntl.h>
#include <functional>
#include <optional>
#include <sys/stat.h>

namespace confinit {
namespace {

constexpr std::int64_t second = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) {
    return time.tv_sec * second + time.tv_nsec;
}

std::optional<FileMark> find_mark(const std::string& path) {
    struct stat status{};
    if (stat(path.c_str(), &status) < 0) return std::nullopt;
    return FileMark{.path = path,
                    .device = status.st_dev,
                    .inode = status.st_ino,
                    .owner = status.st_uid,
                    .mode = status.st_mode,
                    .size = status.st_size,
                    .mtime = nanoseconds(status.st_mtim),
                    .ctime = nanoseconds(status.st_ctim)};
}

bool is_recent(const FileMark& mark) {
    return may_hide_change(mark.ctime / second, static_cast<std::uint32_t>(mark.ctime % second));
}

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
    constexpr std::uint64_t prime = 0x100000001b3;
    return (hash ^ std::hash<std::uint64_t>{}(value)) * prime;
}

struct DirectoriesMark {
    std::uint64_t hash = 0xcbf29ce484222325;
    bool is_young = false;
};

DirectoriesMark look_at_directories(std::span<const std::string> directories) {
    DirectoriesMark look;
    std::uint64_t& hash = look.hash;
    for (const std::string& path : directories) {
        const FileMark mark = find_mark(path).value_or(FileMark{});
        hash = mixed(mixed(hash, mark.inode), mark.device);
        hash = mixed(mixed(hash, mark.owner), mark.mode);
        hash = mixed(hash, static_cast<std::uint64_t>(mark.mtime));
        hash = mixed(hash, static_cast<std::uint64_t>(mark.ctime));
        look.is_young = look.is_young || is_recent(mark);
    }
    return look;
}

}  // namespace

std::uint64_t mark_of_directories(std::span<const std::string> directories) {
    return look_at_directories(directories).hash;
}

UnitStamp UnitStamp::take(std::string_view unit, std::span<const std::string> directories) {
    UnitStamp stamp;
    if (!is_valid_unit_name(unit)) return stamp;
    const DirectoriesMark look = look_at_directories(directories);
    stamp.directories_ = look.hash;
    stamp.are_directories_young_ = look.is_young;
    const auto names = unit_file_names(split_unit_name(unit));
    stamp.has_main_file_ = std::ranges::any_of(names, [&](const std::string& name) {
        return std::ranges::any_of(directories, [&](const std::string& directory) {
            return stamp.see(directory + "/" + name);
        });
    });
    for (const std::string& name : names) {
        for (const std::string& directory : directories) {
            const std::string drop_ins = directory + "/" + name + ".d";
            if (!stamp.see(drop_ins)) continue;
            const auto files = list_directory(AT_FDCWD, drop_ins);
            if (!files) continue;
            for (const std::string& file : *files) {
                if (is_unit_file_name(file)) stamp.see(drop_ins + "/" + file);
            }
        }
    }
    return stamp;
}

void UnitStamp::add_file(const std::string& path) {
    see(path);
}

bool UnitStamp::see(const std::string& path) {
    auto mark = find_mark(path);
    if (!mark) return false;
    is_young_ = is_young_ || is_recent(*mark);
    marks_.push_back(std::move(*mark));
    return true;
}

std::vector<std::string> UnitStamp::paths() const {
    std::vector<std::string> paths;
    for (const FileMark& mark : marks_)
        paths.push_back(mark.path);
    return paths;
}

void UnitStamp::pack(TextPacker& packer) const {
    packer.add_number(directories_);
    packer.add_number(has_main_file_);
    packer.add_number(is_young_);
    packer.add_number(are_directories_young_);
    packer.add_each(marks_, [&](const auto& item) {
        const auto& [path, device, inode, owner, mode, size, mtime, ctime] = item;
        packer.add(path);
        for (const std::uint64_t number : {device, inode, owner, mode})
            packer.add_number(number);
        for (const std::int64_t number : {size, mtime, ctime})
            packer.add_number(number);
    });
}

UnitStamp UnitStamp::unpack(TextUnpacker& unpacker) {
    UnitStamp stamp;
    stamp.directories_ = unpacker.next_number();
    stamp.has_main_file_ = unpacker.next_number() != 0;
    stamp.is_young_ = unpacker.next_number() != 0;
    stamp.are_directories_young_ = unpacker.next_number() != 0;
    unpacker.take_each([&] {
        FileMark mark{.path = unpacker.next_text()};
        for (std::uint64_t* number : {&mark.device, &mark.inode, &mark.owner, &mark.mode})
            *number = unpacker.next_number();
        for (std::int64_t* number : {&mark.size, &mark.mtime, &mark.ctime})
            *number = static_cast<std::int64_t>(unpacker.next_number());
        stamp.marks_.push_back(std::move(mark));
    });
    return stamp;
}

bool UnitStamp::holds(std::uint64_t directories) const {
    return directories == directories_ && std::ranges::all_of(marks_, [](const FileMark& mark) {
               return find_mark(mark.path) == mark;
           });
}

}  // namespace confinit
