// SPDX-License-Identifier: Apache-2.0
// A plan in words: what is done, in its order, each with the key that asks for it.
#include "launch/plan/plan_text.h"
#include "plan_scene.h"

#include <catch2/catch.hpp>
#include <sys/resource.h>

namespace confinit {
namespace {

std::vector<std::string> lines_of(const LaunchPlan& plan) {
    std::vector<std::string> lines;
    for (const PlanLine& line : plan_lines(*plan))
        lines.push_back(std::string{line.step} + ": " + line.what + " [" + line.key + "]");
    return lines;
}

std::size_t place_of(const std::vector<std::string>& lines, const std::string& wanted) {
    const auto found = std::ranges::find(lines, wanted);
    CAPTURE(wanted);
    REQUIRE(found != lines.end());
    return static_cast<std::size_t>(found - lines.begin());
}

}  // namespace

TEST_CASE("a plan is told step by step, each with its key", "[unit]") {
    PlanScene scene;
    scene.unit.namespaces = {.mount = true, .pid = true, .net = true, .cgroup = true};
    scene.unit.cgroup = {{"memory.max", "64M"}};
    scene.unit.mounts.tmpfs = {{.target = "/srv", .size = 4096}};
    scene.unit.mounts.read_only = {"/"};
    scene.unit.process.rlimits = {{RLIMIT_NOFILE, 1024, ~0ULL}};
    scene.unit.capabilities.bounding = 1ULL << 10;
    scene.unit.seccomp = PlanScene::deny_chmod();
    const LaunchPlan plan = scene.plan();

    const auto lines = lines_of(plan);

    const std::vector<std::string> in_order{
        "cgroup: memory.max = 64M [cgroup.memory.max]",
        "clone3: into the node, new: mnt pid net [namespaces]",
        "scheduling: oom_score_adj 0 [process.oom_score_adj]",
        "cgroup_namespace: new, its root is the node [namespaces.cgroup]",
        "mounts: the whole tree a slave [namespaces.mount]",
        "mounts: read-only / [mounts.read_only[0]]",
        "mounts: tmpfs /srv (size=4096, mode=0755, nosuid, nodev) [mounts.tmpfs[0]]",
        "mounts: pivot_root " + scene.root.path() + " [mounts.root]",
        "network: lo up [namespaces.net]",
        "reaper: confinit-reaper is PID 1, and the service its child [namespaces.pid]",
        "rlimits: 1024:infinity [process.rlimits.nofile]",
        "bounding: net_bind_service [capabilities.bounding]",
        "groups: group 34, list: 34 [service.group]",
        "user: 33 [service.user]",
        "ambient: none [capabilities.ambient]",
        "umask: 0022 [process.umask]",
        "no_new_privs: set [capabilities.no_new_privs]",
        "exec: /usr/bin/serve as /usr/bin/serve --loud [service.command]",
    };
    std::size_t last = 0;
    for (const std::string& wanted : in_order) {
        const std::size_t place = place_of(lines, wanted);
        CHECK(place >= last);
        last = place;
    }
}

TEST_CASE("what a plan does not ask for is not told", "[unit]") {
    PlanScene scene;
    use_host_root(scene);
    scene.unit.namespaces = {};
    scene.unit.mounts = {};

    for (const std::string& line : lines_of(scene.plan())) {
        CHECK_FALSE(line.starts_with("mounts:"));
        CHECK_FALSE(line.starts_with("network:"));
        CHECK_FALSE(line.starts_with("seccomp:"));
        CHECK_FALSE(line.starts_with("cgroup:"));
    }
}

}  // namespace confinit
