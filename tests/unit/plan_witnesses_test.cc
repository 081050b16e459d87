// SPDX-License-Identifier: Apache-2.0
// A plan writes down all that it was made from, each thing once, and nothing that the launch makes.
#include "plan_scene.h"

#include "launch/plan/plan_message.h"
#include "launch/spawn/explain_report.h"
#include "unit/protect_presets.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <sys/syscall.h>

namespace confinit {
namespace {

using Seen = std::map<std::string, WitnessFacts>;

// The time of a file's last change does not tell what follows it at once: such a plan is not kept.
LaunchPlan plan_of_old_files(const PlanScene& scene) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    for (;;) {
        LaunchPlan plan = scene.plan();
        if (!plan.serves_once) return plan;
        if (std::chrono::steady_clock::now() > until) FAIL("the plan serves one launch only");
    }
}

Seen witnesses_of(const LaunchPlan& plan) {
    Seen seen;
    for (const Witness& witness : witnesses_in(plan.witnesses)) {
        const bool is_new = seen.emplace(witness.path.c_str(), witness.facts).second;
        INFO(witness.path.c_str());
        CHECK(is_new);
    }
    return seen;
}

Seen seen_by(const PlanScene& scene) {
    return witnesses_of(plan_of_old_files(scene));
}

}  // namespace

TEST_CASE("a plan tells what it was made from", "[unit][N1]") {
    PlanScene scene;
    const Seen seen = seen_by(scene);
    const auto facts_at = [&](const std::string& name) {
        const auto found = seen.find(scene.root.path() + "/" + name);
        INFO(name);
        REQUIRE(found != seen.end());
        return found->second;
    };

    CHECK(facts_at("etc/passwd").kind == WitnessKind::content);
    CHECK(facts_at("etc/group").kind == WitnessKind::content);
    CHECK(facts_at("usr/bin/serve").kind == WitnessKind::content);
    CHECK(facts_at("bin/sh").kind == WitnessKind::object);
    CHECK((facts_at("usr/bin/serve").mode & 0777) == 0755);
    CHECK(facts_at("usr/bin/serve").detail != 0);
    CHECK_FALSE(seen.contains(scene.root.path() + "/usr"));
    CHECK_FALSE(seen.contains("/"));
}

TEST_CASE("equal units have equal witnesses", "[unit][N1]") {
    PlanScene scene;
    scene.unit.mounts.private_dev = true;
    scene.unit.mounts.read_only = {"/"};
    const LaunchPlan first = plan_of_old_files(scene);
    const std::string scrap(first.witnesses.size() * 4, '\xa5');

    CHECK(plan_of_old_files(scene).witnesses == first.witnesses);
}

TEST_CASE("links, and what is not there, are told as well", "[unit][N1]") {
    PlanScene scene;
    scene.root.link("opt", "usr");
    scene.unit.service->command = {"/opt/bin/serve"};
    scene.unit.mounts.read_write = {"/var/none"};
    const Seen seen = seen_by(scene);

    const auto link = seen.find(scene.root.path() + "/opt");
    REQUIRE(link != seen.end());
    CHECK(S_ISLNK(link->second.mode));
    CHECK(link->second.detail != 0);
    CHECK(seen.contains(scene.root.path() + "/usr/bin/serve"));
    const auto absent = seen.find(scene.root.path() + "/var/none");
    REQUIRE(absent != seen.end());
    CHECK(absent->second.error == ENOENT);
}

TEST_CASE("an account file that the root lacks is the host's", "[unit][N1]") {
    PlanScene scene;
    std::filesystem::remove(scene.root.path() + "/etc/group");
    const Seen seen = seen_by(scene);

    const auto absent = seen.find(scene.root.path() + "/etc/group");
    REQUIRE(absent != seen.end());
    CHECK(absent->second.error == ENOENT);
    REQUIRE(seen.contains("/etc/group"));
    CHECK(seen.at("/etc/group").kind == WitnessKind::content);
}

TEST_CASE("what a launch makes and removes is no witness of its plan", "[unit][N1]") {
    PlanScene scene;
    scene.unit.directories.runtime = {{.name = "confinit-test/web"}};
    scene.unit.service->ready.by = ReadyBy::notify;
    scene.unit.mounts.bind = {{.source = "/run/confinit-test/web", .target = "/srv"}};
    const Seen seen = seen_by(scene);

    for (const auto& [path, facts] : seen) {
        INFO(path);
        CHECK_FALSE(path.starts_with("/run/confinit-test"));
        CHECK_FALSE(path.starts_with("/run/confinit/notify"));
    }
}

TEST_CASE("a plan that looks into a prepared directory serves one launch", "[unit][N1]") {
    PlanScene scene;
    scene.unit.mounts.bind = {{.source = "/var/lib/dpkg/info", .target = "/srv"}};
    (void)plan_of_old_files(scene);
    scene.unit.directories.state = {{.name = "dpkg"}};

    const LaunchPlan plan = scene.plan();
    CHECK(plan.serves_once);
    CHECK_FALSE(plan.witnesses.empty());
}

TEST_CASE("a wall that waits for a prepared directory makes its plan serve one launch",
          "[unit][N1]") {
    PlanScene scene;
    scene.unit.directories.runtime = {{.name = "user/confinit-test"}};
    scene.unit.mounts.protect = {find_protect_preset("home")};
    REQUIRE(scene.unit.mounts.protect.front() != nullptr);
    const PlanScene other;
    (void)plan_of_old_files(other);

    const LaunchPlan plan = scene.plan();

    CHECK(plan.serves_once);
}

TEST_CASE("a plan of namespaces that are another's serves one launch", "[unit][N1]") {
    PlanScene scene;
    (void)plan_of_old_files(scene);
    scene.make_user_namespace();

    const LaunchPlan plan = scene.plan();
    CHECK(plan.serves_once);
    CHECK_FALSE(plan.witnesses.empty());
}

TEST_CASE("a file that has just changed makes its plan serve one launch", "[unit][N1]") {
    PlanScene scene;
    (void)plan_of_old_files(scene);
    // The clock of a busy machine may be far ahead by the time of the look.
    bool was_refused = false;
    for (int tries = 0; tries < 100 && !was_refused; ++tries) {
        scene.root.write("etc/group", "root:x:0:\nwww:x:34:\n");
        was_refused = scene.plan().serves_once;
    }

    CHECK(was_refused);
}

TEST_CASE("witnesses go with the plan's message", "[unit][N1]") {
    const PlanScene scene;
    LaunchPlan plan = plan_of_old_files(scene);
    const std::vector<std::byte> witnesses = plan.witnesses;
    plan.serves_once = true;

    const auto unpacked = unpack_plan(pack(std::move(plan)));

    REQUIRE(unpacked.has_value());
    CHECK(unpacked->witnesses == witnesses);
    CHECK(unpacked->serves_once);
}

TEST_CASE("a witness that is another one is told with its key", "[unit][N1][H6]") {
    PlanScene scene;
    scene.root.make_directory("data");
    scene.unit.mounts.bind = {{.source = scene.root.path() + "/data", .target = "/srv"}};
    const LaunchPlan plan = plan_of_old_files(scene);
    const auto failure_at = [&](const std::string& name) {
        const auto witnesses = witnesses_in(plan.witnesses);
        const auto found = std::ranges::find_if(witnesses, [&](const Witness& witness) {
            return scene.root.path() + "/" + name == witness.path.c_str();
        });
        INFO(name);
        REQUIRE(found != witnesses.end());
        LaunchReport report{};
        report.stage = LaunchStage::witnesses;
        report.item = static_cast<std::int32_t>(found - witnesses.begin());
        report.syscall = SYS_statx;
        report.error = ENOENT;
        return explain_without_look(plan, report).text();
    };

    const std::string since =
        "No such file or directory (ENOENT); it cannot be looked at any more "
        "since the launch was planned";
    const auto path = [&](const std::string& name) {
        return "statx '" + scene.root.path() + "/" + name + "': ";
    };
    CHECK(failure_at("data") == "mounts.bind[0]: " + path("data") + since);
    CHECK(failure_at("usr/bin/serve") == "service.command[0]: " + path("usr/bin/serve") + since);
    CHECK(failure_at("etc/passwd") == "mounts.root: " + path("etc/passwd") + since);
}

}  // namespace confinit
