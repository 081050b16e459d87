// SPDX-License-Identifier: Apache-2.0
// The values of cgroup files: which controller a file is of, and how the kernel prints a value.
//
// The forms are those of Documentation/admin-guide/cgroup-v2.rst and of the show functions behind
// the files: what is written and what is read back differ in spelling more often than not.
#include "kernel/cgroup.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <unistd.h>

namespace confinit {
namespace {

// The kernel counts memory in pages and takes this many or more for "max" (PAGE_COUNTER_MAX).
std::string normal_memory(std::string_view value, std::uint64_t granule) {
    const auto bytes = parse_size(value);
    if (!bytes) return std::string{value};
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    const std::uint64_t most = std::numeric_limits<std::int64_t>::max() / page;
    if (*bytes / page >= most) return "max";
    return std::to_string(*bytes / granule * granule);
}

// "hugetlb.2MB.max" counts in pages of 2 MiB.
std::uint64_t granule_of(std::string_view file) {
    const auto parts = split(file, '.');
    if (parts.size() > 2 && parts[0] == "hugetlb" && parts[1].ends_with('B')) {
        const auto size = parse_size(parts[1].substr(0, parts[1].size() - 1));
        if (size && *size != 0) return *size;
    }
    return static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

// "+07" and "7" are one number.
std::string normal_number(std::string_view value) {
    if (value.starts_with('+')) value.remove_prefix(1);
    const auto number = parse_signed(value);
    return number ? std::to_string(*number) : std::string{value};
}

// A quota without a period leaves the period at its default of 100 ms in a fresh node.
std::string normal_cpu_max(std::string_view value) {
    const auto words = split_words(value);
    if (words.empty() || words.size() > 2) return std::string{value};
    const std::string quota = words[0] == "max" ? "max" : normal_number(words[0]);
    return quota + " " + (words.size() == 2 ? normal_number(words[1]) : "100000");
}

struct NumberRange {
    std::uint64_t first;
    std::uint64_t last;
};

std::optional<NumberRange> parse_range(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto first = parse_unsigned(text.substr(0, dash));
    if (!first) return std::nullopt;
    if (dash == std::string_view::npos) return NumberRange{*first, *first};
    const auto last = parse_unsigned(text.substr(dash + 1));
    if (!last || *last < *first) return std::nullopt;
    return NumberRange{*first, *last};
}

std::string list_text(const std::vector<NumberRange>& ranges) {
    std::string text;
    for (const auto& [first, last] : ranges) {
        if (!text.empty()) text += ',';
        text += std::to_string(first);
        if (last != first) text += "-" + std::to_string(last);
    }
    return text;
}

// The list format of cpuset(7), sorted and joined as "%*pbl" prints it.
std::string normal_list(std::string_view value) {
    std::vector<NumberRange> ranges;
    for (const std::string_view part : split(value, ',')) {
        if (trim(part).empty()) continue;
        const auto range = parse_range(trim(part));
        if (!range) return std::string{value};
        ranges.push_back(*range);
    }
    std::ranges::sort(ranges, {}, &NumberRange::first);
    std::vector<NumberRange> joined;
    for (const NumberRange& range : ranges) {
        if (!joined.empty() && range.first <= joined.back().last + 1) {
            joined.back().last = std::max(joined.back().last, range.last);
            continue;
        }
        joined.push_back(range);
    }
    return list_text(joined);
}

// "100" sets the default weight of all devices; the file shows it with that word.
std::string normal_io_weight(std::string_view value) {
    const auto words = split_words(value);
    if (words.size() == 1) return "default " + normal_number(words[0]);
    if (words.size() != 2) return std::string{value};
    return std::string{words[0]} + " " + normal_number(words[1]);
}

// "8:0 wbps=1M" is shown with all four keys in the kernel's order, those not given as "max".
std::string normal_io_max(std::string_view value) {
    constexpr std::array<std::string_view, 4> keys{"rbps", "wbps", "riops", "wiops"};
    std::array<std::string, 4> values{"max", "max", "max", "max"};
    const auto words = split_words(value);
    if (words.empty()) return std::string{value};
    for (const std::string_view word : std::span{words}.subspan(1)) {
        const std::size_t equals = std::min(word.find('='), word.size());
        const auto* key = std::ranges::find(keys, word.substr(0, equals));
        if (key == keys.end() || equals == word.size()) return std::string{value};
        const std::string_view number = word.substr(equals + 1);
        const auto size = parse_size(number);
        values[static_cast<std::size_t>(key - keys.begin())] =
            size ? std::to_string(*size) : std::string{number};
    }
    std::string text{words[0]};
    for (std::size_t i = 0; i < keys.size(); ++i) {
        text.append(" ").append(keys[i]).append("=").append(values[i]);
    }
    return text;
}

// "50" or "12.5" percent with two digits behind the point; the whole is "max".
std::string normal_uclamp(std::string_view value) {
    const std::size_t point = std::min(value.find('.'), value.size());
    const auto whole = parse_unsigned(value.substr(0, point));
    std::string fraction{value.substr(std::min(point + 1, value.size()))};
    if (!whole || fraction.size() > 2 || (!fraction.empty() && !parse_unsigned(fraction))) {
        return std::string{value};
    }
    if (*whole == 100) return "max";
    fraction.resize(2, '0');
    return std::to_string(*whole) + "." + fraction;
}

}  // namespace

std::string_view controller_of(std::string_view file) {
    const std::size_t dot = file.find('.');
    // Pressure files are of the kernel's stall accounting and are there without any controller.
    if (dot == std::string_view::npos || file.ends_with(".pressure")) return {};
    const std::string_view controller = file.substr(0, dot);
    return controller == "cgroup" ? std::string_view{} : controller;
}

std::string normal_value(std::string_view file, std::string_view value) {
    const std::string_view text = trim(value);
    if (file == "cpu.max") return normal_cpu_max(text);
    if (file.starts_with("cpu.uclamp.")) return normal_uclamp(text);
    if (file == "cpuset.cpus" || file == "cpuset.mems" || file == "cpuset.cpus.exclusive") {
        return normal_list(text);
    }
    if (file == "io.weight" || file == "io.bfq.weight") return normal_io_weight(text);
    if (file == "io.max") return normal_io_max(text);
    const std::string_view controller = controller_of(file);
    if (controller == "hugetlb") return normal_memory(text, granule_of(file));
    if (controller == "memory" && file != "memory.oom.group" && file != "memory.zswap.writeback") {
        return normal_memory(text, granule_of(file));
    }
    return normal_number(text);
}

bool shows_value(std::string_view text, std::string_view normal) {
    const auto lines = split(text, '\n');
    return std::ranges::any_of(lines,
                               [&](std::string_view line) { return trim(line) == trim(normal); });
}

}  // namespace confinit
