// SPDX-License-Identifier: Apache-2.0
// A service starts clean, whatever the supervisor is like at that moment: its threads, its memory,
// its signals, limits and descriptors, and the directory that it stands in.
#include "base/file.h"
#include "fault.h"
#include "launch/own_finding.h"
#include "launch/spawn/explain_report.h"
#include "malloc_guard.h"
#include "scene.h"

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <functional>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <memory>
#include <poll.h>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace confinit::testing {

namespace {

// Threads that hold the locks of the C library as often as they can.
class BusyThreads {
public:
    explicit BusyThreads(unsigned count) {
        for (unsigned i = 0; i < count; ++i)
            threads_.emplace_back([this] { work(); });
    }
    BusyThreads(const BusyThreads&) = delete;
    BusyThreads& operator=(const BusyThreads&) = delete;
    ~BusyThreads() {
        is_over_ = true;
        for (std::thread& thread : threads_)
            thread.join();
    }

private:
    void work() {
        while (!is_over_) {
            const std::string text(4096, 'x');
            const std::vector<std::string> more(8, text);
            if (std::getenv(more.front().c_str()) != nullptr) return;
        }
    }

    std::atomic<bool> is_over_{false};
    std::vector<std::thread> threads_;
};

// The worst that a supervisor could be like; as before at the end.
class DirtyProcess {
public:
    DirtyProcess() {
        REQUIRE(setenv("CONFINIT_TEST_SECRET", "1", 1) == 0);
        umask_ = umask(077);
        score_ = read_file(AT_FDCWD, "/proc/self/oom_score_adj").value();
        const bool may_lower = (own_capabilities() & 1ULL << CAP_SYS_RESOURCE) != 0;
        const auto scored =
            write_file(AT_FDCWD, "/proc/self/oom_score_adj", may_lower ? "-1000" : "300");
        REQUIRE(scored.has_value());
        REQUIRE(getrlimit(RLIMIT_NOFILE, &files_) == 0);
        const rlimit raised{files_.rlim_max, files_.rlim_max};
        REQUIRE(setrlimit(RLIMIT_NOFILE, &raised) == 0);
        for (int i = 0; i < 500; ++i)
            descriptors_.emplace_back(open("/dev/null", O_RDONLY));
        for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGTSTP})
            std::signal(number, SIG_IGN);
        std::signal(SIGUSR1, [](int) {});
        sigset_t all;
        sigfillset(&all);
        REQUIRE(sigprocmask(SIG_SETMASK, &all, &mask_) == 0);
    }
    DirtyProcess(const DirtyProcess&) = delete;
    DirtyProcess& operator=(const DirtyProcess&) = delete;
    ~DirtyProcess() {
        for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGTSTP, SIGUSR1})
            std::signal(number, SIG_DFL);
        (void)sigprocmask(SIG_SETMASK, &mask_, nullptr);
        (void)setrlimit(RLIMIT_NOFILE, &files_);
        (void)write_file(AT_FDCWD, "/proc/self/oom_score_adj", score_);
        (void)umask(umask_);
        (void)unsetenv("CONFINIT_TEST_SECRET");
    }

private:
    mode_t umask_ = 0;
    std::string score_;
    rlimit files_{};
    sigset_t mask_{};
    std::vector<Fd> descriptors_;
};

// Runs in a thread with a working directory and a mount table of its own.
void run_apart(const std::function<void()>& work) {
    std::exception_ptr failure;
    std::thread thread{[&] {
        try {
            REQUIRE(unshare(CLONE_FS | CLONE_NEWNS) == 0);
            REQUIRE(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
            work();
        } catch (...) {
            failure = std::current_exception();
        }
    }};
    thread.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

TEST_CASE("the guard ends a child that allocates", "[launch][S7]") {
    const MallocGuard guard;

    const pid_t pid = fork();
    if (pid == 0) {
        void* volatile memory = std::malloc(1);
        std::free(memory);
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);

    CHECK(WIFSIGNALED(status));
}

TEST_CASE("a child allocates nothing, and needs no lock that a thread holds", "[launch][S7]") {
    const bool has_reaper = GENERATE(false, true);
    const TestDirectory directory;
    directory.make_directory("closed");
    const std::string closed = directory / "closed";
    std::array<gid_t, 2> groups{1000, 1001};
    const BusyThreads threads{8};
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{2};

    // An emulated machine makes few of them in that time.
    constexpr unsigned fewest = 12;
    unsigned launches = 0;
    do {
        Scene scene{{"exit:7"}};
        scene.child.uid = 1000;
        scene.child.gid = 1000;
        scene.plan.child.groups.assign(groups.begin(), groups.end());
        scene.child.bounding = 0;
        scene.child.keyring = ChildKeyring::separate_if_offered;
        scene.child.oom_score_adj = "0";
        scene.limit(RLIMIT_CORE, 0, 0);
        scene.mount({.kind = MountOpKind::tmpfs, .target = closed.c_str(), .options = "0700"});
        scene.deny(SYS_getpgid, SECCOMP_RET_ERRNO | EXDEV);
        if (has_reaper) scene.with_reaper();
        const MallocGuard guard;
        Launch launch{scene};
        launch.finish();
        REQUIRE_FALSE(launch.failed);
        REQUIRE(WIFEXITED(launch.status));
        REQUIRE(WEXITSTATUS(launch.status) == 7);
        ++launches;
    } while (launches < fewest || std::chrono::steady_clock::now() < deadline);
}

TEST_CASE("nothing of the supervisor's state reaches a service", "[launch][S8]") {
    Scene scene{{"signals", "descriptors", "process", "environment", "limits"}};
    scene.child.oom_score_adj = "0";
    scene.child.umask = 022;
    scene.limit(RLIMIT_NOFILE, 64, 64);

    const DirtyProcess dirty;
    Launch launch{scene};
    launch.finish();

    CHECK(launch["signals.changed"].empty());
    CHECK(launch["signals.blocked"].empty());
    CHECK(launch["descriptors"] == "0 1 2");
    CHECK(launch["oom_score_adj"] == "0");
    CHECK(launch["umask"] == "18");
    CHECK(launch["rlimit." + std::to_string(RLIMIT_NOFILE)] == "64:64");
    CHECK(launch["environment"] == "PATH=/usr/bin:/bin");
    CHECK(launch.output.find("CONFINIT_TEST_SECRET") == std::string::npos);
}

TEST_CASE("a program whose reader has gone ends by SIGPIPE", "[launch][S8]") {
    // As "yes | head -n 1", with what every shell has built in.
    Scene scene{
        {"-c", "{ sh -c 'while :; do echo y; done'; echo $? >&2; } | { read x; echo $x; }"}};
    scene.plan.executable = "/bin/sh";
    // Some shells are one of many programs in a file, and go by this name.
    scene.plan.arguments.front() = "sh";

    const DirtyProcess dirty;
    Launch launch{scene};
    launch.finish();

    CHECK(WEXITSTATUS(launch.status) == 0);
    CHECK(launch.output.find("y\n") != std::string::npos);
    CHECK(launch.output.find(std::to_string(128 + SIGPIPE) + "\n") != std::string::npos);
}

// A supervisor that is not PID 1 may be started again while its services run on.
TEST_CASE("no signal is sent to a service for the end of its parent", "[launch][S15]") {
    Scene scene{{"process"}};
    if (GENERATE(false, true)) scene.with_reaper();

    Launch launch{scene};
    launch.finish();

    CHECK(launch["pdeathsig"] == "0");
}

TEST_CASE("a launch whose parent is gone before its part is done runs nothing", "[launch][S15]") {
    Scene scene{{"ids"}};
    scene.child.limits_by_parent = true;
    scene.child.sets_nice = true;
    scene.child.nice = 1;
    Pipe pipe = make_pipe().value();

    // The child tells by its pipe, and not by getppid(2), which is 0 in a pid namespace.
    const pid_t parent = fork();
    if (parent == 0) {
        run_with_fault({.call = SYS_setpriority, .action = SECCOMP_RET_KILL_PROCESS},
                       [&](const Fd&) {
                           Streams streams;
                           streams.output = duplicate(pipe.write_end).value();
                           (void)spawn(scene.sealed(), -1, std::move(streams));
                       });
        _exit(0);
    }
    pipe.write_end.reset();
    int status = 0;
    REQUIRE(waitpid(parent, &status, 0) == parent);
    pollfd wait{pipe.read_end.get(), POLLIN, 0};
    constexpr int patience = 30'000;
    REQUIRE(poll(&wait, 1, patience) == 1);
    std::array<char, 64> output;
    const ssize_t count = read(pipe.read_end.get(), output.data(), output.size());

    CHECK(WIFSIGNALED(status));
    CHECK(count == 0);
}

TEST_CASE("a directory outside of every root is no working directory", "[launch][X4]") {
    const TestDirectory directory;
    directory.make_directory("place");
    const std::string place = directory / "place";
    Scene scene{{"process"}};
    scene.child.working_directory = ".";

    // What is unmounted while somebody stands in it hangs in the air.
    std::unique_ptr<Launch> launch;
    run_apart([&] {
        REQUIRE(mount("tmpfs", place.c_str(), "tmpfs", 0, nullptr) == 0);
        REQUIRE(chdir(place.c_str()) == 0);
        REQUIRE(umount2(place.c_str(), MNT_DETACH) == 0);
        launch = std::make_unique<Launch>(scene);
        launch->finish();
    });

    REQUIRE(launch->failed);
    CHECK(launch->failed->stage == LaunchStage::working_directory);
    CHECK(launch->failed->syscall == own_finding);
    CHECK(explain(scene.sealed(), *launch->failed).hint ==
          "the directory is outside of the service's root");
    CHECK(launch->output.empty());
}

TEST_CASE("a group that may not read what others may counts", "[launch][X17]") {
    const TestDirectory directory;
    directory.make_file("secret", "secret", 0604);
    const std::string path = directory / "secret";
    REQUIRE(chown(path.c_str(), 0, 1000) == 0);
    Scene scene{{"read:" + path}};
    scene.child.uid = 2000;
    scene.child.bounding = 0;
    const bool is_primary = GENERATE(true, false);
    const bool is_member = GENERATE(true, false);
    const gid_t group = is_member ? 1000 : 1001;
    scene.child.gid = is_primary ? group : 2000;
    scene.plan.child.groups = {scene.child.gid};
    if (!is_primary) scene.plan.child.groups.push_back(group);

    Launch launch{scene};
    launch.finish();

    CHECK(launch["read:" + path] == (is_member ? "EACCES" : "secret"));
}

TEST_CASE("a service without ambient capabilities can inherit none", "[launch][X17]") {
    const CapabilityMask wanted = GENERATE(CapabilityMask{0}, CapabilityMask{1} << CAP_CHOWN);
    Scene scene{{"capabilities"}};
    scene.child.uid = GENERATE(0U, 1000U);
    scene.child.ambient = wanted;
    scene.child.inheritable = wanted;

    Launch launch{scene};
    launch.finish();

    CHECK(launch["CapInh"] == (wanted == 0 ? "0000000000000000" : "0000000000000001"));
}

}  // namespace confinit::testing
