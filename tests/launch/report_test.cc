// SPDX-License-Identifier: Apache-2.0
// What the parent makes of failures: keys, objects and hints, and records that make no sense.
#include "base/file.h"
#include "fault.h"
#include "launch/spawn/launch_hints.h"
#include "launch/spawn/parent_part.h"
#include "scene.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stop_token>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>

namespace confinit::testing {

namespace {

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

Error failure_of(const Scene& scene, LaunchStage stage, int error, long call, int item = -1) {
    return explain(scene.sealed(), {.kind = LaunchReport::Kind::failed,
                                    .stage = stage,
                                    .item = item,
                                    .error = error,
                                    .syscall = static_cast<std::int32_t>(call)});
}

}  // namespace

TEST_CASE("clone3's errors about the node are told as such", "[launch][S9]") {
    const int error = GENERATE(EBUSY, EACCES, ENOENT, EOPNOTSUPP);

    const Error failure = explain_clone(LaunchPlan{PlanDraft{}}, -1, error);

    CHECK(failure.key == "cgroup");
    CHECK(failure.call == "clone3");
    CHECK(failure.error == error);
    CHECK_FALSE(failure.hint.empty());
}

TEST_CASE("an ordinary user is told the way that needs no privileges", "[launch][S9]") {
    const auto hint_for = [](const OrdinaryUser& user) {
        Error failure{.hint = "the supervisor lacks CAP_SETPCAP"};
        advise_namespace(user, failure);
        return failure.hint;
    };
    const std::string lacking = "the supervisor lacks CAP_SETPCAP";
    CHECK(hint_for({.uid = 0, .gid = 0}) == lacking);
    CHECK(hint_for({.uid = 7, .gid = 8}) ==
          lacking +
              "; a user namespace gives it to a service of an ordinary user: "
              "namespaces.user = { uid_map = [\"0 7 1\"], gid_map = [\"0 8 1\"] }");
    CHECK(contains(hint_for({.uid = 7, .gid = 8, .has_groups = true}),
                   "without supplementary groups"));
}

TEST_CASE("a user namespace is advised where it gives the right", "[launch][S9]") {
    const auto is_given = [](LaunchStage stage, std::int32_t call, std::int32_t error) {
        return is_given_by_namespace({.kind = LaunchReport::Kind::failed,
                                      .stage = stage,
                                      .object = LaunchReport::Object::target,
                                      .error = error,
                                      .syscall = call});
    };
    CHECK(is_given(LaunchStage::bounding, SYS_prctl, EPERM));
    CHECK(is_given(LaunchStage::mounts, SYS_mount_setattr, EPERM));
    CHECK_FALSE(is_given(LaunchStage::mounts, SYS_fsmount, EPERM));
    CHECK_FALSE(is_given(LaunchStage::mounts, SYS_openat2, ENOENT));
    CHECK_FALSE(is_given(LaunchStage::scheduling, SYS_setpriority, EPERM));
    CHECK_FALSE(is_given(LaunchStage::preparation, SYS_chown, EPERM));
}

TEST_CASE("clone3's EAGAIN names the node that is full", "[launch][S9][N16]") {
    const TestDirectory directory;
    directory.make_file("pids.max", "7\n");
    directory.make_file("pids.current", "7\n");
    directory.make_directory("below");
    directory.make_file("below/cgroup.type", "domain\n");
    directory.make_file("below/pids.max", "max\n");
    directory.make_file("below/pids.current", "1\n");
    const auto explain = [](const std::string& path) {
        const Fd node = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY).value();
        return explain_clone(LaunchPlan{PlanDraft{}}, node.get(), EAGAIN);
    };

    const Error own = explain(directory.path());
    CHECK(own.key == "cgroup.pids.max");
    CHECK(own.object == directory.path() + "/pids.max");
    CHECK(contains(own.hint, "7 of 7"));

    const Error above = explain(directory.path() + "/below");
    CHECK(above.key == "cgroup");
    CHECK(above.object == directory.path() + "/pids.max");
}

TEST_CASE("clone3's EAGAIN without a full node names no limit that has room", "[launch][N16]") {
    const Error failure = explain_clone(LaunchPlan{PlanDraft{}}, -1, EAGAIN);
    CHECK(failure.error == EAGAIN);
    CHECK(contains(failure.text(), "kernel.pid_max"));
}

TEST_CASE("a refused namespace is told with the present limits", "[launch][H9]") {
    Scene scene{{"ids"}};
    scene.plan.clone_flags = CLONE_NEWUSER | CLONE_NEWNET;

    std::optional<Error> failure;
    run_with_fault({.call = SYS_clone3, .action = SECCOMP_RET_ERRNO | ENOSPC}, [&](const Fd&) {
        auto spawned = spawn(scene.sealed(), -1, {});
        if (!spawned) failure = std::move(spawned).error();
    });

    REQUIRE(failure);
    CHECK(failure->error == ENOSPC);
    CHECK(contains(failure->hint, "user.max_user_namespaces is "));
    CHECK(contains(failure->hint, "user.max_net_namespaces is "));
    CHECK_FALSE(contains(failure->hint, "user.max_uts_namespaces"));
}

TEST_CASE("a forbidden user namespace is told with the switches that forbid it", "[launch][H9]") {
    PlanDraft plan;
    plan.clone_flags = CLONE_NEWUSER;

    const Error failure = explain_clone(LaunchPlan{std::move(plan)}, -1, EPERM);

    CHECK(failure.key == "namespaces.user");
    CHECK(contains(failure.hint, "user.max_user_namespaces is "));
}

TEST_CASE("a capability that the supervisor lacks is told by its name", "[launch][H4]") {
    const Scene scene{{"ids"}};

    const Error failure = failure_of(scene, LaunchStage::ambient, EPERM, SYS_capset, 24);

    CHECK(failure.key == "capabilities.ambient");
    CHECK(failure.object == "sys_resource");
    CHECK(failure.hint == "the supervisor does not have it itself");
}

TEST_CASE("securebits, groups, user and limits are told by their keys", "[launch][H4]") {
    Scene scene{{"ids"}};
    scene.plan.child.groups = {4, 5};
    scene.child.uid = 33;
    scene.limit(7, 1, 2);

    CHECK(failure_of(scene, LaunchStage::bounding, EPERM, SYS_prctl).key ==
          "capabilities.securebits");
    CHECK(failure_of(scene, LaunchStage::groups, EPERM, SYS_setgroups).object == "4 5");
    CHECK(failure_of(scene, LaunchStage::user, EPERM, SYS_setresuid).object == "33");
    CHECK(failure_of(scene, LaunchStage::rlimits, EPERM, SYS_prlimit64, 0).object == "1:2");
    CHECK(failure_of(scene, LaunchStage::rlimits, EPERM, SYS_prlimit64, 0).key ==
          "process.rlimits.test");
}

TEST_CASE("every failure has a hint", "[launch][H4]") {
    const Scene scene{{"ids"}};

    for (std::size_t stage = 0; stage < launch_stage_count; ++stage) {
        INFO("stage " << stage);
        CHECK_FALSE(
            failure_of(scene, static_cast<LaunchStage>(stage), EXDEV, SYS_read).hint.empty());
    }
}

TEST_CASE("a report with values out of range is told as damaged and read no further", "[launch]") {
    const Scene scene{{"ids"}};

    const auto beyond = static_cast<LaunchStage>(1'000'000);
    CHECK(contains(failure_of(scene, beyond, EIO, SYS_read).text(), "damaged"));
    CHECK(failure_of(scene, LaunchStage::mounts, EIO, SYS_mount, 1'000'000).key == "mounts");
    CHECK(failure_of(scene, LaunchStage::rlimits, EIO, SYS_prlimit64, -7).key == "process.rlimits");
    CHECK(failure_of(scene, LaunchStage::bounding, EIO, -99, 1'000'000).error == EIO);
}

TEST_CASE("a datagram that is no report is an error, and its descriptors are closed", "[launch]") {
    const ReportChannel channel = make_report_channel(3).value();
    REQUIRE(send(channel.child.get(), "short", 5, 0) == 5);

    const auto received = receive_report(channel.parent);

    REQUIRE_FALSE(received.has_value());
    CHECK(received.error().error == EPROTO);
}

TEST_CASE("a socket without news says so, and one without senders too", "[launch]") {
    ReportChannel channel = make_report_channel(3).value();

    const auto quiet = receive_report(channel.parent);
    channel.child.reset();
    const auto hung_up = receive_report(channel.parent);

    CHECK(std::holds_alternative<std::monostate>(quiet.value()));
    CHECK(std::holds_alternative<HungUp>(hung_up.value()));
}

TEST_CASE("last words come once, before the hang-up", "[launch]") {
    ReportChannel channel = make_report_channel(3).value();
    LastWordsPage page = LastWordsPage::make().value();
    page.get()->report.error = ENOEXEC;
    page.get()->spoken = 1;
    channel.child.reset();

    const auto first = receive_report(channel.parent, &page);
    const auto second = receive_report(channel.parent, &page);

    REQUIRE(std::holds_alternative<ReceivedReport>(first.value()));
    CHECK(std::get<ReceivedReport>(first.value()).report.error == ENOEXEC);
    CHECK(std::holds_alternative<HungUp>(second.value()));
}

TEST_CASE("the reaper's file cannot be written to, or grown", "[launch][X3]") {
    const Fd& reaper = reaper_program();

    CHECK(write(reaper.get(), "x", 1) < 0);
    CHECK(ftruncate(reaper.get(), 0) < 0);
}

TEST_CASE("a reaper that is missing is an error at once", "[launch]") {
    const auto missing = load_helper("/no/such/reaper");

    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().error == ENOENT);
}

// The kernel looks for a record first and for the sender then.
TEST_CASE("a record that is sent just before the hang-up is not lost", "[launch][H4]") {
    std::atomic<int> next{-1};
    std::jthread sender{[&](const std::stop_token& stop) {
        const LaunchReport report{.kind = LaunchReport::Kind::executing};
        while (!stop.stop_requested()) {
            const Fd socket{next.exchange(-1)};
            if (socket) (void)send(socket.get(), &report, sizeof report, 0);
        }
    }};

    unsigned lost = 0;
    for (int i = 0; i < 5'000; ++i) {
        auto channel = make_report_channel(10);
        REQUIRE(channel.has_value());
        next = channel->child.release();
        bool is_told = false;
        for (;;) {
            const auto received = receive_report(channel->parent);
            if (!received || std::holds_alternative<HungUp>(*received)) break;
            is_told = is_told || std::holds_alternative<ReceivedReport>(*received);
        }
        if (!is_told) ++lost;
    }

    CHECK(lost == 0);
}

}  // namespace confinit::testing
