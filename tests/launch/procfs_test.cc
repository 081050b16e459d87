// SPDX-License-Identifier: Apache-2.0
// A hostile process that mounts over parts of /proc: nothing that is meant for the kernel is
// written elsewhere, and nothing else is taken for what the kernel says.
#include "base/file.h"
#include "by_launcher.h"
#include "fault.h"
#include "kernel/proc_status.h"
#include "launch/spawn/explain_report.h"
#include "launch/spawn/parent_part.h"
#include "scene.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <memory>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

std::string text_of(const std::string& path) {
    return read_file(AT_FDCWD, path).value_or("unreadable");
}

// A process in a user namespace of its own that waits for its end.
class Waiting {
public:
    Waiting() {
        auto pipe = make_pipe();
        REQUIRE(pipe.has_value());
        process_ = fork();
        REQUIRE(process_ >= 0);
        if (process_ == 0) {
            const char done = unshare(CLONE_NEWUSER) == 0 ? '1' : '0';
            (void)!write(pipe->write_end.get(), &done, 1);
            for (;;)
                (void)pause();
        }
        char done = 0;
        REQUIRE(read(pipe->read_end.get(), &done, 1) == 1);
        REQUIRE(done == '1');
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
        (void)kill(process_, SIGKILL);
        (void)waitpid(process_, nullptr, 0);
    }

    pid_t pid() const { return process_; }
    std::string operator/(std::string_view file) const {
        return "/proc/" + std::to_string(process_) + "/" + std::string{file};
    }

private:
    pid_t process_ = -1;
};

// Launches the scene, and while the child stands at a system call, mounts `source` over a file of
// its directory in /proc.
std::unique_ptr<Launch> launch_with_decoy(Scene& scene, long call, const std::string& source,
                                          const std::string& file) {
    std::unique_ptr<Launch> launch;
    run_with_fault({.call = call, .action = SECCOMP_RET_USER_NOTIF}, [&](const Fd& listener) {
        launch = std::make_unique<Launch>(scene);
        seccomp_notif stopped{};
        REQUIRE(ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &stopped) == 0);
        const HostMount decoy{source, "/proc/" + std::to_string(stopped.pid) + "/" + file};
        seccomp_notif_resp go_on{};
        go_on.id = stopped.id;
        go_on.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        (void)ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &go_on);
        launch->finish();
    });
    return launch;
}

}  // namespace

TEST_CASE("what the child writes about itself does not go to what is mounted over it",
          "[launch][X9]") {
    use_own_mounts();
    const TestDirectory directory;
    directory.make_file("decoy", "decoy");
    // A file of procfs as well, or a file of another file system.
    const std::string decoy =
        GENERATE(true, false) ? directory / "decoy" : "/proc/self/oom_score_adj";
    const std::string before = text_of(decoy);
    Scene scene{{"ids"}};
    scene.child.sets_nice = true;
    scene.child.nice = 4;
    scene.child.oom_score_adj = "4";

    const auto launch = launch_with_decoy(scene, SYS_setpriority, decoy, "oom_score_adj");

    CHECK(text_of(decoy) == before);
    // The child has inherited the value that it would write.
    if (is_by_launcher()) {
        CHECK_FALSE(launch->failed);
        return;
    }
    REQUIRE(launch->failed);
    const Error failure = explain(scene.sealed(), *launch->failed);
    CHECK(failure.key == "process.oom_score_adj");
    CHECK(failure.error == EXDEV);
    CHECK(launch->output.empty());
}

TEST_CASE("the offsets of a clock do not go to what is mounted over them", "[launch][X9]") {
    use_own_mounts();
    const TestDirectory directory;
    directory.make_file("decoy", "decoy");
    Scene scene{{"ids"}};
    scene.child.time_offsets = "boottime 3600 0\n";

    const auto launch =
        launch_with_decoy(scene, SYS_unshare, directory / "decoy", "timens_offsets");

    REQUIRE(launch->failed);
    CHECK(explain(scene.sealed(), *launch->failed).key == "namespaces.time");
    CHECK(launch->failed->error == EXDEV);
    CHECK(launch->output.empty());
    CHECK(text_of(directory / "decoy") == "decoy");
}

TEST_CASE("a /proc that is none is not written to", "[launch][X9]") {
    use_own_mounts();
    const TestDirectory directory;
    directory.make_directory("proc/self");
    directory.make_file("proc/self/oom_score_adj", "decoy");
    Scene scene{{"ids"}};
    scene.child.oom_score_adj = "4";

    std::unique_ptr<Launch> launch;
    {
        const HostMount decoy{directory / "proc", "/proc"};
        launch = std::make_unique<Launch>(scene);
        launch->finish();
    }

    REQUIRE(launch->failed);
    CHECK(launch->failed->error == ENODEV);
    CHECK(explain(scene.sealed(), *launch->failed).hint == "what is mounted on /proc is no procfs");
    CHECK(launch->output.empty());
    CHECK(text_of(directory / "proc/self/oom_score_adj") == "decoy");
}

TEST_CASE("the parent writes no id map to what is mounted over it", "[launch][X9][S6]") {
    use_own_mounts();
    const TestDirectory directory;
    directory.make_file("decoy", "decoy");
    directory.make_directory("process");
    for (const char* file : {"uid_map", "gid_map", "setgroups"})
        directory.make_file("process/" + std::string{file}, "decoy");
    const Waiting child;
    const std::string covered = GENERATE("uid_map", "gid_map", "setgroups", "");
    const HostMount decoy{directory / (covered.empty() ? "process" : "decoy"), child / covered};
    PlanDraft plan;
    plan.uid_map = "0 100000 1\n";
    plan.gid_map = "0 100000 1\n";
    plan.deny_setgroups = true;

    const Status done = do_parent_part(LaunchPlan{std::move(plan)}, child.pid());

    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().error == EXDEV);
    if (!covered.empty()) CHECK(done.error().key == "namespaces.user." + covered);
    CHECK(done.error().hint == "something else is mounted over it");
    CHECK(text_of(directory / "decoy") == "decoy");
    for (const char* file : {"uid_map", "gid_map", "setgroups"})
        CHECK(text_of(directory / "process" + "/" + file) == "decoy");
}

TEST_CASE("verify reads nothing that is mounted over a process's files", "[launch][X9][H7]") {
    use_own_mounts();
    const Waiting child;
    const auto before = open_process(child.pid());
    REQUIRE(before.has_value());
    REQUIRE(read_process_status(*before).has_value());

    const HostMount decoy{"/proc/self/status", child / "status"};
    const auto status = read_process_status(*before);
    const HostMount directory{"/proc/self", child / ""};
    const auto process = open_process(child.pid());

    REQUIRE_FALSE(status.has_value());
    CHECK(status.error().error == EXDEV);
    REQUIRE_FALSE(process.has_value());
    CHECK(process.error().error == EXDEV);
}

TEST_CASE("a part of procfs, or another one, is not taken for /proc", "[launch][X9]") {
    use_own_mounts();
    const std::string source = GENERATE("/proc/sys", "/proc/1");
    const HostMount decoy{source, "/proc"};

    CHECK_FALSE(open_own_process().has_value());
}

}  // namespace confinit::testing
