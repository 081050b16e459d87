// SPDX-License-Identifier: Apache-2.0
// Namespaces that are there already, joined by unit or by path; and clocks of the service's own.
#include "fault.h"
#include "launch/plan/id_maps.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "launch/spawn/explain_report.h"
#include "launch/verify/verify.h"
#include "scene.h"
#include "unit/loader.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <ctime>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

constexpr std::string_view root_service = "user = \"0\"\n";

// Units whose program is the probe, and a supervisor's context in which "host" may run.
struct Stage {
    Stage() { directory.copy_probe("probe"); }

    Unit unit(std::string_view commands, std::string_view tables,
              std::string_view service = root_service) const {
        const std::string text = "[service]\ncommand = [\"" + (directory / "probe") + "\", " +
                                 std::string{commands} + "]\n" + std::string{service} +
                                 std::string{tables};
        auto unit = parse_unit("test", "test.toml", text, kernel_vocabulary());
        if (!unit) FAIL(unit.error().front().text());
        return std::move(*unit);
    }

    LaunchContext context() const {
        return {.reaper_program = reaper_program(),
                .inaccessible_file = "/",
                .capabilities = own_capabilities(),
                .memory_total = 1ULL << 30,
                .find_running = [this](std::string_view name) -> const Process* {
                    return name == "host" && host != nullptr ? &host->main : nullptr;
                },
                .separate_ids =
                    [](const std::string&) {
                        return 700'000U;
                    }};
    }

    Result<LaunchPlan> try_plan(Unit& unit) const {
        if (auto settled = settle_id_maps(context(), unit); !settled) {
            return std::unexpected(std::move(settled).error());
        }
        return make_launch_plan(unit, context());
    }

    LaunchPlan plan(Unit& unit) const {
        auto made = try_plan(unit);
        if (!made) FAIL(made.error().text());
        return std::move(*made);
    }

    const TestDirectory directory;
    const Launch* host = nullptr;
};

long now_of(clockid_t clock) {
    timespec now{};
    (void)clock_gettime(clock, &now);
    return now.tv_sec;
}

bool near(const std::string& seconds, long wanted) {
    return std::abs(std::stol(seconds) - wanted) <= 5;
}

void check_verified(const Unit& unit, const LaunchPlan& plan, const Launch& launch) {
    for (const VerifyItem& item : verify(unit, plan, launch.main.pid(), nullptr)) {
        INFO(item.key << ": " << item.declared << " / " << item.in_force);
        CHECK_FALSE(item.differs());
    }
}

}  // namespace

TEST_CASE("a time namespace moves the clocks that it has, and no other", "[launch][S12]") {
    const Stage stage;
    Unit unit = stage.unit(R"("namespaces", "clocks", "wait")",
                           "[namespaces]\nmount = true\n"
                           "time = { boottime = \"+30d\", monotonic = \"+1h 1500ms\" }\n");
    const auto plan = stage.plan(unit);

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");

    CHECK(launch["ns.time"] != namespace_of(getpid(), "time"));
    CHECK(near(launch["clock.boottime"], now_of(CLOCK_BOOTTIME) + 30 * 86'400));
    CHECK(near(launch["clock.monotonic"], now_of(CLOCK_MONOTONIC) + 3'601));
    CHECK(near(launch["clock.realtime"], now_of(CLOCK_REALTIME)));
    check_verified(unit, plan, launch);
}

TEST_CASE("without offsets, and without the key, the clocks are the machine's", "[launch][S12]") {
    const Stage stage;
    const bool is_new = GENERATE(false, true);
    Unit unit = stage.unit(R"("namespaces", "clocks")",
                           is_new ? "[namespaces]\ntime = true\n" : "[namespaces]\ntime = false\n");
    const auto plan = stage.plan(unit);

    Launch launch{plan};
    launch.finish();

    CHECK((launch["ns.time"] != namespace_of(getpid(), "time")) == is_new);
    CHECK(near(launch["clock.boottime"], now_of(CLOCK_BOOTTIME)));
}

TEST_CASE("clocks in a pid and a user namespace, below our reaper", "[launch][S12]") {
    const Stage stage;
    Unit unit = stage.unit(R"("ids", "clocks")",
                           "[namespaces]\nmount = true\npid = true\nuser = true\n"
                           "time = { boottime = \"+30d\" }\n");
    const auto plan = stage.plan(unit);

    Launch launch{plan};
    launch.finish();

    INFO((launch.failed ? explain(plan, *launch.failed).text() : ""));
    REQUIRE_FALSE(launch.failed);
    CHECK(near(launch["clock.boottime"], now_of(CLOCK_BOOTTIME) + 30 * 86'400));
}

TEST_CASE("an offset that the kernel refuses is told with its key", "[launch][S12][H4]") {
    const Stage stage;
    Unit unit = stage.unit(R"("ids")", "[namespaces]\ntime = { monotonic = \"-3650d\" }\n");
    const auto plan = stage.plan(unit);

    Launch launch{plan};
    launch.finish();

    REQUIRE(launch.failed);
    const Error failure = explain(plan, *launch.failed);
    CHECK(failure.key == "namespaces.time");
    CHECK(failure.call == "write");
    CHECK(failure.error == ERANGE);
    CHECK(failure.hint.find("before zero") != std::string::npos);
    CHECK(launch.output.empty());
}

TEST_CASE("each namespace of another unit can be joined", "[launch]") {
    Stage stage;
    Unit host_unit = stage.unit(R"("namespaces", "wait")",
                                "[namespaces]\nmount = true\nnet = true\nipc = true\nuts = true\n"
                                "cgroup = true\ntime = true\npid = true\n");
    const auto host_plan = stage.plan(host_unit);
    Launch host{host_plan};
    host.wait_for_line("waiting=ready");
    stage.host = &host;
    const auto& [key, link] =
        GENERATE(std::pair{"mount", "mnt"}, std::pair{"net", "net"}, std::pair{"ipc", "ipc"},
                 std::pair{"uts", "uts"}, std::pair{"cgroup", "cgroup"}, std::pair{"time", "time"},
                 std::pair{"pid", "pid"});
    Unit unit = stage.unit(R"("namespaces", "process", "wait")",
                           "[namespaces]\n" + std::string{key} + " = \"unit:host\"\n");
    const auto plan = stage.plan(unit);

    Launch guest{plan};
    guest.wait_for_line("waiting=ready");

    for (const std::string name : {"mnt", "net", "ipc", "uts", "cgroup", "time", "pid"}) {
        INFO(key << ": " << name);
        const pid_t owner = name == link ? host.main.pid() : getpid();
        CHECK(namespace_of(guest.main.pid(), name) == namespace_of(owner, name));
    }
    CHECK(unit.unit.requires_units == std::vector<std::string>{"host"});
    CHECK(unit.unit.after == std::vector<std::string>{"host"});
    check_verified(unit, plan, guest);
}

TEST_CASE("a namespace is joined by its path", "[launch]") {
    const Stage stage;
    Unit unit = stage.unit(R"("namespaces")", "[namespaces]\nipc = \"/proc/self/ns/ipc\"\n");
    const auto plan = stage.plan(unit);

    Launch launch{plan};
    launch.finish();

    CHECK(launch["ns.ipc"] == namespace_of(getpid(), "ipc"));
}

TEST_CASE("a user namespace is joined with its own maps", "[launch][S6]") {
    Stage stage;
    Unit host_unit =
        stage.unit(R"("namespaces", "wait")", "[namespaces]\nuser = { ids = \"private\" }\n");
    const auto host_plan = stage.plan(host_unit);
    Launch host{host_plan};
    host.wait_for_line("waiting=ready");
    stage.host = &host;
    Unit unit = stage.unit(R"("namespaces", "ids", "wait")", "[namespaces]\nuser = \"unit:host\"\n",
                           "user = \"7\"\ngroup = \"8\"\n");
    const auto plan = stage.plan(unit);

    Launch guest{plan};
    guest.wait_for_line("waiting=ready");

    CHECK(guest["ns.user"] == host["ns.user"]);
    CHECK(guest["ns.user"] != namespace_of(getpid(), "user"));
    CHECK(guest["uid"] == "7 7 7");
    CHECK(guest["gid"] == "8 8 8");
    CHECK(status_of(guest.main.pid(), "Uid") == "700007\t700007\t700007\t700007");
    check_verified(unit, plan, guest);
}

TEST_CASE("what cannot be joined is told before anything starts", "[launch][H4]") {
    const Stage stage;
    const auto& [value, call, error, hint] =
        GENERATE(std::tuple{"unit:host", "", 0, "no main process"},
                 std::tuple{"/no/such/file", "open", ENOENT, "/run/netns"},
                 std::tuple{"/etc/passwd", "", 0, "no namespace but an ordinary file"},
                 std::tuple{"/etc", "", 0, "no namespace but a directory"},
                 std::tuple{"/dev/tty", "", 0, "no namespace but a device"},
                 std::tuple{"/proc/self/ns/uts", "", 0, "another kind"});
    Unit unit = stage.unit(R"("ids")", "[namespaces]\nnet = \"" + std::string{value} + "\"\n");

    const auto plan = stage.try_plan(unit);

    REQUIRE_FALSE(plan.has_value());
    CHECK(plan.error().key == "namespaces.net");
    CHECK(plan.error().object == value);
    CHECK(plan.error().call == call);
    CHECK(plan.error().error == error);
    CHECK(plan.error().hint.find(hint) != std::string::npos);
}

TEST_CASE("a FIFO in the place of a namespace holds nobody up", "[launch][N1]") {
    const Stage stage;
    const TestDirectory directory;
    const std::string fifo = directory / "fifo";
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    Unit unit = stage.unit(R"("ids")", "[namespaces]\nnet = \"" + fifo + "\"\n");

    const auto plan = stage.try_plan(unit);

    REQUIRE_FALSE(plan.has_value());
    CHECK(plan.error().text() == "namespaces.net: '" + fifo + "': this is no namespace but a FIFO");
}

TEST_CASE("a namespace that does not let us in stops the launch", "[launch][H3][H4]") {
    Stage stage;
    Unit host_unit = stage.unit(R"("namespaces", "wait")",
                                "[namespaces]\nnet = true\nuser = { ids = \"private\" }\n");
    const auto host_plan = stage.plan(host_unit);
    Launch host{host_plan};
    host.wait_for_line("waiting=ready");
    stage.host = &host;
    const auto& [key, type] = GENERATE(std::pair{"net", 0}, std::pair{"user", CLONE_NEWUSER});
    Unit unit = stage.unit(R"("ids")", "[namespaces]\n" + std::string{key} + " = \"unit:host\"\n");
    const auto plan = stage.plan(unit);

    std::unique_ptr<Launch> launch;
    run_with_fault({.call = SYS_setns,
                    .action = SECCOMP_RET_ERRNO | EPERM,
                    .argument = 1,
                    .value = static_cast<std::uint32_t>(type)},
                   [&](const Fd&) { launch = std::make_unique<Launch>(plan); });
    launch->finish();

    REQUIRE(launch->failed);
    const Error failure = explain(plan, *launch->failed);
    CHECK(failure.key == "namespaces." + std::string{key});
    CHECK(failure.call == "setns");
    CHECK(failure.error == EPERM);
    CHECK(launch->output.empty());
}

TEST_CASE("a namespace over which a new user namespace has no rights is told so",
          "[launch][H4][S6]") {
    Stage stage;
    Unit host_unit = stage.unit(R"("namespaces", "wait")", "[namespaces]\nnet = true\n");
    const auto host_plan = stage.plan(host_unit);
    Launch host{host_plan};
    host.wait_for_line("waiting=ready");
    stage.host = &host;
    Unit unit = stage.unit(R"("ids")", "[namespaces]\nnet = \"unit:host\"\n");
    unit.namespaces.user = true;
    unit.namespaces.id_range = IdRange::separate;
    const auto plan = stage.plan(unit);

    Launch launch{plan};
    launch.finish();

    REQUIRE(launch.failed);
    const Error failure = explain(plan, *launch.failed);
    CHECK(failure.key == "namespaces.net");
    CHECK(failure.error == EPERM);
    CHECK(failure.hint.find("belongs to another user namespace") != std::string::npos);
    CHECK(failure.hint.find("namespaces.user") != std::string::npos);
}

TEST_CASE("ids of a user namespace by the name of their range", "[launch][S6]") {
    const Stage stage;
    const auto& [ids, uid, outside] =
        GENERATE(std::tuple{"nobody", "0", "65534"}, std::tuple{"identity", "33", "33"},
                 std::tuple{"private", "33", "700033"});
    Unit unit = stage.unit(
        R"("ids", "wait")", "[namespaces]\nuser = { ids = \"" + std::string{ids} + "\" }\n",
        "user = \"" + std::string{uid} + "\"\ngroup = \"" + std::string{uid} + "\"\n");
    const auto plan = stage.plan(unit);

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");

    const std::string inside = std::string{uid} + " " + uid + " " + uid;
    CHECK(launch["uid"] == inside);
    CHECK(status_of(launch.main.pid(), "Uid").starts_with(std::string{outside} + "\t"));
    check_verified(unit, plan, launch);
}

TEST_CASE("a user without a line in subuid is told with the file", "[launch][S6]") {
    const Stage stage;
    Unit unit = stage.unit(R"("ids")", "[namespaces]\nuser = { ids = \"subid:no-such-user\" }\n");

    const auto plan = stage.try_plan(unit);

    REQUIRE_FALSE(plan.has_value());
    CHECK(plan.error().key == "namespaces.user.ids");
    CHECK(plan.error().object == "/etc/subuid");
    CHECK(plan.error().hint.contains("'no-such-user:100000:65536' in /etc/subuid"));
}

}  // namespace confinit::testing
