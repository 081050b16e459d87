// SPDX-License-Identifier: Apache-2.0
// A plan is one value: equal inputs give equal bytes, wherever these bytes lie.
#include "plan_scene.h"

#include "launch/seccomp/kernel_vocabulary.h"
#include "unit/reader.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <sys/resource.h>

namespace confinit {
namespace {

// A unit that has something of every kind that a plan holds.
void fill(PlanScene& scene) {
    scene.unit.namespaces = {.mount = true, .pid = true, .net = true, .uts = true, .time = true};
    scene.unit.namespaces.hostname = "service";
    scene.unit.namespaces.boottime_offset = std::chrono::seconds{3600};
    scene.unit.service->supplementary_groups = {"video", "44", "7"};
    scene.unit.service->environment = {{"MODE", "a=b"}, {"EMPTY", ""}};
    scene.unit.service->working_directory = "/srv";
    scene.unit.capabilities.ambient = 1ULL << 10;
    scene.unit.seccomp = PlanScene::deny_chmod();
    scene.unit.mounts.read_only = {"/"};
    scene.unit.mounts.private_dev = true;
    scene.unit.mounts.tmpfs = {{.target = "/srv"}};
    scene.unit.process.rlimits = {{RLIMIT_NOFILE, 1024, 4096}, {RLIMIT_CORE, 0, 0}};
    scene.unit.process.nice = 5;
    scene.unit.process.cpu_affinity = {3};
    scene.unit.cgroup = {{"memory.max", "64M"}, {"pids.max", "7"}};
    scene.unit.directories.runtime = {{.name = "web"}};
}

std::vector<std::byte> bytes_of(const LaunchPlan& plan) {
    return {plan.image().begin(), plan.image().end()};
}

}  // namespace

TEST_CASE("equal units have plans of equal bytes", "[unit][N1]") {
    PlanScene scene;
    fill(scene);
    const std::vector<std::byte> first = bytes_of(scene.plan());
    // The memory that the next plan gets has had other bytes.
    const std::string scrap(first.size() * 4, '\xa5');

    CHECK(bytes_of(scene.plan()) == first);

    const Unit unit = scene.unit;
    scene.unit = {};
    scene.unit = unit;
    CHECK(bytes_of(scene.plan()) == first);
}

TEST_CASE("another value of any kind makes other bytes", "[unit][N1]") {
    PlanScene scene;
    fill(scene);
    const std::vector<std::byte> first = bytes_of(scene.plan());
    const auto change = GENERATE(
        as<void (*)(Unit&)>{}, [](Unit& unit) { unit.process.nice = 6; },
        [](Unit& unit) { unit.process.umask = 027; },
        [](Unit& unit) { unit.namespaces.hostname = "services"; },
        [](Unit& unit) { unit.mounts.tmpfs[0].mode = 0700; },
        [](Unit& unit) { unit.mounts.read_only.push_back("/srv"); },
        [](Unit& unit) { unit.cgroup[1].value = "8"; },
        [](Unit& unit) { unit.process.cpu_affinity = {1}; },
        [](Unit& unit) { unit.process.rlimits[1].hard = 1; },
        [](Unit& unit) { unit.seccomp->deny[0].name = "fchmod"; },
        [](Unit& unit) { unit.service->supplementary_groups.pop_back(); },
        [](Unit& unit) { unit.directories.runtime[0].mode = 0700; },
        [](Unit& unit) { unit.service->environment.pop_back(); });

    change(scene.unit);

    CHECK(bytes_of(scene.plan()) != first);
}

TEST_CASE("a plan is the same at every address", "[unit][N1]") {
    PlanScene scene;
    fill(scene);
    const LaunchPlan plan = scene.plan();
    std::vector<std::byte> moved(plan.image().size() + 64);
    std::memcpy(moved.data() + 64, plan.image().data(), plan.image().size());
    const auto& copy = *reinterpret_cast<const Plan*>(moved.data() + 64);

    CHECK(copy.executable == "/usr/bin/serve");
    CHECK(texts(copy.environment) == texts(plan->environment));
    CHECK(items(copy.child.groups) == items(plan->child.groups));
    REQUIRE(copy.child.mounts.size() == plan->child.mounts.size());
    for (std::size_t i = 0; i < copy.child.mounts.size(); ++i) {
        CHECK(std::string_view{copy.child.mounts[i].target.c_str()} ==
              plan->child.mounts[i].target.c_str());
        CHECK(copy.mount_keys[i] == plan->mount_keys[i]);
    }
    CHECK(copy.child.root.c_str() == scene.root.path());
    CHECK(copy.child.tty == nullptr);
}

}  // namespace confinit
