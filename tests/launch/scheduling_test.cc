// SPDX-License-Identifier: Apache-2.0
// How the kernel treats a launched service among others: policy, I/O priority, CPUs, keyring.
#include "base/bit_list.h"
#include "base/text.h"
#include "fault.h"
#include "launch/spawn/explain_report.h"
#include "launch/verify/verify.h"
#include "scene.h"

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <memory>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

constexpr int best_effort_7 = IOPRIO_CLASS_BE << IOPRIO_CLASS_SHIFT | 7;
constexpr int idle = IOPRIO_CLASS_IDLE << IOPRIO_CLASS_SHIFT;

// The first of the CPUs that we may use ourselves.
unsigned own_cpu() {
    cpu_set_t own;
    REQUIRE(sched_getaffinity(0, sizeof own, &own) == 0);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &own)) return cpu;
    }
    FAIL("there is no CPU");
    return 0;
}

std::string own_cpus() {
    cpu_set_t own;
    REQUIRE(sched_getaffinity(0, sizeof own, &own) == 0);
    std::string text;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &own)) text += (text.empty() ? "" : " ") + std::to_string(cpu);
    }
    return text;
}

std::vector<std::uint64_t> words_of(unsigned cpu) {
    return parse_bit_list(std::to_string(cpu)).value();
}

std::string own_keyring() {
    return std::to_string(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
}

const VerifyItem* find(const std::vector<VerifyItem>& items, std::string_view key) {
    for (const VerifyItem& item : items) {
        if (item.key == key) return &item;
    }
    return nullptr;
}

}  // namespace

TEST_CASE("policy, I/O priority and CPUs are the declared ones", "[launch]") {
    const unsigned cpu = own_cpu();
    const auto cpus = words_of(cpu);
    Scene scene{{"scheduling", "process"}};
    scene.child.limits_by_parent = GENERATE(false, true);
    scene.child.sets_nice = true;
    scene.child.nice = 3;
    scene.child.scheduling_policy = GENERATE(SCHED_BATCH, SCHED_IDLE);
    scene.child.io_priority = GENERATE(best_effort_7, idle);
    scene.child.cpu_affinity = cpus;

    Launch launch{scene};
    launch.finish();

    INFO((launch.failed ? explain(scene.sealed(), *launch.failed).text() : ""));
    CHECK(launch["policy"] == std::to_string(scene.child.scheduling_policy) + " 0");
    CHECK(launch["io_priority"] == std::to_string(scene.child.io_priority));
    CHECK(launch["cpus"] == std::to_string(cpu));
    CHECK(launch["nice"] == "3");
}

TEST_CASE("what is not declared stays as it is", "[launch]") {
    Scene scene{{"scheduling"}};

    Launch launch{scene};
    launch.finish();

    CHECK(launch["policy"] == "0 0");
    CHECK(launch["io_priority"] == std::to_string(syscall(SYS_ioprio_get, 1, 0)));
    CHECK(launch["cpus"] == own_cpus());
}

TEST_CASE("a realtime policy has its priority, or is told why not", "[launch][H4]") {
    Scene scene{{"scheduling"}};
    scene.child.scheduling_policy = SCHED_RR;
    scene.child.scheduling_priority = 7;

    Launch launch{scene};
    launch.finish();

    // Where we have no CAP_SYS_NICE, or our cgroup no realtime runtime.
    if (launch.failed) {
        const Error failure = explain(scene.sealed(), *launch.failed);
        CHECK(failure.key == "process.scheduling");
        CHECK(failure.object == "rr:7");
        CHECK(failure.call == "sched_setscheduler");
        CHECK(failure.error == EPERM);
        CHECK(launch.output.empty());
    } else {
        CHECK(launch["policy"] == std::to_string(SCHED_RR) + " 7");
    }
}

TEST_CASE("a CPU that is not there is told and not left out", "[launch][H3][H4]") {
    const unsigned cpu = own_cpu();
    auto cpus = words_of(1023);
    cpus[cpu / 64] |= std::uint64_t{1} << cpu % 64;
    Scene scene{{"scheduling"}};
    scene.child.cpu_affinity = cpus;

    Launch launch{scene};
    launch.finish();

    REQUIRE(launch.failed);
    const Error failure = explain(scene.sealed(), *launch.failed);
    CHECK(failure.key == "process.cpu_affinity");
    CHECK(failure.object == std::to_string(cpu) + ",1023");
    // The kernel has left it out in silence.
    CHECK(failure.call.empty());
    CHECK(failure.error == 0);
    CHECK(failure.hint.find("cpuset") != std::string::npos);
    CHECK(launch.output.empty());
}

TEST_CASE("a scheduling call that fails ends the launch, by its key", "[launch][H3][H4]") {
    struct Case {
        long call;
        const char* key;
    };
    const Case chosen = GENERATE(Case{SYS_sched_setscheduler, "process.scheduling"},
                                 Case{SYS_ioprio_set, "process.io_priority"},
                                 Case{SYS_sched_setaffinity, "process.cpu_affinity"},
                                 Case{SYS_sched_getaffinity, "process.cpu_affinity"},
                                 Case{SYS_keyctl, "process.keyring"});
    const auto cpus = words_of(own_cpu());
    Scene scene{{"ids"}};
    scene.child.scheduling_policy = SCHED_BATCH;
    scene.child.io_priority = best_effort_7;
    scene.child.cpu_affinity = cpus;
    scene.child.keyring = GENERATE(ChildKeyring::separate, ChildKeyring::separate_if_offered);

    std::unique_ptr<Launch> launch;
    run_with_fault({.call = chosen.call, .action = SECCOMP_RET_ERRNO | EIO},
                   [&](const Fd&) { launch = std::make_unique<Launch>(scene); });
    launch->finish();

    REQUIRE(launch->failed);
    CHECK(launch->failed->error == EIO);
    CHECK(launch->failed->syscall == chosen.call);
    CHECK(explain(scene.sealed(), *launch->failed).key == chosen.key);
    CHECK(launch->output.empty());
}

TEST_CASE("in a user namespace the parent sets the priorities, and tells what fails",
          "[launch][H4]") {
    const long call = GENERATE(SYS_sched_setscheduler, SYS_ioprio_set);
    Scene scene{{"ids"}};
    scene.child.scheduling_policy = SCHED_BATCH;
    scene.child.io_priority = idle;
    scene.child.limits_by_parent = true;

    Error failure;
    run_with_fault({.call = call, .action = SECCOMP_RET_ERRNO | EPERM}, [&](const Fd&) {
        auto spawned = spawn(scene.sealed(), -1, {});
        REQUIRE_FALSE(spawned.has_value());
        failure = spawned.error();
    });
    (void)waitpid(-1, nullptr, 0);

    CHECK(failure.error == EPERM);
    CHECK(failure.object == (call == SYS_ioprio_set ? "idle" : "batch"));
    CHECK(failure.hint == "the supervisor lacks CAP_SYS_NICE");
}

TEST_CASE("each service has a session keyring of its own", "[launch]") {
    Scene scene{{"keyring"}};
    scene.child.keyring = ChildKeyring::separate;

    Launch one{scene};
    one.finish();
    Launch other{scene};
    other.finish();

    if (one.failed) {
        // A container may forbid keyrings to everybody.
        CHECK(explain(scene.sealed(), *one.failed).key == "process.keyring");
        CHECK((one.failed->error == EPERM || one.failed->error == ENOSYS));
        CHECK(one.output.empty());
    } else {
        CHECK(std::stol(one["keyring"]) > 0);
        CHECK(one["keyring"] != own_keyring());
        CHECK(one["keyring"] != other["keyring"]);
    }
}

TEST_CASE("a keyring that is inherited is the supervisor's", "[launch]") {
    Scene scene{{"keyring"}};

    Launch one{scene};
    one.finish();
    Launch other{scene};
    other.finish();

    CHECK(one["keyring"] == other["keyring"]);
}

TEST_CASE("nobody needs keyrings who has not asked for one", "[launch][H3]") {
    const auto error = static_cast<std::uint32_t>(GENERATE(ENOSYS, EPERM));
    const bool is_declared = GENERATE(false, true);
    Scene scene{{"exit:0"}};
    scene.child.keyring = is_declared ? ChildKeyring::separate : ChildKeyring::separate_if_offered;

    std::unique_ptr<Launch> launch;
    run_with_fault({.call = SYS_keyctl, .action = SECCOMP_RET_ERRNO | error},
                   [&](const Fd&) { launch = std::make_unique<Launch>(scene); });
    launch->finish();

    CHECK(launch->failed.has_value() == is_declared);
}

TEST_CASE("verify reads policy, I/O priority and CPUs back", "[launch][H7]") {
    const auto cpus = words_of(own_cpu());
    Unit unit;
    unit.service.emplace();
    Scene scene{{"wait"}};
    scene.child.scheduling_policy = SCHED_BATCH;
    scene.child.io_priority = best_effort_7;
    scene.plan.child.cpu_affinity = cpus;
    scene.child.cpu_affinity = cpus;
    Launch launch{scene};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();

    const auto before = verify(unit, scene.sealed(), launch.main.pid(), nullptr);
    const sched_param parameter{};
    REQUIRE(sched_setscheduler(launch.main.pid(), SCHED_OTHER, &parameter) == 0);
    REQUIRE(syscall(SYS_ioprio_set, 1, launch.main.pid(), idle) == 0);
    scene.plan.child.cpu_affinity = words_of(1023);
    const auto after = verify(unit, scene.sealed(), launch.main.pid(), nullptr);
    launch.signal(SIGTERM);
    launch.finish();

    for (const std::string key :
         {"process.scheduling", "process.io_priority", "process.cpu_affinity"}) {
        INFO(key);
        REQUIRE(find(before, key) != nullptr);
        CHECK(find(before, key)->result == VerifyResult::same);
        REQUIRE(find(after, key) != nullptr);
        CHECK(find(after, key)->result != VerifyResult::same);
    }
    CHECK(find(before, "process.io_priority")->in_force == "best-effort:7");
    CHECK(find(after, "process.scheduling")->in_force == "other");
}

}  // namespace confinit::testing
