// SPDX-License-Identifier: Apache-2.0
// The keys of [process] on how the kernel schedules a process, and on its keyring.
#include "unit/forms.h"
#include "unit/keys.h"

#include "base/bit_list.h"
#include "base/text.h"

#include <array>
#include <linux/ioprio.h>
#include <sched.h>

namespace confinit {
namespace {

struct Policy {
    std::string_view name;
    int number;
    bool is_realtime;
};

constexpr std::array policies{
    Policy{"other", SCHED_OTHER, false}, Policy{"batch", SCHED_BATCH, false},
    Policy{"idle", SCHED_IDLE, false},   Policy{"fifo", SCHED_FIFO, true},
    Policy{"rr", SCHED_RR, true},
};

struct IoClass {
    std::string_view name;
    int number;
    bool has_levels;
};

constexpr std::array io_classes{
    IoClass{"realtime", IOPRIO_CLASS_RT, true},
    IoClass{"best-effort", IOPRIO_CLASS_BE, true},
    IoClass{"idle", IOPRIO_CLASS_IDLE, false},
};

constexpr auto keyring_names = make_name_table<KeyringMode>({
    {KeyringMode::separate, "private"},
    {KeyringMode::inherited, "inherit"},
});

// "fifo:50": the word, and the number after the colon.
struct Leveled {
    std::string_view word;
    std::optional<std::uint64_t> level;
    bool has_level = false;
};

Leveled split_level(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return {.word = text};
    return {text.substr(0, colon), parse_unsigned(text.substr(colon + 1)), true};
}

bool is_level(const Leveled& parts, std::uint64_t lowest, std::uint64_t highest) {
    return parts.level && *parts.level >= lowest && *parts.level <= highest;
}

void read_scheduling(const Value& value, Unit& unit) {
    const std::string* text = value.if_text();
    const Leveled parts = split_level(text != nullptr ? *text : std::string_view{});
    std::vector<std::string_view> names;
    for (const Policy& policy : policies) {
        names.push_back(policy.name);
        if (policy.name != parts.word) continue;
        if (policy.is_realtime ? !is_level(parts, 1, 99) : parts.has_level) break;
        unit.process.scheduling = SchedulingSetting{
            .policy = policy.number, .priority = static_cast<int>(parts.level.value_or(0))};
        return;
    }
    value.mismatch(text != nullptr ? value.nearest(parts.word, names) : std::string{});
}

void read_io_priority(const Value& value, Unit& unit) {
    const std::string* text = value.if_text();
    const Leveled parts = split_level(text != nullptr ? *text : std::string_view{});
    std::vector<std::string_view> names;
    for (const IoClass& io_class : io_classes) {
        names.push_back(io_class.name);
        if (io_class.name != parts.word) continue;
        if (io_class.has_levels ? !is_level(parts, 0, 7) : parts.has_level) break;
        const int level = static_cast<int>(parts.level.value_or(0));
        unit.process.io_priority = io_class.number << IOPRIO_CLASS_SHIFT | level;
        return;
    }
    value.mismatch(text != nullptr ? value.nearest(parts.word, names) : std::string{});
}

void read_cpu_affinity(const Value& value, Unit& unit) {
    const std::string* text = value.if_text();
    auto cpus = text != nullptr ? parse_bit_list(*text) : std::nullopt;
    if (!cpus) return value.mismatch();
    unit.process.cpu_affinity = std::move(*cpus);
}

void read_keyring(const Value& value, Unit& unit) {
    if (const auto mode = read_choice(value, keyring_names)) unit.process.keyring = *mode;
}

constexpr Key process_scheduling_table[] = {
    {
        .path = "process.scheduling",
        .form = "one of other, batch, idle, or a realtime policy from \"fifo:1\" to \"fifo:99\" or "
                "\"rr:1\" to \"rr:99\"",
        .fallback = "the supervisor's own",
        .documentation =
            "The scheduling policy of the service's threads, with the priority of a realtime one. "
            "A realtime thread runs before all others and is never made to wait by them; idle runs "
            "when nobody else of its cgroup wants to.",
        .operation = "sched_setscheduler(2)",
        .source = "sched_setscheduler(2), sched(7)",
        .systemd = "CPUSchedulingPolicy=, CPUSchedulingPriority=",
        .read = read_scheduling,
    },
    {
        .path = "process.io_priority",
        .form = "\"idle\", or a class and a level such as \"best-effort:4\", \"realtime:0\"",
        .fallback = "the supervisor's own",
        .documentation =
            "The class and, from 0, the highest, to 7, the level of the service's input and output "
            "for the disk schedulers that know them.",
        .operation = "ioprio_set(2)",
        .source = "ioprio_set(2), Documentation/block/ioprio.rst",
        .systemd = "IOSchedulingClass=, IOSchedulingPriority=",
        .read = read_io_priority,
    },
    {
        .path = "process.cpu_affinity",
        .form = "a list of CPUs such as \"0-3,6\"",
        .fallback = "the supervisor's own",
        .documentation =
            "The CPUs that the service's threads run on to begin with. The service may change it; "
            "cpuset.cpus is the limit that it cannot. A CPU that is not there, or not in the "
            "service's cpuset, is an error at the start.",
        .operation = "sched_setaffinity(2), read back by sched_getaffinity(2)",
        .source = "sched_setaffinity(2), cpuset(7)",
        .systemd = "CPUAffinity=",
        .read = read_cpu_affinity,
    },
    {
        .path = "process.keyring",
        .form = "one of private, inherit",
        .fallback = "\"private\", unless this kernel has no keyrings or a filter on the supervisor "
                    "refuses them to everybody",
        .documentation =
            "The session keyring of the service. private: a new one that nobody else has. inherit: "
            "the supervisor's, which all services that inherit it share. Neither takes away the "
            "keyring of the user, which belongs to the user id.",
        .operation = "keyctl(2) KEYCTL_JOIN_SESSION_KEYRING",
        .source = "keyctl_join_session_keyring(3), session-keyring(7)",
        .systemd = "KeyringMode=",
        .read = read_keyring,
    },
};

}  // namespace

std::span<const Key> process_scheduling_keys() {
    return process_scheduling_table;
}

}  // namespace confinit
