// SPDX-License-Identifier: Apache-2.0
// The default values of cgroup files, as in a fresh node, so that a limit can be taken back.
#include "kernel/cgroup_default.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace confinit {
namespace {

struct FileDefault {
    std::string_view file;
    std::string_view value;
};

// Documentation/admin-guide/cgroup-v2.rst, "Interface Files" of each controller. A newline alone is
// the empty list of a cpuset, which stands for all that the level above has.
constexpr std::array defaults{
    FileDefault{"memory.min", "0"},
    FileDefault{"memory.low", "0"},
    FileDefault{"memory.high", "max"},
    FileDefault{"memory.max", "max"},
    FileDefault{"memory.swap.high", "max"},
    FileDefault{"memory.swap.max", "max"},
    FileDefault{"memory.zswap.max", "max"},
    FileDefault{"memory.zswap.writeback", "1"},
    FileDefault{"memory.oom.group", "0"},
    FileDefault{"pids.max", "max"},
    FileDefault{"cgroup.max.descendants", "max"},
    FileDefault{"cgroup.max.depth", "max"},
    FileDefault{"cpu.weight", "100"},
    FileDefault{"cpu.weight.nice", "0"},
    FileDefault{"cpu.idle", "0"},
    FileDefault{"cpu.max", "max 100000"},
    FileDefault{"cpu.max.burst", "0"},
    FileDefault{"cpu.uclamp.min", "0"},
    FileDefault{"cpu.uclamp.max", "max"},
    FileDefault{"cpuset.cpus", "\n"},
    FileDefault{"cpuset.mems", "\n"},
    FileDefault{"cpuset.cpus.exclusive", "\n"},
    FileDefault{"cpuset.cpus.partition", "member"},
};

// The text that follows the device in its line.
constexpr std::array line_defaults{
    FileDefault{"io.max", "rbps=max wbps=max riops=max wiops=max"},
    FileDefault{"io.latency", "target=0"},
    FileDefault{"io.weight", "default"},
    FileDefault{"misc.max", "max"},
    FileDefault{"rdma.max", "hca_handle=max hca_object=max"},
};

template <class Table>
const FileDefault* find_row(const Table& table, std::string_view file) {
    const auto row = std::ranges::find(table, file, &FileDefault::file);
    return row == table.end() ? nullptr : &*row;
}

std::string_view first_word(std::string_view value) {
    const auto words = split_words(value);
    return words.empty() ? std::string_view{} : words.front();
}

bool is_default_weight(std::string_view file, std::string_view value) {
    return file == "io.weight" &&
           (split_words(value).size() == 1 || first_word(value) == "default");
}

}  // namespace

std::string setting_subject(std::string_view file, std::string_view value) {
    const std::string subject{file};
    if (find_row(line_defaults, file) == nullptr || is_default_weight(file, value)) return subject;
    return subject + " " + std::string{first_word(value)};
}

std::optional<std::string> default_value(std::string_view file, std::string_view value) {
    if (is_default_weight(file, value)) return "default 100";
    if (const FileDefault* line = find_row(line_defaults, file)) {
        return std::string{first_word(value)} + " " + std::string{line->value};
    }
    if (file.starts_with("hugetlb.") && file.ends_with(".max")) return "max";
    const FileDefault* row = find_row(defaults, file);
    return row == nullptr ? std::nullopt : std::optional<std::string>{row->value};
}

std::string usage_file(std::string_view file) {
    for (const std::string_view ending : {".max", ".high"}) {
        if (!file.ends_with(ending)) continue;
        const std::string_view stem = file.substr(0, file.size() - ending.size());
        const bool counts = stem == "memory" || stem == "memory.swap" || stem == "memory.zswap" ||
                            stem == "pids" || stem.starts_with("hugetlb.");
        if (counts) return std::string{stem} + ".current";
    }
    return {};
}

}  // namespace confinit
