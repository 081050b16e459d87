// SPDX-License-Identifier: Apache-2.0
// A plan in words: what is done, in its order, each with the key that asks for it.
#include "launch/plan/plan_text.h"
#include "plan_scene.h"

#include <catch2/catch.hpp>
#include <sys/resource.h>

namespace confinit {
namespace {

std::vector<std::string> lines_of(const PlanScene& scene) {
    std::vector<std::string> lines;
    for (const PlanLine& line : plan_lines(*scene.plan(), scene.unit))
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

    const auto lines = lines_of(scene);

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
        "rlimits: open files up to infinity [process.rlimits.nofile]",
        "bounding: net_bind_service [capabilities.bounding]",
        "groups: group 34, list: 34 [service.group]",
        "user: 33 [service.user]",
        "ambient: none [capabilities.ambient]",
        "umask: 0022 [process.umask]",
        "descriptors: 1024:infinity [process.rlimits.nofile]",
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

    for (const std::string& line : lines_of(scene)) {
        CHECK_FALSE(line.starts_with("mounts:"));
        CHECK_FALSE(line.starts_with("network:"));
        CHECK_FALSE(line.starts_with("seccomp:"));
        CHECK_FALSE(line.starts_with("cgroup:"));
    }
}

// Those of LaunchStage that a launch has always, or by its namespaces.
TEST_CASE("each step of the child is told, also those that no key asks for", "[unit]") {
    PlanScene scene;
    scene.unit.namespaces = {.mount = true, .pid = true, .net = true, .uts = true, .cgroup = true};
    scene.make_user_namespace();
    scene.unit.service->tty = "/dev/console";
    scene.unit.namespaces.hostname = "web";
    scene.unit.seccomp = PlanScene::deny_chmod();

    std::vector<std::string> steps;
    for (const PlanLine& line : plan_lines(*scene.plan(), scene.unit)) {
        CAPTURE(line.step, line.what);
        CHECK(line.key.empty() == (line.asker == PlanAsker::launch));
        if (steps.empty() || steps.back() != line.step) steps.emplace_back(line.step);
    }

    CHECK(steps ==
          std::vector<std::string>{"clone3",     "separation",  "witnesses",    "id_maps",
                                   "scheduling", "terminal",    "streams",      "cgroup_namespace",
                                   "mounts",     "hostname",    "network",      "reaper",
                                   "session",    "keyring",     "rlimits",      "bounding",
                                   "groups",     "user",        "ambient",      "working_directory",
                                   "umask",      "descriptors", "no_new_privs", "reaper_ready",
                                   "announce",   "seccomp",     "exec"});
}

TEST_CASE("a step says whether the unit asks for it", "[unit]") {
    PlanScene scene;
    scene.unit.mounts.read_only = {"/"};
    scene.unit.declared = {{"mounts.read_only", "[\"/\"]"}, {"service.user", "web"}};
    const auto asker_of = [&](const std::string& key) {
        for (const PlanLine& line : plan_lines(*scene.plan(), scene.unit)) {
            if (line.key == key) return line.asker;
        }
        FAIL("no line of " << key);
        return PlanAsker::launch;
    };

    CHECK(asker_of("mounts.read_only[0]") == PlanAsker::unit);
    CHECK(asker_of("service.user") == PlanAsker::unit);
    CHECK(asker_of("process.umask") == PlanAsker::fallback);
}

TEST_CASE("the launch's own covers and the way of later mounts are told", "[unit][N3]") {
    PlanScene scene;
    scene.runtime_directory = "/run/confinit";
    scene.cgroup_mount = "/sys/fs/cgroup";
    scene.root.make_directory("run/confinit");
    scene.root.make_directory("sys/fs/cgroup");

    const auto lines = lines_of(scene);
    place_of(lines,
             "mounts: tmpfs /run/confinit (mode=0755, ro, nosuid, nodev, noexec) "
             "[service.operator]");
    place_of(lines, "mounts: read-only /sys/fs/cgroup [cgroup.delegate]");
    place_of(lines,
             "mounts: read-only and noexec trees are private: nothing of the host's comes "
             "in [mounts.propagation]");

    scene.unit.mounts.propagation = Propagation::slave;
    place_of(lines_of(scene),
             "mounts: what the host mounts later comes in, also where it is "
             "looser [mounts.propagation]");
}

TEST_CASE("ids that the supervisor chooses are not told as if they were known", "[unit]") {
    PlanScene scene;
    scene.unit.namespaces.user = true;
    scene.unit.namespaces.id_range = IdRange::separate;
    scene.unit.namespaces.uid_map = {{.inside = 0, .outside = 524'288, .count = 65'536}};
    scene.unit.namespaces.gid_map = scene.unit.namespaces.uid_map;
    scene.unit.directories.state = {{.name = "web"}};

    const auto lines = lines_of(scene);

    place_of(lines,
             "id_maps: uid_map 0 FIRST 65536, where the supervisor chooses FIRST "
             "[namespaces.user]");
    place_of(lines,
             "preparation: directory /var/lib/web 0755 of FIRST+33:FIRST+34 "
             "[directories.state[0]]");
    for (const std::string& line : lines)
        CHECK(line.find("5243") == std::string::npos);
}

}  // namespace confinit
