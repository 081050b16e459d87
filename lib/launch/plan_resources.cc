// SPDX-License-Identifier: Apache-2.0
// What a service may use: its cgroup files, resource limits, nice value and OOM score.
#include "launch/plan_parts.h"

#include "base/file.h"
#include "base/text.h"
#include "kernel/cgroup.h"
#include "kernel/proc_status.h"

#include <fcntl.h>

namespace confinit {
namespace {

std::string cgroup_key(const CgroupSetting& setting) {
    return "cgroup." + setting.file;
}

std::optional<std::uint64_t> percent_of(std::string_view value) {
    if (!value.ends_with('%')) return std::nullopt;
    return parse_unsigned(value.substr(0, value.size() - 1));
}

LaunchResult<std::uint64_t> read_pid_max(const CgroupSetting& setting) {
    constexpr std::string_view path = "/proc/sys/kernel/pid_max";
    const auto text = read_file(AT_FDCWD, std::string{path});
    const auto number = text ? parse_unsigned(trim(*text)) : std::nullopt;
    if (number) return *number;
    return std::unexpected(LaunchFailure{.key = cgroup_key(setting),
                                         .object = std::string{path},
                                         .call = "read",
                                         .error = text ? 0 : text.error().code,
                                         .hint = "the percentage is of its number"});
}

LaunchResult<std::uint64_t> whole_of(const CgroupSetting& setting, const LaunchContext& context) {
    const std::string_view controller = controller_of(setting.file);
    if (controller == "memory") return context.memory_total;
    if (controller == "pids") return read_pid_max(setting);
    return std::unexpected(LaunchFailure{.key = cgroup_key(setting),
                                         .object = setting.value,
                                         .hint = "a percentage has no meaning here"});
}

// Divides first: the product of a size and a percentage may not fit.
std::uint64_t part_of(std::uint64_t whole, std::uint64_t percent) {
    return whole / 100 * percent + whole % 100 * percent / 100;
}

}  // namespace

LaunchStatus apply_cgroup(const Unit& unit, const LaunchContext& context, LaunchPlan& plan) {
    for (const CgroupSetting& setting : unit.cgroup) {
        CgroupSetting resolved = setting;
        if (const auto percent = percent_of(setting.value)) {
            const std::uint64_t whole = TRY(whole_of(setting, context));
            // In whole pages for memory, as the kernel would make it.
            resolved.value = normal_value(setting.file, std::to_string(part_of(whole, *percent)));
        }
        plan.cgroup.push_back(std::move(resolved));
    }
    return {};
}

void apply_process_limits(const Unit& unit, LaunchPlan& plan) {
    const ProcessConfig& process = unit.process;
    for (const RlimitSetting& limit : process.rlimits) {
        plan.rlimit_values.push_back({limit.soft, limit.hard});
        plan.rlimit_resources.push_back(limit.resource);
        plan.rlimit_keys.push_back("process.rlimits." +
                                   std::string{resource_limit_name(limit.resource)});
    }
    if (process.nice) {
        plan.nice = *process.nice;
        plan.child.nice = &plan.nice;
    }
    // Written even when it is 0: the supervisor's own value must not be handed down.
    plan.child.oom_score_adj = keep(plan, std::to_string(process.oom_score_adj));
    plan.child.limits_by_parent = unit.namespaces.user;
    plan.child.umask = static_cast<mode_t>(process.umask);
}

}  // namespace confinit
