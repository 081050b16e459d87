// SPDX-License-Identifier: Apache-2.0
// UnitStamp: how the files of one unit looked at one time, to see cheaply whether they have
// changed.
#pragma once

#include "base/packed_texts.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// One file or directory as stat(2) shows it. Every write and every replacement changes its ctime.
struct FileMark {
    std::string path;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t owner = 0;
    std::uint64_t mode = 0;
    std::int64_t size = 0;
    std::int64_t mtime = 0;  // ns
    std::int64_t ctime = 0;  // ns

    bool operator==(const FileMark&) const = default;
};

// Changes when a name comes into one of these directories or leaves it.
std::uint64_t mark_of_directories(std::span<const std::string> directories);

// The main file that counts, the directories of drop-ins and their files. An unchanged set of unit
// directories is proof that no other main file or directory of drop-ins has come, so that a unit
// which has not changed costs one stat(2) for each of its files.
class UnitStamp {
public:
    UnitStamp() = default;

    // Taken before the files are read, so that what changes meanwhile differs from the stamp.
    static UnitStamp take(std::string_view unit, std::span<const std::string> directories);

    // One more file that the unit depends on.
    void add_file(const std::string& path);

    // Whether all is as it was. `directories` is mark_of_directories() at this time.
    bool holds(std::uint64_t directories) const;

    // Whether there is a file of the unit at all.
    bool has_main_file() const { return has_main_file_; }

    // Whether something has changed so shortly before the stamp was taken that one more change
    // might bear the same time: the kernel's clock for files goes in steps of some milliseconds.
    bool is_young() const { return is_young_; }

    // Whether no name has come into the unit directories or left them between two stamps.
    bool has_directories_of(const UnitStamp& other) const {
        return directories_ == other.directories_ && !are_directories_young_ &&
               !other.are_directories_young_;
    }

    // Whether two stamps are of the same files in the same state.
    bool is_same(const UnitStamp& other) const { return marks_ == other.marks_; }

    // The files and directories that it is of.
    std::vector<std::string> paths() const;

    void pack(TextPacker& packer) const;
    static UnitStamp unpack(TextUnpacker& unpacker);

private:
    bool see(const std::string& path);

    std::uint64_t directories_ = 0;
    std::vector<FileMark> marks_;
    bool has_main_file_ = false;
    bool is_young_ = false;
    bool are_directories_young_ = false;
};

}  // namespace confinit
