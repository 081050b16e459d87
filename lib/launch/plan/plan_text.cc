// SPDX-License-Identifier: Apache-2.0
// A plan in words: what a launch will do, in the order in which it is done.
#include "launch/plan/plan_text.h"

#include "base/bit_list.h"
#include "base/text.h"
#include "kernel/scheduling.h"
#include "launch/namespace_table.h"
#include "launch/owner_text.h"
#include "launch/plan/parts.h"

#include <algorithm>
#include <array>
#include <linux/mount.h>
#include <sys/sysmacros.h>
#include <utility>

namespace confinit {
namespace {

std::string or_empty(const char* text) {
    return text != nullptr ? text : "";
}

std::string capabilities_text(CapabilityMask mask, int last) {
    return capability_text(mask, (CapabilityMask{2} << last) - 1);
}

std::string namespaces_text(std::uint64_t flags) {
    std::vector<std::string> names;
    for (const NamespaceRow& row : namespace_rows) {
        if ((flags & row.flag) != 0) names.emplace_back(row.link);
    }
    return join(names, " ");
}

std::string limit_text(const rlimit64& limit) {
    const auto text = [](std::uint64_t value) {
        return value == RLIM64_INFINITY ? std::string{"infinity"} : std::to_string(value);
    };
    return text(limit.rlim_cur) + ":" + text(limit.rlim_max);
}

std::string_view kind_text(MountOpKind kind) {
    switch (kind) {
    case MountOpKind::propagation:
        return "the whole tree a slave";
    case MountOpKind::bind:
    case MountOpKind::device_node:
        return "bind";
    case MountOpKind::tmpfs:
        return "tmpfs";
    case MountOpKind::proc:
        return "proc";
    case MountOpKind::devpts:
        return "devpts";
    case MountOpKind::mqueue:
        return "mqueue";
    case MountOpKind::cgroup:
        return "cgroup2";
    case MountOpKind::overlay_layer:
        return "layer";
    case MountOpKind::overlay:
        return "overlay";
    case MountOpKind::directory:
        return "directory";
    case MountOpKind::symlink:
        return "symlink";
    case MountOpKind::seal:
    case MountOpKind::read_only:
        return "read-only";
    case MountOpKind::read_write:
        return "as writable as on the host";
    case MountOpKind::inaccessible:
        return "inaccessible";
    case MountOpKind::no_exec:
        return "noexec";
    case MountOpKind::exec:
        return "as executable as on the host";
    case MountOpKind::change_root:
        return "pivot_root";
    case MountOpKind::change_propagation:
        return "the whole tree";
    }
    return "?";
}

// Whether the source is a path that goes to the target, rather than an option.
bool has_source_path(const MountOp& op) {
    return op.kind == MountOpKind::bind || op.kind == MountOpKind::device_node ||
           op.kind == MountOpKind::symlink ||
           (op.kind == MountOpKind::overlay_layer && op.mode != memory_layer);
}

std::string propagation_text(std::uint64_t flag) {
    if (flag == MS_PRIVATE) return "private";
    if (flag == MS_SHARED) return "shared";
    return flag == MS_UNBINDABLE ? "unbindable" : "slave";
}

std::vector<std::string> mount_options(const MountOp& op) {
    constexpr std::array<std::pair<std::uint64_t, std::string_view>, 4> names{
        {{MOUNT_ATTR_RDONLY, "ro"},
         {MOUNT_ATTR_NOSUID, "nosuid"},
         {MOUNT_ATTR_NODEV, "nodev"},
         {MOUNT_ATTR_NOEXEC, "noexec"}}};
    std::vector<std::string> options;
    if (op.kind == MountOpKind::change_propagation) return {propagation_text(op.attributes)};
    const bool has_options = op.kind == MountOpKind::tmpfs || op.kind == MountOpKind::overlay_layer;
    if (has_options && !has_source_path(op) && op.source != nullptr)
        options.push_back(or_empty(op.source));
    if (op.options != nullptr) {
        options.push_back((op.kind == MountOpKind::tmpfs ? "mode=" : "") + or_empty(op.options));
    }
    for (const auto& [attribute, name] : names) {
        if ((op.attributes & attribute) != 0) options.emplace_back(name);
    }
    if (op.may_be_absent) options.emplace_back("if it is there");
    return options;
}

std::string mount_text(const MountOp& op) {
    std::string text{kind_text(op.kind)};
    const bool is_tree = op.kind == MountOpKind::propagation;
    if (has_source_path(op)) text += " " + or_empty(op.source);
    if (!is_tree && op.kind != MountOpKind::change_propagation) {
        text += (op.kind == MountOpKind::change_root || op.kind == MountOpKind::directory
                     ? " "
                     : (has_source_path(op) ? " at " : " ")) +
                or_empty(op.target);
    }
    const auto options = mount_options(op);
    return options.empty() ? text : text + " (" + join(options, ", ") + ")";
}

class Lines {
public:
    explicit Lines(const Plan& plan) : plan_(plan), child_(plan.child) {}

    std::vector<PlanLine> all() {
        add_parent_part();
        add_preparations();
        add_scheduling();
        add_namespaces();
        for (std::size_t i = 0; i < child_.mounts.size(); ++i)
            add("mounts", mount_text(child_.mounts[i]), plan_.mount_keys[i].str());
        add_set_up();
        add_credentials();
        add_program();
        return std::move(lines_);
    }

private:
    void add(std::string_view step, std::string what, std::string key = {}) {
        lines_.push_back({step, std::move(what), std::move(key)});
    }

    void add_parent_part() {
        for (const CgroupLineIn<Sealed>& line : plan_.cgroup)
            add("cgroup", line.file.str() + " = " + line.value.str(), line.key.str());
        const std::string made = namespaces_text(plan_.clone_flags);
        add("clone3", made.empty() ? "into the node" : "into the node, new: " + made,
            made.empty() ? "" : "namespaces");
        if (plan_.uid_map.empty()) return;
        if (plan_.deny_setgroups) add("id_maps", "setgroups deny", "namespaces.user.setgroups");
        add("id_maps", "uid_map " + in_one_line(plan_.uid_map), "namespaces.user");
        add("id_maps", "gid_map " + in_one_line(plan_.gid_map), "namespaces.user");
    }

    static std::string in_one_line(std::string_view text) {
        std::string line{trim(text)};
        std::ranges::replace(line, '\n', ',');
        return line;
    }

    static std::string preparation_text(const Preparation& wanted) {
        switch (wanted.kind) {
        case PreparationKind::directory:
            return "directory " + directory_path(wanted.base, wanted.path) + " " +
                   octal_text(wanted.mode) + " of " + owner_text(wanted.uid, wanted.gid);
        case PreparationKind::image:
            return "mount the image " + or_empty(wanted.path);
        case PreparationKind::procfs:
            return "mount a procfs of the host's processes";
        }
        return "?";
    }

    void add_preparations() {
        for (std::size_t i = 0; i < child_.preparations.size(); ++i)
            add("preparation", preparation_text(child_.preparations[i]),
                plan_.preparation_keys[i].str());
    }

    void add_scheduling() {
        if (!child_.cpu_affinity.empty()) {
            add("scheduling", "CPUs " + bit_list_text(child_.cpu_affinity), "process.cpu_affinity");
        }
        if (child_.scheduling_policy >= 0) {
            add("scheduling", scheduling_text(child_.scheduling_policy, child_.scheduling_priority),
                "process.scheduling");
        }
        if (child_.io_priority >= 0) {
            add("scheduling", "I/O " + io_priority_text(child_.io_priority), "process.io_priority");
        }
        if (child_.sets_nice) {
            add("scheduling", "nice " + std::to_string(child_.nice), "process.nice");
        }
        if (child_.oom_score_adj != nullptr) {
            add("scheduling", "oom_score_adj " + or_empty(child_.oom_score_adj),
                "process.oom_score_adj");
        }
        if (child_.tty != nullptr) add("terminal", or_empty(child_.tty), "service.tty");
    }

    void add_namespaces() {
        if (child_.time_offsets != nullptr) {
            const std::string offsets = in_one_line(or_empty(child_.time_offsets));
            add("time_namespace", offsets.empty() ? "new" : "new, " + offsets, "namespaces.time");
        }
        for (const JoinIn<Sealed>& join : plan_.joins) {
            if (join.flag != CLONE_NEWUSER)
                add("join_namespaces", join.identity.str(), join.key.str());
        }
        if (child_.new_cgroup_namespace) {
            add("cgroup_namespace", "new, its root is the node", "namespaces.cgroup");
        }
    }

    void add_set_up() {
        if (child_.hostname != nullptr) {
            add("hostname", or_empty(child_.hostname), "namespaces.uts.hostname");
        }
        if (child_.new_network) add("network", "lo up", "namespaces.net");
        if (child_.has_reaper) {
            add("reaper", "confinit-reaper is PID 1, and the service its child", "namespaces.pid");
        }
        add("session", "default signals, none blocked; setsid");
        if (child_.keyring != ChildKeyring::inherited) {
            add("keyring",
                child_.keyring == ChildKeyring::separate ? "of its own"
                                                         : "of its own, where the kernel has any",
                "process.keyring");
        }
        for (std::size_t i = 0; i < child_.rlimit_values.size(); ++i)
            add("rlimits", limit_text(child_.rlimit_values[i]), plan_.rlimit_keys[i].str());
    }

    void add_credentials() {
        for (const JoinIn<Sealed>& join : plan_.joins) {
            if (join.flag == CLONE_NEWUSER) add("join_user", join.identity.str(), join.key.str());
        }
        add("bounding", capabilities_text(child_.bounding, child_.last_capability),
            "capabilities.bounding");
        for (const SecurebitName& bit : securebit_names()) {
            if ((child_.securebits & bit.mask) != 0)
                add("bounding", std::string{bit.name}, "capabilities.securebits");
        }
        std::vector<std::string> groups;
        for (const gid_t group : child_.groups)
            groups.push_back(std::to_string(group));
        add("groups",
            "group " + std::to_string(child_.gid) +
                (child_.set_groups ? ", list: " + (groups.empty() ? "empty" : join(groups, " "))
                                   : ", list as it is"),
            "service.group");
        add("user", std::to_string(child_.uid), "service.user");
        add("ambient", capabilities_text(child_.ambient, child_.last_capability),
            "capabilities.ambient");
    }

    void add_program() {
        add("working_directory", or_empty(child_.working_directory), "service.working_directory");
        add("umask", octal_text(child_.umask), "process.umask");
        add("descriptors", child_.ready_number < 0
                               ? "0, 1 and 2"
                               : "0, 1, 2 and " + std::to_string(child_.ready_number));
        if (child_.no_new_privs) add("no_new_privs", "set", "capabilities.no_new_privs");
        if (!child_.filter.empty()) {
            add("seccomp", "a filter of " + std::to_string(child_.filter.size()) + " instructions",
                "seccomp");
        }
        for (const ImageString& variable : plan_.environment)
            add("exec", variable.str(), "service.environment");
        const std::vector<std::string> words{plan_.arguments.begin(), plan_.arguments.end()};
        add("exec", plan_.executable.str() + " as " + join(words, " "), "service.command");
    }

    const Plan& plan_;
    const ChildPlanIn<Sealed>& child_;
    std::vector<PlanLine> lines_;
};

}  // namespace

std::vector<PlanLine> plan_lines(const Plan& plan) {
    return Lines{plan}.all();
}

}  // namespace confinit
