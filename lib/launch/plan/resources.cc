// SPDX-License-Identifier: Apache-2.0
// Resources: a service's cgroup files, resource limits, nice value and OOM score.
#include "launch/plan/parts.h"
#include "launch/plan/witnesses.h"

#include "base/file.h"
#include "base/look_note.h"
#include "base/text.h"
#include "kernel/cgroup.h"
#include "kernel/descriptor_limit.h"
#include "kernel/proc_status.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace confinit {
namespace {

std::optional<std::uint64_t> percent_of(std::string_view value) {
    if (!value.ends_with('%')) return std::nullopt;
    return parse_unsigned(value.substr(0, value.size() - 1));
}

Result<std::uint64_t> read_pid_max(const CgroupSetting& setting) {
    constexpr std::string_view path = "/proc/sys/kernel/pid_max";
    const auto text = read_file(AT_FDCWD, std::string{path});
    const auto number = text ? parse_unsigned(trim(*text)) : std::nullopt;
    if (number) return *number;
    return std::unexpected(Error{.key = setting.key(),
                                 .object = std::string{path},
                                 .call = "read",
                                 .error = text ? 0 : text.error().error,
                                 .hint = "the percentage is of its number"});
}

Result<std::uint64_t> whole_of(const CgroupSetting& setting, const LaunchContext& context) {
    const std::string_view controller = controller_of(setting.file);
    if (controller == "memory") return context.memory_total;
    if (controller == "pids") return read_pid_max(setting);
    return std::unexpected(Error{
        .key = setting.key(), .object = setting.value, .hint = "a percentage has no meaning here"});
}

Error device_failure(const CgroupSetting& setting, std::string path, int error, std::string hint) {
    return {.key = setting.key(),
            .object = std::move(path),
            .call = error == 0 ? "" : "stat",
            .error = error,
            .hint = std::move(hint)};
}

// The whole disk, which alone the io controller takes: a partition lies in the disk's directory.
Result<std::string> disk_of(const CgroupSetting& setting, const std::string& path, dev_t device) {
    const std::string own =
        "/sys/dev/block/" + std::to_string(major(device)) + ":" + std::to_string(minor(device));
    witness_presence(own + "/partition");
    const bool is_partition = exists(own + "/partition");
    const auto number = read_file(AT_FDCWD, own + (is_partition ? "/../dev" : "/dev"));
    if (number) return std::string{trim(*number)};
    return std::unexpected(device_failure(setting, path, 0, "no block device is behind this path"));
}

// The plan depends on which device is there, or on which one it lies.
void witness_device(const std::string& path) {
    if (!has_witnesses()) return;
    const ServiceView host{"/"};
    if (host.find(path).presence == Lookup::Presence::unknown) keep_no_plan();
}

// "/var rbps=1048576" -> "254:0 rbps=1048576".
Result<std::string> with_device_number(const CgroupSetting& setting) {
    const std::size_t space = std::min(setting.value.find(' '), setting.value.size());
    const std::string path = setting.value.substr(0, space);
    note_key(setting.key());
    note_path(path);
    witness_device(path);
    struct stat status{};
    if (stat(path.c_str(), &status) < 0) {
        return std::unexpected(
            device_failure(setting, path, errno,
                           "name a block device such as /dev/vda, or a path on it such as /var"));
    }
    const dev_t device = S_ISBLK(status.st_mode) ? status.st_rdev : status.st_dev;
    return TRY(disk_of(setting, path, device)) + setting.value.substr(space);
}

// Divides first: the product of a size and a percentage may not fit.
std::uint64_t part_of(std::uint64_t whole, std::uint64_t percent) {
    return whole / 100 * percent + whole % 100 * percent / 100;
}

ChildKeyring child_keyring(std::optional<KeyringMode> mode) {
    if (!mode) return ChildKeyring::separate_if_offered;
    return *mode == KeyringMode::separate ? ChildKeyring::separate : ChildKeyring::inherited;
}

void add_limit(PlanDraft& plan, int resource, rlimit64 limit) {
    plan.child.rlimit_values.push_back(limit);
    plan.child.rlimit_resources.push_back(resource);
    plan.rlimit_keys.push_back("process.rlimits." + std::string{resource_limit_name(resource)});
}

}  // namespace

Result<CgroupConfig> make_cgroup_config(const Unit& unit, const LaunchContext& context) {
    CgroupConfig config;
    for (const CgroupSetting& setting : unit.cgroup) {
        CgroupSetting resolved = setting;
        if (const auto percent = percent_of(setting.value)) {
            const std::uint64_t whole = TRY(whole_of(setting, context));
            // In whole pages for memory, as the kernel would make it.
            resolved.value = normal_value(setting.file, std::to_string(part_of(whole, *percent)));
        }
        if (setting.value.starts_with('/')) resolved.value = TRY(with_device_number(setting));
        config.push_back(std::move(resolved));
    }
    return config;
}

Status apply_cgroup(const Unit& unit, const LaunchContext& context, PlanDraft& plan) {
    for (CgroupSetting& setting : TRY(make_cgroup_config(unit, context))) {
        std::string key = setting.key();
        plan.cgroup.push_back({std::move(setting.file), std::move(setting.value), std::move(key)});
    }
    return {};
}

void apply_process_limits(const Unit& unit, PlanDraft& plan) {
    const ProcessConfig& process = unit.process;
    for (const RlimitSetting& limit : process.rlimits)
        add_limit(plan, limit.resource, {limit.soft, limit.hard});
    // The supervisor's own limit is far above what a program takes for granted.
    if (std::ranges::find(process.rlimits, RLIMIT_NOFILE, &RlimitSetting::resource) ==
        process.rlimits.end()) {
        add_limit(plan, RLIMIT_NOFILE, usual_descriptor_limits());
    }
    if (unit.seccomp && !unit.seccomp->realtime) {
        // A declared one is 0 as well, which the unit's check sees to.
        plan.child.rlimit_values.push_back({0, 0});
        plan.child.rlimit_resources.push_back(RLIMIT_RTPRIO);
        plan.rlimit_keys.emplace_back("seccomp.realtime");
    }
    if (process.nice) {
        plan.child.sets_nice = true;
        plan.child.nice = *process.nice;
    }
    if (process.scheduling) {
        plan.child.scheduling_policy = process.scheduling->policy;
        plan.child.scheduling_priority = process.scheduling->priority;
    }
    plan.child.io_priority = process.io_priority.value_or(-1);
    plan.child.cpu_affinity = process.cpu_affinity;
    plan.child.keyring = child_keyring(process.keyring);
    // Written even when it is 0: the supervisor's own value must not be handed down.
    plan.child.oom_score_adj = keep(plan, std::to_string(process.oom_score_adj));
    plan.child.limits_by_parent = unit.namespaces.user;
    plan.child.umask = static_cast<mode_t>(process.umask);
}

}  // namespace confinit
