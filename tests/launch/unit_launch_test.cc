// SPDX-License-Identifier: Apache-2.0
// A unit's text from the reader over the plan to a running process, read back from the kernel.
#include "launch/seccomp/kernel_vocabulary.h"
#include "launch/verify/verify.h"
#include "scene.h"
#include "unit/loader.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <memory>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

constexpr std::string_view confinement = R"(
[capabilities]
bounding = ["net_bind_service"]
ambient = ["net_bind_service"]

[namespaces]
mount = true
pid = true
net = true
ipc = true
uts = { hostname = "walled" }
cgroup = true

[mounts]
read_only = ["/"]
inaccessible = ["/root"]
private_tmp = true
private_dev = true

[seccomp]
default = "allow"
deny = ["getpgid:EXDEV"]

[process]
umask = "0027"
nice = 5
rlimits = { nofile = "64:64" }
oom_score_adj = 100
)";

Unit read_unit(const std::string& text) {
    auto unit = parse_unit("test", "test.toml", text, kernel_vocabulary());
    if (!unit) FAIL(unit.error().front().message);
    return std::move(*unit);
}

Unit confined_unit(const std::string& program, std::string_view commands,
                   const std::string& more = {}) {
    return read_unit("[service]\ncommand = [\"" + program + "\", " + std::string{commands} +
                     "]\nuser = \"65534\"\ngroup = \"65534\"\n" + std::string{confinement} + more);
}

// A program and a context for plans, as the supervisor has them.
struct Stage {
    Stage() {
        directory.copy_probe("probe");
        directory.make_file("cover", "", 0);
    }

    LaunchContext context() const {
        return {.reaper_program = reaper_program(),
                .inaccessible_file = directory / "cover",
                .capabilities = own_capabilities(),
                .memory_total = 1ULL << 30};
    }

    const TestDirectory directory;
};

template <class T>
T taken(Result<T> result) {
    if (!result) FAIL(result.error().text());
    return std::move(*result);
}

}  // namespace

TEST_CASE("a running unit is confined as its text says", "[launch][H3]") {
    const Stage stage;
    const Unit unit = confined_unit(
        stage.directory / "probe",
        R"("ids", "capabilities", "hostname", "list:/tmp", "list:/root", "write:/etc/x",
           "list:/dev", "network", "process", "limits", "call:121", "descriptors")");
    const auto plan = taken(make_launch_plan(unit, stage.context()));

    Launch launch{plan};
    launch.finish();

    INFO((launch.failed ? explain(plan, *launch.failed).text() : ""));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["uid"] == "65534 65534 65534");
    CHECK(launch["CapBnd"] == "0000000000000400");
    CHECK(launch["CapEff"] == "0000000000000400");
    CHECK(launch["NoNewPrivs"] == "1");
    CHECK(launch["hostname"] == "walled");
    CHECK(launch["list:/tmp"].empty());
    CHECK(launch["list:/root"] == "EACCES");
    CHECK(launch["write:/etc/x"] == "EROFS");
    CHECK(launch["list:/dev"] ==
          "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero");
    CHECK(launch["lo"] == "up");
    CHECK(launch["umask"] == std::to_string(027));
    CHECK(launch["nice"] == "5");
    CHECK(launch["oom_score_adj"] == "100");
    CHECK(launch["rlimit.7"] == "64:64");
    CHECK(launch["call:121"] == "EXDEV");
    CHECK(launch["pid"] == "2");
    CHECK(launch["descriptors"] == "0 1 2");
}

TEST_CASE("verify finds every item of a running unit in force", "[launch][H7]") {
    const bool has_user_namespace = GENERATE(false, true);
    const Stage stage;
    const std::string more = has_user_namespace
                                 ? "[namespaces.user]\nuid_map = [\"65534 65534 1\"]\n"
                                   "gid_map = [\"65534 65534 1\"]\n"
                                 : "";
    const Unit unit = confined_unit(stage.directory / "probe", R"("wait")", more);
    const auto plan = taken(make_launch_plan(unit, stage.context()));

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();
    const std::vector<VerifyItem> items = verify(unit, plan, launch.main.pid(), nullptr);
    launch.signal(SIGTERM);
    launch.finish();

    CHECK(items.size() > 10);
    for (const VerifyItem& item : items) {
        INFO(item.key << ": declared " << item.declared << ", in force " << item.in_force);
        CHECK_FALSE(item.differs());
    }
}

TEST_CASE("a unit with a user namespace of one id runs", "[launch][S6]") {
    const Stage stage;
    const Unit unit =
        confined_unit(stage.directory / "probe", R"("ids", "capabilities", "process", "limits")",
                      "[namespaces.user]\nuid_map = [\"65534 65534 1\"]\n"
                      "gid_map = [\"65534 65534 1\"]\n");
    const auto plan = taken(make_launch_plan(unit, stage.context()));

    Launch launch{plan};
    launch.finish();

    INFO((launch.failed ? explain(plan, *launch.failed).text() : ""));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["uid"] == "65534 65534 65534");
    CHECK(launch["CapEff"] == "0000000000000400");
    CHECK(launch["nice"] == "5");
    CHECK(launch["oom_score_adj"] == "100");
    CHECK(launch["rlimit.7"] == "64:64");
}

TEST_CASE("an entered unit shows the same lines of /proc/self/status", "[launch][X1]") {
    const Stage stage;
    const std::string probe = stage.directory / "probe";
    const bool has_user_namespace = GENERATE(false, true);
    const std::string more = has_user_namespace
                                 ? "[namespaces.user]\nuid_map = [\"65534 65534 1\"]\n"
                                   "gid_map = [\"65534 65534 1\"]\n"
                                 : "";
    const Unit unit = confined_unit(probe, R"("status", "namespaces", "limits", "wait")", more);
    const auto plan = taken(make_launch_plan(unit, stage.context()));
    Launch running{plan};
    running.wait_for_line("waiting=ready");
    running.wait_for_execution();

    const auto enter_plan =
        taken(make_enter_plan(unit, stage.context(), running.main.pidfd().get(),
                              {.command = {probe, "status", "namespaces", "limits"}}));
    Launch entered{enter_plan};
    entered.finish();

    INFO((entered.failed ? explain(enter_plan, *entered.failed).text() : ""));
    REQUIRE_FALSE(entered.failed);
    for (const char* key : {"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd",
                            "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters", "Umask"}) {
        INFO(key);
        CHECK(entered[std::string{"status."} + key] == running[std::string{"status."} + key]);
    }
    for (const std::string name : {"mnt", "pid", "net", "ipc", "uts", "cgroup", "user"}) {
        CHECK(entered["ns." + name] == running["ns." + name]);
    }
    CHECK(entered["rlimit.7"] == running["rlimit.7"]);
}

TEST_CASE("a script without its interpreter is told apart from a missing program", "[launch][H6]") {
    const Stage stage;
    const std::string script = stage.directory / "script";
    stage.directory.make_file("script", "#!/no/such/interpreter\n", 0755);
    const auto missing = make_launch_plan(
        read_unit("[service]\ncommand = [\"/no/such/program\"]\n"), stage.context());
    const auto unrunnable =
        make_launch_plan(read_unit("[service]\ncommand = [\"" + script + "\"]\n"), stage.context());

    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().object == "/no/such/program");
    REQUIRE_FALSE(unrunnable.has_value());
    CHECK(unrunnable.error().hint.find("/no/such/interpreter") != std::string::npos);
}

}  // namespace confinit::testing
