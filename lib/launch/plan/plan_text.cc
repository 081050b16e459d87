// SPDX-License-Identifier: Apache-2.0
// A plan in words: what a launch will do, in the order in which it is done.
#include "launch/plan/plan_text.h"

#include "base/bit_list.h"
#include "base/text.h"
#include "kernel/scheduling.h"
#include "launch/namespace_table.h"
#include "launch/owner_text.h"
#include "launch/plan/mount_text.h"
#include "launch/plan/parts.h"
#include "unit/keys.h"

#include <algorithm>
#include <linux/mount.h>
#include <linux/securebits.h>
#include <optional>
#include <sys/resource.h>

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

std::string limit_text(std::uint64_t value) {
    return value == RLIM64_INFINITY ? "infinity" : std::to_string(value);
}

std::string hard_limit_text(const rlimit64& limit) {
    return limit_text(limit.rlim_max);
}

std::string limit_text(const rlimit64& limit) {
    return limit_text(limit.rlim_cur) + ":" + hard_limit_text(limit);
}

bool is_named_by(const Unit& unit, std::string_view key) {
    return std::ranges::any_of(unit.declared, [&](const auto& declared) {
        return is_key_within(declared.first, key) || is_key_within(key, declared.first);
    });
}

// The supervisor's own choice, of which a plan that is made elsewhere knows nothing.
std::optional<IdMap> chosen_ids(const Unit& unit) {
    const NamespaceConfig& namespaces = unit.namespaces;
    const bool is_chosen = namespaces.user && namespaces.id_range == IdRange::separate;
    if (!is_chosen || namespaces.uid_map.empty()) return std::nullopt;
    return namespaces.uid_map.front();
}

// They can be set only when the ambient set is as it is to be.
constexpr unsigned late_securebits =
    SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

class Lines {
public:
    Lines(const Plan& plan, const Unit& unit)
        : plan_(plan), child_(plan.child), unit_(unit), chosen_(chosen_ids(unit)) {}

    std::vector<PlanLine> all() {
        add_parent_part();
        add_preparations();
        add_scheduling();
        add_namespaces();
        add_mounts();
        add_set_up();
        add_credentials();
        add_program();
        return std::move(lines_);
    }

private:
    void add(std::string_view step, std::string what, std::string key = {}) {
        const PlanAsker asker = key.empty()               ? PlanAsker::launch
                                : is_named_by(unit_, key) ? PlanAsker::unit
                                                          : PlanAsker::fallback;
        lines_.push_back({step, std::move(what), std::move(key), asker});
    }

    void add_parent_part() {
        for (const CgroupLineIn<Sealed>& line : plan_.cgroup)
            add("cgroup", line.file.str() + " = " + line.value.str(), line.key.str());
        const std::string made = namespaces_text(plan_.clone_flags);
        add("clone3", made.empty() ? "into the node" : "into the node, new: " + made,
            made.empty() ? "" : "namespaces");
        add("separation", "not traceable, and without the supervisor's descriptors");
        add("witnesses", "a plan that was kept is used only where the files are as it knows them");
        add_id_maps();
    }

    void add_id_maps() {
        if (plan_.uid_map.empty()) return;
        if (plan_.deny_setgroups) add("id_maps", "setgroups deny", "namespaces.user.setgroups");
        add("id_maps", "uid_map " + map_text(plan_.uid_map), "namespaces.user");
        add("id_maps", "gid_map " + map_text(plan_.gid_map), "namespaces.user");
        if (child_.limits_by_parent) {
            add("id_maps", "the supervisor sets the priorities and raises hard limits",
                "namespaces.user");
        }
    }

    std::string map_text(std::string_view text) const {
        if (!chosen_) return in_one_line(text);
        return std::to_string(chosen_->inside) + " FIRST " + std::to_string(chosen_->count) +
               ", where the supervisor chooses FIRST";
    }

    std::string id_text(std::uint32_t id) const {
        return "FIRST+" + std::to_string(id - chosen_->outside);
    }

    bool is_chosen(std::uint32_t id) const {
        return chosen_ && id >= chosen_->outside && id - chosen_->outside < chosen_->count;
    }

    std::string directory_owner(uid_t uid, gid_t gid) const {
        if (!is_chosen(uid) || !is_chosen(gid)) return owner_text(uid, gid);
        return id_text(uid) + ":" + id_text(gid);
    }

    static std::string in_one_line(std::string_view text) {
        std::string line{trim(text)};
        std::ranges::replace(line, '\n', ',');
        return line;
    }

    std::string preparation_text(const Preparation& wanted) const {
        switch (wanted.kind) {
        case PreparationKind::directory:
            return "directory " + directory_path(wanted.base, wanted.path) + " " +
                   octal_text(wanted.mode) + " of " + directory_owner(wanted.uid, wanted.gid);
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
        add("streams", child_.tty != nullptr ? "0, 1 and 2 are the terminal"
                                             : "0 is /dev/null, 1 and 2 are the log");
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
        if (child_.fork_into_pid_namespace) {
            add("pid_namespace", "a child in the joined one goes on", "namespaces.pid");
        }
        if (child_.new_cgroup_namespace) {
            add("cgroup_namespace", "new, its root is the node", "namespaces.cgroup");
        }
    }

    void add_mounts() {
        for (std::size_t i = 0; i < child_.mounts.size(); ++i) {
            add("mounts", mount_text(child_.mounts[i]), plan_.mount_keys[i].str());
            if (child_.mounts[i].kind == MountOpKind::propagation) add_way_of_mounting();
        }
    }

    void add_way_of_mounting() {
        add("mounts", "what comes from the host is opened, before anything is mounted");
        if (child_.builds_as_mapped) {
            add("mounts",
                "from here on as " + std::to_string(child_.builder_uid) + ":" +
                    std::to_string(child_.builder_gid) + " of the user namespace",
                "namespaces.user");
        }
        const bool has_walls = std::ranges::any_of(child_.mounts, is_wall);
        if (has_walls || child_.lets_mounts_in) {
            add("mounts",
                child_.lets_mounts_in
                    ? "what the host mounts later comes in, also where it is looser"
                    : "read-only and noexec trees are private: nothing of the host's comes in",
                "mounts.propagation");
        }
    }

    static bool is_wall(const MountOp& op) {
        const bool is_by_kind = op.kind == MountOpKind::read_only ||
                                op.kind == MountOpKind::no_exec ||
                                op.kind == MountOpKind::inaccessible;
        const bool is_by_attribute = (op.attributes & (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC)) != 0;
        const bool is_copy = op.kind == MountOpKind::bind || op.kind == MountOpKind::device_node ||
                             op.kind == MountOpKind::read_write || op.kind == MountOpKind::exec;
        return is_by_kind || (is_copy && is_by_attribute);
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
        if (child_.tty != nullptr)
            add("session", "the terminal is the controlling one", "service.tty");
        if (child_.keyring != ChildKeyring::inherited) {
            add("keyring",
                child_.keyring == ChildKeyring::separate ? "of its own"
                                                         : "of its own, where the kernel has any",
                "process.keyring");
        }
        for (std::size_t i = 0; i < child_.rlimit_values.size(); ++i) {
            const bool is_late = child_.rlimit_resources[i] == RLIMIT_NOFILE;
            add("rlimits",
                is_late ? "open files up to " + hard_limit_text(child_.rlimit_values[i])
                        : limit_text(child_.rlimit_values[i]),
                plan_.rlimit_keys[i].str());
        }
    }

    void add_credentials() {
        for (const JoinIn<Sealed>& join : plan_.joins) {
            if (join.flag == CLONE_NEWUSER) add("join_user", join.identity.str(), join.key.str());
        }
        add("bounding",
            "inheritable: " +
                capabilities_text(child_.inheritable | child_.ambient, child_.last_capability),
            "capabilities.ambient");
        add("bounding", capabilities_text(child_.bounding, child_.last_capability),
            "capabilities.bounding");
        add_securebits("bounding", ~late_securebits);
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
        add_securebits("ambient", late_securebits);
    }

    void add_securebits(std::string_view step, unsigned of_step) {
        for (const SecurebitName& bit : securebit_names()) {
            if ((child_.securebits & of_step & bit.mask) != 0)
                add(step, std::string{bit.name}, "capabilities.securebits");
        }
    }

    void add_program() {
        add("working_directory", or_empty(child_.working_directory), "service.working_directory");
        add("umask", octal_text(child_.umask), "process.umask");
        add("descriptors", child_.ready_number < 0
                               ? "0, 1 and 2"
                               : "0, 1, 2 and " + std::to_string(child_.ready_number));
        for (std::size_t i = 0; i < child_.rlimit_values.size(); ++i) {
            if (child_.rlimit_resources[i] != RLIMIT_NOFILE) continue;
            add("descriptors", limit_text(child_.rlimit_values[i]), plan_.rlimit_keys[i].str());
        }
        if (child_.no_new_privs) add("no_new_privs", "set", "capabilities.no_new_privs");
        if (child_.has_reaper) {
            add("reaper_ready", "wait until confinit-reaper cannot be traced", "namespaces.pid");
        }
        add("announce", "the supervisor hears that all is done");
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
    const Unit& unit_;
    std::optional<IdMap> chosen_;
    std::vector<PlanLine> lines_;
};

}  // namespace

std::vector<PlanLine> plan_lines(const Plan& plan, const Unit& unit) {
    return Lines{plan, unit}.all();
}

}  // namespace confinit
