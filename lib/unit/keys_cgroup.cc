// SPDX-License-Identifier: Apache-2.0
// The keys of [cgroup]: the limits of the service's node, each named as the kernel's own file.
#include "unit/forms.h"
#include "unit/keys.h"

#include "base/text.h"

namespace confinit {
namespace {

constexpr std::string_view kernel_document = "Documentation/admin-guide/cgroup-v2.rst";
constexpr std::string_view memory_form =
    "a size such as \"64M\" or a number of bytes, a percentage of the memory such as \"10%\", or "
    "\"max\"";
constexpr std::string_view weight_form = "a whole number from 1 to 10000";

// The period that a percentage of cpu.max is measured in, as the kernel's default.
constexpr std::uint64_t default_period = 100'000;
// What the kernel takes (kernel/sched/core.c): at least one millisecond, at most one second.
constexpr std::uint64_t shortest_period = 1'000;
constexpr std::uint64_t longest_period = 1'000'000;
constexpr std::uint64_t longest_quota = 1ULL << 44;
// No machine has more; the kernel's own bound (NR_CPUS) is lower.
constexpr std::uint64_t most_cpus = 8192;
// The kernel's PID_MAX_LIMIT on 64-bit machines.
constexpr std::int64_t most_pids = 4'194'304;

bool is_text(const Value& value, std::string_view word) {
    const std::string* text = value.if_text();
    return text != nullptr && *text == word;
}

// The file is the key without its table.
void add_setting(Unit& unit, const Value& value, std::string kernel_text) {
    const std::string file = value.key().substr(std::string_view{"cgroup."}.size());
    unit.cgroup.push_back({file, std::move(kernel_text)});
}

void read_weight(const Value& value, Unit& unit) {
    const auto weight = value.integer(1, 10'000);
    if (weight) add_setting(unit, value, std::to_string(*weight));
}

// "150%" -> "150000 100000".
std::optional<std::string> quota_of_percentage(std::string_view text) {
    if (!text.ends_with('%')) return std::nullopt;
    const auto number = parse_unsigned(text.substr(0, text.size() - 1));
    if (!number || *number < 1 || *number > 100 * most_cpus) return std::nullopt;
    return std::to_string(*number * default_period / 100) + " " + std::to_string(default_period);
}

// "50000 100000", in the kernel's own form.
std::optional<std::string> quota_and_period(std::string_view text) {
    const auto words = split_words(text);
    if (words.size() != 2) return std::nullopt;
    const auto quota = parse_unsigned(words[0]);
    const auto period = parse_unsigned(words[1]);
    const bool is_quota =
        words[0] == "max" || (quota && *quota >= shortest_period && *quota <= longest_quota);
    if (!is_quota || !period || *period < shortest_period || *period > longest_period) {
        return std::nullopt;
    }
    return std::string{words[0]} + " " + std::to_string(*period);
}

void read_cpu_max(const Value& value, Unit& unit) {
    const std::string* text = value.if_text();
    if (text == nullptr) return value.mismatch();
    if (*text == "max") return add_setting(unit, value, "max " + std::to_string(default_period));
    auto kernel_text = quota_of_percentage(*text);
    if (!kernel_text) kernel_text = quota_and_period(*text);
    if (!kernel_text) return value.mismatch();
    add_setting(unit, value, std::move(*kernel_text));
}

// "0-3" or "5", ascending.
bool is_cpu_range(std::string_view range) {
    const auto ends = split(range, '-');
    if (ends.size() > 2) return false;
    const auto first = parse_unsigned(ends.front());
    const auto last = parse_unsigned(ends.back());
    return first && last && *first <= *last && *last < most_cpus;
}

void read_cpus(const Value& value, Unit& unit) {
    const std::string* text = value.if_text();
    if (text == nullptr) return value.mismatch();
    for (const std::string_view range : split(*text, ',')) {
        if (!is_cpu_range(range)) return value.mismatch();
    }
    add_setting(unit, value, *text);
}

void read_memory(const Value& value, Unit& unit) {
    if (is_text(value, "max")) return add_setting(unit, value, "max");
    const std::string* text = value.if_text();
    if (const auto percent = text != nullptr ? percentage(*text) : std::nullopt) {
        return add_setting(unit, value, std::to_string(*percent) + "%");
    }
    if (const auto bytes = read_size(value)) add_setting(unit, value, std::to_string(*bytes));
}

void read_swap(const Value& value, Unit& unit) {
    if (is_text(value, "max")) return add_setting(unit, value, "max");
    if (const auto bytes = read_size(value)) add_setting(unit, value, std::to_string(*bytes));
}

void read_oom_group(const Value& value, Unit& unit) {
    const auto number = value.if_integer();
    const auto boolean = value.if_boolean();
    if (!boolean && number != 0 && number != 1) return value.mismatch();
    add_setting(unit, value, boolean.value_or(number == 1) ? "1" : "0");
}

void read_pids(const Value& value, Unit& unit) {
    if (is_text(value, "max")) return add_setting(unit, value, "max");
    const std::string* text = value.if_text();
    if (const auto percent = text != nullptr ? percentage(*text) : std::nullopt) {
        return add_setting(unit, value, std::to_string(*percent) + "%");
    }
    if (const auto count = value.integer(1, most_pids)) {
        add_setting(unit, value, std::to_string(*count));
    }
}

constexpr Key keys[] = {
    {
        .path = "cgroup.cpu.weight",
        .form = weight_form,
        .fallback = "100",
        .documentation =
            "The share of the CPU that the service gets while others want it too, in proportion to "
            "their weights: beside one of weight 100, a weight of 25 gets a fifth.",
        .operation = "write(2) to cpu.weight of the unit's node",
        .source = kernel_document,
        .systemd = "CPUWeight=",
        .read = read_weight,
    },
    {
        .path = "cgroup.cpu.max",
        .form = "a percentage of one CPU such as \"50%\" or \"150%\", \"max\", or the kernel's "
                "\"QUOTA PERIOD\" in microseconds such as \"50000 100000\"",
        .fallback = "\"max\"",
        .documentation =
            "The most CPU time that the service may use, even while the machine is idle. \"50%\" "
            "is half of one CPU, \"150%\" one and a half; it is measured in periods of 100 ms.",
        .operation = "write(2) to cpu.max of the unit's node",
        .source = kernel_document,
        .systemd = "CPUQuota=, CPUQuotaPeriodSec=",
        .read = read_cpu_max,
    },
    {
        .path = "cgroup.cpuset.cpus",
        .form = "a list of CPUs such as \"0-3,6\"",
        .fallback = "all CPUs",
        .documentation = "The CPUs that the service may run on.",
        .operation = "write(2) to cpuset.cpus of the unit's node",
        .source = kernel_document,
        .systemd = "AllowedCPUs=",
        .read = read_cpus,
    },
    {
        .path = "cgroup.memory.min",
        .form = memory_form,
        .fallback = "0",
        .documentation =
            "Memory that is never taken from the service, whatever the pressure. If too much is "
            "promised this way, others are killed for it.",
        .operation = "write(2) to memory.min of the unit's node",
        .source = kernel_document,
        .systemd = "MemoryMin=",
        .read = read_memory,
    },
    {
        .path = "cgroup.memory.low",
        .form = memory_form,
        .fallback = "0",
        .documentation =
            "Memory that is taken from the service only when nothing is left to take elsewhere.",
        .operation = "write(2) to memory.low of the unit's node",
        .source = kernel_document,
        .systemd = "MemoryLow=",
        .read = read_memory,
    },
    {
        .path = "cgroup.memory.high",
        .form = memory_form,
        .fallback = "\"max\"",
        .documentation =
            "Above this the service is slowed down and its memory is reclaimed, but it is never "
            "killed. Without memory.max beside it a service that needs more can stall for ever.",
        .operation = "write(2) to memory.high of the unit's node",
        .source = kernel_document,
        .systemd = "MemoryHigh=",
        .read = read_memory,
    },
    {
        .path = "cgroup.memory.max",
        .form = memory_form,
        .fallback = "\"max\"",
        .documentation =
            "The most memory that the service may have, page cache and kernel memory included. If "
            "nothing can be reclaimed at this bound, the kernel kills a process of the service. A "
            "percentage is one of the machine's memory. The kernel rounds down to whole pages.",
        .operation = "write(2) to memory.max of the unit's node",
        .source = kernel_document,
        .systemd = "MemoryMax=",
        .read = read_memory,
    },
    {
        .path = "cgroup.memory.swap.max",
        .form = "a size such as \"64M\" or a number of bytes, or \"max\"",
        .fallback = "\"max\"",
        .documentation = "The most swap space that the service may use; 0 keeps it out of swap.",
        .operation = "write(2) to memory.swap.max of the unit's node",
        .source = kernel_document,
        .systemd = "MemorySwapMax=",
        .read = read_swap,
    },
    {
        .path = "cgroup.memory.oom.group",
        .form = "true or false, or 1 or 0",
        .fallback = "true where memory.max is given, else false",
        .documentation =
            "Whether all processes of the service are killed together when one of them is killed "
            "for lack of memory, so that none of them is left without its partners.",
        .operation = "write(2) to memory.oom.group of the unit's node",
        .source = kernel_document,
        .systemd = "OOMPolicy=",
        .read = read_oom_group,
    },
    {
        .path = "cgroup.pids.max",
        .form = "a whole number from 1 to 4194304, a percentage such as \"10%\", or \"max\"",
        .fallback = "\"max\"",
        .documentation =
            "The most processes and threads that the service may have at a time; fork(2) answers "
            "EAGAIN beyond it. A percentage is one of kernel.pid_max.",
        .operation = "write(2) to pids.max of the unit's node",
        .source = kernel_document,
        .systemd = "TasksMax=",
        .read = read_pids,
    },
    {
        .path = "cgroup.io.weight",
        .form = weight_form,
        .fallback = "100",
        .documentation =
            "The share of the disks' time that the service gets while others want it too, in "
            "proportion to their weights.",
        .operation = "write(2) to io.weight of the unit's node",
        .source = kernel_document,
        .systemd = "IOWeight=",
        .read = read_weight,
    },
};

}  // namespace

std::span<const Key> cgroup_keys() {
    return keys;
}

}  // namespace confinit
