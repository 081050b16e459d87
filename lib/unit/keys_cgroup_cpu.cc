// SPDX-License-Identifier: Apache-2.0
// The keys of [cgroup] about CPUs, each named as the kernel's own file.
#include "unit/cgroup_form.h"
#include "unit/forms.h"
#include "unit/keys.h"

#include "base/text.h"

namespace confinit {
namespace {

constexpr std::string_view uclamp_form = "a percentage such as \"50%\", or \"max\"";
constexpr std::string_view weight_form = "a whole number from 1 to 10000";
// The period that a percentage of cpu.max is measured in, as the kernel's default.
constexpr std::uint64_t default_period = 100'000;
// What the kernel takes (kernel/sched/core.c): at least one millisecond, at most one second.
constexpr std::uint64_t shortest_period = 1'000;
constexpr std::uint64_t longest_period = 1'000'000;
constexpr std::uint64_t longest_quota = 1ULL << 44;
// No machine has more; the kernel's own bound (NR_CPUS) is lower.
constexpr std::uint64_t most_cpus = 8192;
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

void read_nice_weight(const Value& value, Unit& unit) {
    const auto nice = value.integer(-20, 19);
    if (nice) add_setting(unit, value, std::to_string(*nice));
}

// In microseconds, as the kernel wants it.
void read_burst(const Value& value, Unit& unit) {
    const auto burst = read_duration(value);
    if (burst) add_setting(unit, value, std::to_string(burst->count()));
}

void read_uclamp(const Value& value, Unit& unit) {
    if (is_text(value, "max")) return add_setting(unit, value, "max");
    const std::string* text = value.if_text();
    const auto percent = text != nullptr ? percentage(*text) : std::nullopt;
    if (!percent) return value.mismatch();
    add_setting(unit, value, std::to_string(*percent));
}

enum class Partition { member, root, isolated };
constexpr auto partition_names = make_name_table<Partition>({
    {Partition::member, "member"},
    {Partition::root, "root"},
    {Partition::isolated, "isolated"},
});

void read_partition(const Value& value, Unit& unit) {
    const auto partition = read_choice(value, partition_names);
    if (partition) add_setting(unit, value, std::string{partition_names.name(*partition)});
}

constexpr Key cgroup_cpu_table[] = {
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
        .path = "cgroup.cpu.weight.nice",
        .form = "a whole number from -20 to 19",
        .fallback = "0",
        .documentation = "The same share in the words of nice(2): each step is about a tenth. Not "
                         "together with cpu.weight.",
        .operation = "write(2) to cpu.weight.nice of the unit's node",
        .source = kernel_document,
        .systemd = "CPUWeight=",
        .read = read_nice_weight,
    },
    {
        .path = "cgroup.cpu.idle",
        .form = switch_form,
        .fallback = "false",
        .documentation = "Whether the service runs only when nothing else wants the CPU, as with "
                         "SCHED_IDLE. It has no weight then.",
        .operation = "write(2) to cpu.idle of the unit's node",
        .source = kernel_document,
        .systemd = "CPUWeight=idle",
        .read = read_switch,
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
        .path = "cgroup.cpu.max.burst",
        .form = duration_form,
        .fallback = "\"0s\"",
        .documentation = "How much of the time that cpu.max left unused may be used later in one "
                         "go; at most the quota itself.",
        .operation = "write(2) to cpu.max.burst of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_burst,
    },
    {
        .path = "cgroup.cpu.uclamp.min",
        .form = uclamp_form,
        .fallback = "0",
        .documentation = "The share of a CPU's speed that the scheduler takes the service to need "
                         "at least. Only kernels with CONFIG_UCLAMP_TASK_GROUP have the file.",
        .operation = "write(2) to cpu.uclamp.min of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_uclamp,
    },
    {
        .path = "cgroup.cpu.uclamp.max",
        .form = uclamp_form,
        .fallback = "\"max\"",
        .documentation =
            "The share of a CPU's speed that the scheduler takes the service to need at most.",
        .operation = "write(2) to cpu.uclamp.max of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_uclamp,
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
        .path = "cgroup.cpuset.mems",
        .form = "a list of memory nodes such as \"0\" or \"0-1\"",
        .fallback = "all memory nodes",
        .documentation = "The memory nodes of a NUMA machine that the service may allocate from.",
        .operation = "write(2) to cpuset.mems of the unit's node",
        .source = kernel_document,
        .systemd = "AllowedMemoryNodes=",
        .read = read_cpus,
    },
    {
        .path = "cgroup.cpuset.cpus.exclusive",
        .form = "a list of CPUs such as \"2-3\"",
        .fallback = "none",
        .documentation =
            "CPUs that no other group may have in a partition of its own. Since Linux 6.7.",
        .operation = "write(2) to cpuset.cpus.exclusive of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_cpus,
    },
    {
        .path = "cgroup.cpuset.cpus.partition",
        .form = "one of member, root, isolated",
        .fallback = "\"member\"",
        .documentation = "Whether the CPUs are the service's alone: root takes them away from all "
                         "others, isolated also from the load balancer. A partition that the "
                         "kernel does not find valid is refused.",
        .operation = "write(2) to cpuset.cpus.partition of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_partition,
    },
};

}  // namespace

std::span<const Key> cgroup_cpu_keys() {
    return cgroup_cpu_table;
}

}  // namespace confinit
