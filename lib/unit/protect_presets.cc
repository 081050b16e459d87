// SPDX-License-Identifier: Apache-2.0
// The presets of mounts.protect: each a name for paths, capabilities and system calls that belong
// together, as data.
#include "unit/protect_presets.h"

#include <algorithm>

namespace confinit {
namespace {

using Words = std::string_view[];

// Where /usr is merged, what is beside it leads into it.
constexpr Words programs{"/usr", "/bin", "/sbin", "/lib", "/lib64", "/boot", "/efi"};
constexpr Words programs_and_settings{"/usr",   "/bin",  "/sbin", "/lib",
                                      "/lib64", "/boot", "/efi",  "/etc"};
constexpr Words everything{"/"};
constexpr Words beside_everything{"/proc", "/sys", "/dev", "/home", "/root", "/run/user"};
constexpr Words homes{"/home", "/root", "/run/user"};
constexpr Words tunables{
    "/proc/acpi", "/proc/apm",  "/proc/asound",     "/proc/bus",           "/proc/fs",
    "/proc/irq",  "/proc/mtrr", "/proc/scsi",       "/proc/sysrq-trigger", "/proc/latency_stats",
    "/proc/sys",  "/sys",       "/proc/timer_stats"};
constexpr Words beside_tunables{"/sys/fs/cgroup"};
constexpr Words kernel_memory{"/proc/kallsyms", "/proc/kcore"};
constexpr Words old_sysctl{"_sysctl"};
constexpr Words module_files{"/usr/lib/modules", "/lib/modules"};
constexpr Words module_right{"sys_module"};
constexpr Words module_calls{"init_module", "finit_module", "delete_module"};
constexpr Words log_files{"/dev/kmsg", "/proc/kmsg"};
constexpr Words log_right{"syslog"};
constexpr Words log_call{"syslog"};
constexpr Words cgroup_tree{"/sys/fs/cgroup"};
constexpr Words clock_rights{"sys_time", "wake_alarm"};
constexpr Words clock_devices{"/dev/rtc*"};
constexpr Words clock_calls{"adjtimex",      "clock_adjtime",   "clock_adjtime64",
                            "clock_settime", "clock_settime64", "settimeofday",
                            "stime"};
constexpr Words name_files{"/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname"};
constexpr Words name_calls{"sethostname", "setdomainname"};

constexpr ProtectPreset presets[] = {
    {.name = "system", .read_only = programs},
    {.name = "system-full", .read_only = programs_and_settings},
    {.name = "system-strict", .read_only = everything, .read_write = beside_everything},
    {.name = "home", .inaccessible = homes},
    {.name = "home-read-only", .read_only = homes},
    {.name = "home-tmpfs", .tmpfs = homes},
    {.name = "kernel-tunables",
     .read_only = tunables,
     .read_write = beside_tunables,
     .inaccessible = kernel_memory,
     .denied_calls = old_sysctl},
    {.name = "kernel-modules",
     .inaccessible = module_files,
     .capabilities = module_right,
     .denied_calls = module_calls},
    {.name = "kernel-logs",
     .inaccessible = log_files,
     .capabilities = log_right,
     .denied_calls = log_call},
    {.name = "cgroups", .read_only = cgroup_tree},
    {.name = "clock",
     .inaccessible = clock_devices,
     .capabilities = clock_rights,
     .denied_calls = clock_calls},
    {.name = "hostname", .read_only = name_files, .denied_calls = name_calls},
};

}  // namespace

std::span<const ProtectPreset> protect_presets() {
    return presets;
}

const ProtectPreset* find_protect_preset(std::string_view name) {
    const auto found = std::ranges::find(presets, name, &ProtectPreset::name);
    return found == std::ranges::end(presets) ? nullptr : &*found;
}

std::vector<std::string_view> protect_preset_names() {
    std::vector<std::string_view> names;
    for (const ProtectPreset& preset : presets)
        names.push_back(preset.name);
    return names;
}

}  // namespace confinit
