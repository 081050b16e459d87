// SPDX-License-Identifier: Apache-2.0
// Missing here: what a unit lacks to run on this machine and kernel, without starting anything.
#include "launch/plan/missing_here.h"

#include "base/bit_list.h"
#include "base/file.h"
#include "base/text.h"
#include "kernel/cgroup.h"
#include "kernel/probe.h"
#include "kernel/proc_status.h"
#include "launch/early_hints.h"
#include "launch/namespace_table.h"
#include "launch/plan/id_maps.h"
#include "launch/plan/missing_paths.h"
#include "launch/plan/parts.h"
#include "launch/protection.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <optional>
#include <unistd.h>

namespace confinit {
namespace {

class Needs {
public:
    explicit Needs(const Unit& unit) : unit_(unit) {}

    std::vector<Error> unmet() {
        check_namespaces();
        check_controllers();
        check_cpus();
        if (filter_with_protection(unit_)) need("seccomp", "seccomp");
        if (!unit_.mounts.overlay.empty()) need("mounts.overlay", "filesystem.overlay");
        if (unit_.mounts.root_image) need("mounts.root_image", "loop");
        return std::move(unmet_);
    }

private:
    // A feature by its name in the probe.
    void need(std::string_view key, const std::string& name) {
        const auto feature = std::ranges::find(features_, name, &Feature::name);
        if (feature != features_.end() && feature->available) return;
        unmet_.push_back({.key = std::string{key},
                          .object = name,
                          .hint = feature != features_.end() ? feature->detail
                                                             : "this kernel does not have it"});
    }

    void check_namespaces() {
        const std::uint64_t flags = new_namespaces(unit_.namespaces);
        for (const NamespaceRow& row : namespace_rows) {
            if ((flags & row.flag) != 0) need(row.key, "namespace." + std::string{row.link});
        }
    }

    void check_controllers() {
        const auto offered = std::ranges::find(features_, "cgroup2.controllers", &Feature::name);
        const std::string words = offered != features_.end() ? offered->detail : std::string{};
        const auto controllers = split_words(words);
        for (const CgroupSetting& setting : unit_.cgroup) {
            const std::string_view controller = controller_of(setting.file);
            if (controller.empty()) continue;
            if (std::ranges::find(controllers, controller) != controllers.end()) {
                check_file(setting, controller);
                continue;
            }
            unmet_.push_back({.key = setting.key(),
                              .object = std::string{controller},
                              .hint = "no such controller here; cgroup v2 has: " +
                                      (words.empty() ? "none" : words)});
        }
    }

    // A list of the kernel's below /sys; empty where it does not say.
    static std::vector<std::uint64_t> read_cpus(const std::string& name) {
        const auto text = read_file(AT_FDCWD, "/sys/devices/system/cpu/" + name);
        const auto cpus = text ? parse_bit_list(trim(*text)) : std::nullopt;
        return cpus.value_or(std::vector<std::uint64_t>{});
    }

    static bool holds(const std::vector<std::uint64_t>& all,
                      const std::vector<std::uint64_t>& some) {
        if (all.empty()) return true;
        for (std::size_t i = 0; i < some.size(); ++i) {
            if ((some[i] & ~(i < all.size() ? all[i] : 0)) != 0) return false;
        }
        return true;
    }

    // A cpuset may name a CPU that is not there now, and a thread cannot run on it.
    void check_cpus() {
        const auto online = read_cpus("online");
        const auto& affinity = unit_.process.cpu_affinity;
        if (!holds(online, affinity)) {
            unmet_.push_back({.key = "process.cpu_affinity",
                              .object = bit_list_text(affinity),
                              .error = EINVAL,
                              .hint = told_cpus(std::string{missing_cpu_hint}, online)});
        }
        const auto possible = read_cpus("possible");
        for (const CgroupSetting& setting : unit_.cgroup) {
            if (setting.file != "cpuset.cpus" && setting.file != "cpuset.cpus.exclusive") continue;
            const auto wanted = parse_bit_list(setting.value);
            if (!wanted || holds(possible, *wanted)) continue;
            unmet_.push_back({.key = setting.key(),
                              .object = setting.file,
                              .call = "write",
                              .error = ERANGE,
                              .hint = told_cpus(beyond_range_hint(setting.value), possible)});
        }
    }

    static std::string told_cpus(std::string hint, const std::vector<std::uint64_t>& cpus) {
        return std::move(hint) + "; this machine has " + bit_list_text(cpus);
    }

    // Our own node has of a controller what a new one would have. Where it has nothing of
    // it, only the start can tell.
    void check_file(const CgroupSetting& setting, std::string_view controller) {
        if (!own_node_) return;
        const auto enabled = own_node_->controllers();
        const bool is_shown = enabled && std::ranges::find(*enabled, controller) != enabled->end();
        if (!is_shown) return;
        const auto text = own_node_->read(setting.file);
        if (text || text.error().error != ENOENT) return;
        unmet_.push_back({.key = setting.key(),
                          .object = own_node_->path() + "/" + setting.file,
                          .error = ENOENT,
                          .hint = "this kernel has no such file"});
    }

    // At the root of the machine most files are missing, whatever the kernel has.
    static std::optional<Cgroup> find_own_node() {
        const auto process = open_own_process();
        if (!process) return std::nullopt;
        const auto path = read_cgroup_path(*process);
        if (!path || *path == "/") return std::nullopt;
        auto node = Cgroup::open("/sys/fs/cgroup" + *path);
        return node ? std::optional{std::move(*node)} : std::nullopt;
    }

    const Unit& unit_;
    std::optional<Cgroup> own_node_ = find_own_node();
    std::vector<Feature> features_ = probe_kernel();
    std::vector<Error> unmet_;
};

// A procfs of the host's processes is mounted with the supervisor's rights.
void check_procfs(const LaunchPlan& plan, std::vector<Error>& missing) {
    if (geteuid() == 0) return;
    for (std::size_t i = 0; i < plan->child.preparations.size(); ++i) {
        if (plan->child.preparations[i].kind != Preparation::Kind::procfs) continue;
        missing.push_back({.key = plan->preparation_keys[i].str(),
                           .object = plan->child.preparations[i].path.c_str(),
                           .hint = std::string{own_procfs_hint}});
    }
}

}  // namespace

std::vector<Error> missing_here(Unit unit, const LaunchContext& context) {
    std::erase_if(unit.namespaces.joined,
                  [](const JoinedNamespace& joined) { return !joined.unit.empty(); });
    std::vector<Error> missing = Needs{unit}.unmet();
    if (!unit.service) return missing;
    if (auto settled = settle_id_maps(context, unit); !settled) {
        missing.push_back(std::move(settled).error());
    } else if (auto plan = make_launch_plan(unit, context); !plan) {
        missing.push_back(std::move(plan).error());
    } else {
        check_procfs(*plan, missing);
        std::ranges::move(missing_paths(*plan), std::back_inserter(missing));
    }
    return missing;
}

}  // namespace confinit
