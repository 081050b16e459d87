// SPDX-License-Identifier: Apache-2.0
// The keys of [process]: attributes that a process inherits and execve keeps.
#include "unit/forms.h"
#include "unit/keys.h"
#include "unit/resource_limits.h"

#include "base/text.h"

#include <sys/resource.h>

namespace confinit {
namespace {

// What a limit counts, and so how it may be written.
enum class LimitUnit { bytes, number };

struct LimitName {
    std::string_view name;
    int resource;
    LimitUnit unit;
};

constexpr LimitName limit_names[] = {
    {"as", RLIMIT_AS, LimitUnit::bytes},
    {"core", RLIMIT_CORE, LimitUnit::bytes},
    {"cpu", RLIMIT_CPU, LimitUnit::number},
    {"data", RLIMIT_DATA, LimitUnit::bytes},
    {"fsize", RLIMIT_FSIZE, LimitUnit::bytes},
    {"locks", RLIMIT_LOCKS, LimitUnit::number},
    {"memlock", RLIMIT_MEMLOCK, LimitUnit::bytes},
    {"msgqueue", RLIMIT_MSGQUEUE, LimitUnit::bytes},
    {"nice", RLIMIT_NICE, LimitUnit::number},
    {"nofile", RLIMIT_NOFILE, LimitUnit::number},
    {"nproc", RLIMIT_NPROC, LimitUnit::number},
    {"rss", RLIMIT_RSS, LimitUnit::bytes},
    {"rtprio", RLIMIT_RTPRIO, LimitUnit::number},
    {"rttime", RLIMIT_RTTIME, LimitUnit::number},
    {"sigpending", RLIMIT_SIGPENDING, LimitUnit::number},
    {"stack", RLIMIT_STACK, LimitUnit::bytes},
};

constexpr std::string_view limit_form =
    "a whole number, \"infinity\", or \"SOFT:HARD\" such as \"1024:4096\"";
constexpr std::uint64_t infinity = ~std::uint64_t{0};

std::optional<std::uint64_t> limit_value(std::string_view text, LimitUnit unit) {
    if (text == "infinity") return infinity;
    return unit == LimitUnit::bytes ? parse_size(text) : parse_unsigned(text);
}

// The soft and the hard limit; one number is both.
std::optional<RlimitSetting> limit_of(const Value& value, const LimitName& limit) {
    if (const auto number = value.if_integer(); number && *number >= 0) {
        const auto both = static_cast<std::uint64_t>(*number);
        return RlimitSetting{limit.resource, both, both};
    }
    const std::string* text = value.if_text();
    const auto parts = split(text != nullptr ? *text : std::string_view{}, ':');
    const auto soft = limit_value(parts.front(), limit.unit);
    const auto hard = limit_value(parts.back(), limit.unit);
    if (parts.size() > 2 || !soft || !hard) return std::nullopt;
    return RlimitSetting{limit.resource, *soft, *hard};
}

void read_rlimits(const Value& value, Unit& unit) {
    const auto members = value.members(limit_form);
    if (!members) return;
    value.allow_members(resource_limit_names());
    for (const LimitName& limit : limit_names) {
        const auto member = value.member(limit.name, limit_form);
        if (!member) continue;
        const auto setting = limit_of(*member, limit);
        if (!setting) {
            member->mismatch();
        } else if (setting->soft > setting->hard) {
            member->refuse("the soft limit is above the hard one");
        } else {
            unit.process.rlimits.push_back(*setting);
        }
    }
}

void read_umask(const Value& value, Unit& unit) {
    assign(unit.process.umask, read_mode(value, 0777));
}

void read_nice(const Value& value, Unit& unit) {
    const auto nice = value.integer(-20, 19);
    if (nice) unit.process.nice = static_cast<int>(*nice);
}

void read_oom_score_adj(const Value& value, Unit& unit) {
    const auto adjustment = value.integer(-1000, 1000);
    if (adjustment) unit.process.oom_score_adj = static_cast<int>(*adjustment);
}

constexpr Key process_table[] = {
    {
        .path = "process.umask",
        .form = "a text of octal digits up to \"0777\" such as \"0022\"",
        .fallback = "\"0022\"",
        .documentation = "The permission bits that files made by the service do not get.",
        .operation = "umask(2)",
        .source = "umask(2)",
        .systemd = "UMask=",
        .read = read_umask,
    },
    {
        .path = "process.nice",
        .form = "a whole number from -20 to 19",
        .fallback = "the supervisor's own",
        .documentation =
            "The weight of each of the service's threads against others of the same cgroup; a "
            "higher number is nicer to the others. Between services, cpu.weight decides.",
        .operation = "setpriority(2)",
        .source = "setpriority(2), sched(7)",
        .systemd = "Nice=",
        .read = read_nice,
    },
    {
        .path = "process.rlimits",
        .form = "a table of limits such as { nofile = \"1024:4096\", core = 0 }",
        .fallback = "nofile = \"1024:524288\", others the supervisor's own",
        .documentation =
            "Resource limits of each process, by the names of setrlimit(2) in lower case: as, "
            "core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, "
            "rttime, sigpending, stack. A value is \"SOFT:HARD\", one number for both, or "
            "\"infinity\"; what counts bytes may be written \"64M\". Without nofile a service may "
            "have 1024 "
            "open files and raise that itself to 524288, or to the supervisor's own limit where "
            "this is lower.",
        .operation = "prlimit(2)",
        .source = "prlimit(2)",
        .systemd = "LimitCPU=, LimitFSIZE=, LimitDATA=, LimitSTACK=, LimitCORE=, LimitRSS=, "
                   "LimitNOFILE=, LimitAS=, LimitNPROC=, LimitMEMLOCK=, LimitLOCKS=, "
                   "LimitSIGPENDING=, LimitMSGQUEUE=, LimitNICE=, LimitRTPRIO=, LimitRTTIME=",
        .read = read_rlimits,
    },
    {
        .path = "process.oom_score_adj",
        .form = "a whole number from -1000 to 1000",
        .fallback = "0",
        .documentation =
            "How likely the kernel is to choose the service when the whole machine is out of "
            "memory: 1000 always, -1000 never.",
        .operation = "write(2) to /proc/PID/oom_score_adj",
        .source = "proc(5), choom(1)",
        .systemd = "OOMScoreAdjust=",
        .read = read_oom_score_adj,
    },
};

}  // namespace

std::vector<std::string_view> resource_limit_names() {
    std::vector<std::string_view> names;
    for (const LimitName& limit : limit_names)
        names.push_back(limit.name);
    return names;
}

std::span<const Key> process_keys() {
    return process_table;
}

}  // namespace confinit
