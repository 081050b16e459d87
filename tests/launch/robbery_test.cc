// SPDX-License-Identifier: Apache-2.0
// A launch that is held at each of its system calls, while processes of the same user try to take
// its descriptors and its memory.
#include "base/file.h"
#include "by_launcher.h"
#include "fault.h"
#include "robber.h"
#include "scene.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <map>
#include <memory>
#include <set>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

constexpr uid_t service_user = 65534;

// As the supervisor is.
class NotDumpable {
public:
    NotDumpable() { REQUIRE(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0); }
    NotDumpable(const NotDumpable&) = delete;
    NotDumpable& operator=(const NotDumpable&) = delete;
    ~NotDumpable() { (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
};

// Looks at every process of the launch at every call, until its program runs.
class Watcher {
public:
    void look(const seccomp_notif& call) {
        const auto pid = static_cast<pid_t>(call.pid);
        if (exists("/proc/self/task/" + std::to_string(pid)) || executed_.contains(pid)) return;
        ++steps_;
        processes_.insert(pid);
        for (const Robber* robber : {&root_, &same_user_}) {
            const std::string won = robber->rob(pid);
            if (!won.empty()) robbed_ += "call " + std::to_string(call.data.nr) + ": " + won + "\n";
        }
        // From here on all is the service's own. Our reaper is executed by its descriptor.
        if (call.data.nr == SYS_execve) executed_.insert(pid);
    }

    const std::string& robbed() const { return robbed_; }
    unsigned steps() const { return steps_; }
    std::size_t processes() const { return processes_.size(); }

private:
    Robber root_{0};
    Robber same_user_{service_user};
    std::set<pid_t> processes_;
    std::set<pid_t> executed_;
    std::string robbed_;
    unsigned steps_ = 0;
};

void launch_before(Watcher& watcher, Scene& scene) {
    std::unique_ptr<Launch> launch;
    {
        const NotDumpable like_the_supervisor;
        hold_each([&](const seccomp_notif& call) { watcher.look(call); },
                  [&] {
                      launch = std::make_unique<Launch>(scene);
                      launch->finish();
                  });
    }
    REQUIRE_FALSE(launch->failed);
    CHECK(launch->is_executing);
}

std::string link_of(const std::string& path) {
    std::array<char, 256> text;
    const ssize_t size = readlink(path.c_str(), text.data(), text.size());
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

bool has_descriptor(pid_t pid, const std::string& link) {
    const std::string directory = "/proc/" + std::to_string(pid) + "/fd";
    const auto names = list_directory(AT_FDCWD, directory);
    return names && std::ranges::any_of(*names, [&](const std::string& name) {
               return link_of(directory + "/" + name) == link;
           });
}

void run_as_service_user(Scene& scene) {
    scene.child.uid = service_user;
    scene.child.gid = service_user;
    scene.plan.child.groups = {service_user};
}

std::size_t launcher_processes() {
    return is_by_launcher() ? 1 : 0;
}

}  // namespace

TEST_CASE("a process that can be traced is robbed of everything", "[launch][N9]") {
    const auto [uid, robs] = GENERATE(table<uid_t, uid_t>({{0, 0}, {service_user, service_user}}));
    const Robber robber{robs};
    auto ready = make_pipe();
    REQUIRE(ready);
    const pid_t victim = fork();
    if (victim == 0) {
        if (setgroups(0, nullptr) < 0 || setresgid(uid, uid, uid) < 0) _exit(EXIT_FAILURE);
        if (prctl(PR_CAPBSET_DROP, 0, 0, 0, 0) < 0) _exit(EXIT_FAILURE);
        if (uid != 0 && setresuid(uid, uid, uid) < 0) _exit(EXIT_FAILURE);
        (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
        if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0) _exit(EXIT_FAILURE);
        (void)!write(ready->write_end.get(), "x", 1);
        for (;;)
            pause();
    }
    char byte = 0;
    REQUIRE(read(ready->read_end.get(), &byte, 1) == 1);

    const std::string won = robber.rob(victim);
    (void)kill(victim, SIGKILL);
    (void)waitpid(victim, nullptr, 0);

    // Another one's capabilities are a wall of their own.
    if (uid == 0) {
        CHECK(won.empty());
    } else {
        CHECK(won == "pidfd_getfd fd mem maps environ process_vm_readv ptrace");
    }
}

TEST_CASE("a launch is not robbed at any step: child, reaper and preparer", "[launch][N9]") {
    const TestDirectory directory;
    directory.make_directory("state");
    const std::string base = directory / "state";
    Scene scene{{"exit:0"}};
    run_as_service_user(scene);
    scene.with_reaper();
    scene.child.oom_score_adj = "100";
    scene.child.time_offsets = "boottime 3600 0\n";
    scene.plan.child.preparations.push_back({.kind = Preparation::Kind::directory,
                                             .base = base.c_str(),
                                             .path = "own",
                                             .mode = 0700,
                                             .uid = service_user,
                                             .gid = service_user,
                                             .gives_over = false});
    scene.mount({.kind = MountOpKind::read_only, .target = "/"});
    scene.deny(SYS_getpgid, SECCOMP_RET_ERRNO | EXDEV);
    Watcher watcher;

    launch_before(watcher, scene);

    CHECK(watcher.robbed() == "");
    CHECK(watcher.processes() == 3 + launcher_processes());
    CHECK(watcher.steps() > 100);
}

TEST_CASE("a launch into a user namespace is not robbed", "[launch][N9]") {
    Scene scene{{"exit:0"}};
    run_as_service_user(scene);
    scene.with_reaper();
    scene.plan.clone_flags |= CLONE_NEWUSER;
    scene.plan.uid_map = "0 0 65535\n";
    scene.plan.gid_map = "0 0 65535\n";
    scene.child.limits_by_parent = true;
    Watcher watcher;

    launch_before(watcher, scene);

    CHECK(watcher.robbed() == "");
    CHECK(watcher.processes() == 2 + launcher_processes());
}

TEST_CASE("who enters a service is not robbed", "[launch][N9][X2]") {
    Scene service{{"wait"}};
    run_as_service_user(service);
    service.with_reaper();
    Launch running{service};
    running.wait_for_line("waiting=ready");
    running.wait_for_execution();
    Scene scene{{"exit:0"}};
    run_as_service_user(scene);
    scene.enter(running.main, CLONE_NEWPID);
    Watcher watcher;

    launch_before(watcher, scene);

    CHECK(watcher.robbed() == "");
    CHECK(watcher.processes() == 2 + launcher_processes());
}

TEST_CASE("a child has none of the supervisor's descriptors from its first call on",
          "[launch][N9]") {
    auto own = make_pipe();
    REQUIRE(own);
    const std::string link = link_of("/proc/self/fd/" + std::to_string(own->read_end.get()));
    Scene scene{{"exit:0"}};
    scene.with_reaper();
    std::map<pid_t, unsigned> calls;
    std::string found;
    std::unique_ptr<Launch> launch;

    hold_each(
        [&](const seccomp_notif& call) {
            const auto pid = static_cast<pid_t>(call.pid);
            if (exists("/proc/self/task/" + std::to_string(pid))) return;
            // Two calls of prctl(2) and close_range(2) do it.
            const bool is_separating = call.data.nr == SYS_prctl || call.data.nr == SYS_close_range;
            if (calls[pid] == 0 && is_separating) return;
            ++calls[pid];
            if (has_descriptor(pid, link)) found += std::to_string(call.data.nr) + " ";
        },
        [&] {
            launch = std::make_unique<Launch>(scene);
            launch->finish();
        });

    CHECK_FALSE(launch->failed);
    CHECK(calls.size() == 2 + launcher_processes());
    CHECK(found == "");
}

}  // namespace confinit::testing
