// SPDX-License-Identifier: Apache-2.0
// The texts of /proc/PID, those of odd processes among them.
#include "kernel/proc_status.h"
#include "kernel/process_state.h"
#include "kernel/procfs.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace confinit {
namespace {

constexpr std::string_view status_text =
    "Name:\tUid:\t9\n"
    "Umask:\t0027\n"
    "State:\tS (sleeping)\n"
    "Uid:\t33\t33\t33\t34\n"
    "Gid:\t33\t33\t33\t33\n"
    "Groups:\t44 33 \n"
    "NSpid:\t4242\t2\n"
    "CapInh:\t0000000000000400\n"
    "CapPrm:\t0000000000000401\n"
    "CapEff:\t0000000000000402\n"
    "CapBnd:\t000001ffffffffff\n"
    "CapAmb:\t0000000000000404\n"
    "NoNewPrivs:\t1\n"
    "Seccomp:\t2\n"
    "Seccomp_filters:\t3\n";

}  // namespace

TEST_CASE("a status has ids, groups, capabilities and filters", "[unit][H7]") {
    const auto status = parse_process_status(status_text);

    REQUIRE(status);
    CHECK(status->uid == FourIds{33, 33, 33, 34});
    CHECK(status->gid == FourIds{33, 33, 33, 33});
    CHECK(status->groups == std::vector<std::uint32_t>{33, 44});
    CHECK(status->capabilities == CapabilitySets{.inheritable = 0x400,
                                                 .permitted = 0x401,
                                                 .effective = 0x402,
                                                 .bounding = 0x1ffffffffff,
                                                 .ambient = 0x404});
    CHECK(status->no_new_privs);
    CHECK(status->seccomp_mode == 2);
    CHECK(status->seccomp_filters == 3);
    CHECK(status->umask == 027);
    CHECK(status->ns_pids == std::vector<pid_t>{4242, 2});
}

TEST_CASE("a parent is told whatever the program is called", "[unit][N3]") {
    CHECK(parse_parent("12 (a b) S) R 7 12 12 0\n").value_or(-1) == 7);
    CHECK(parse_parent("12 (sh) S 0 12 12 0\n").value_or(-1) == 0);
    CHECK_FALSE(parse_parent("12 (sh) S"));
    CHECK_FALSE(parse_parent("12 sh"));
}

TEST_CASE("a status without a field is refused, not read as zero", "[unit][H7]") {
    std::string text{status_text};
    text.erase(text.find("CapBnd"), std::string_view{"CapBnd:\t000001ffffffffff\n"}.size());

    const auto status = parse_process_status(text);

    REQUIRE_FALSE(status);
    CHECK(status.error().text().find("CapBnd") != std::string::npos);
}

TEST_CASE("a process without supplementary groups has an empty list", "[unit][X17]") {
    std::string text{status_text};
    text.replace(text.find("44 33"), 5, "");

    const auto status = parse_process_status(text);

    REQUIRE(status);
    CHECK(status->groups.empty());
}

TEST_CASE("limits have their numbers and no number for unlimited", "[unit][H7]") {
    const auto limits = parse_process_limits(
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max open files            1024                 524288               files     \n"
        "Max realtime timeout      unlimited            unlimited            us        \n");

    REQUIRE(limits);
    REQUIRE(limits->size() == 2);
    CHECK((*limits)[0].resource == RLIMIT_NOFILE);
    CHECK((*limits)[0].soft == 1024);
    CHECK((*limits)[0].hard == 524288);
    CHECK((*limits)[1].resource == RLIMIT_RTTIME);
    CHECK((*limits)[1].hard == ~0ULL);
}

TEST_CASE("a program's name cannot pass for the fields behind it", "[unit][H7]") {
    const auto nice =
        parse_nice("7 (a) S 1 1 (b)) S 1 1 1 0 -1 4194560 103 0 0 0 0 0 0 0 25 5 1 0 2 3 4\n");

    REQUIRE(nice);
    CHECK(*nice == 5);
}

TEST_CASE("a stat that ends early has no nice value", "[unit][H7]") {
    CHECK_FALSE(parse_nice("7 (a) S 1"));
    CHECK_FALSE(parse_nice(""));
}

TEST_CASE("of several hierarchies the second version's path counts", "[unit][H7]") {
    const auto path = parse_cgroup_path("4:memory:/x\n1:name=systemd:/y\n0::/confinit/heat\n");

    REQUIRE(path);
    CHECK(*path == "/confinit/heat");
    CHECK_FALSE(parse_cgroup_path("4:memory:/x\n"));
}

TEST_CASE("a process that is ending or is about to be killed does not live on", "[unit][G5]") {
    const std::string stat = "7 (a b) S 1 7 7 0 -1 4194304 100 0\n";
    const std::string status = "SigPnd:\t0000000000000000\nShdPnd:\t0000000000004000\n";

    CHECK(parse_is_alive(stat, status));
    CHECK_FALSE(parse_is_alive("7 (a) Z 1 7 7 0 -1 4194304 100 0\n", status));
    CHECK_FALSE(parse_is_alive("7 (a) R 1 7 7 0 -1 4194308 100 0\n", status));
    CHECK_FALSE(parse_is_alive(stat, "SigPnd:\t0\nShdPnd:\t0000000000000100\n"));
    CHECK_FALSE(parse_is_alive(stat, "SigPnd:\t100\nShdPnd:\t0\n"));
    CHECK_FALSE(parse_is_alive("", ""));
    CHECK_FALSE(parse_is_ending(stat));
    CHECK(parse_is_ending("7 (a) R 1 7 7 0 -1 4194308 100 0\n"));
    CHECK(parse_is_ending(""));
    const auto own = open_process(getpid());
    REQUIRE(own);
    CHECK(is_alive(*own));
}

TEST_CASE("of a process whose first thread has ended another thread is read", "[unit][N11]") {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    const pid_t child = fork();
    if (child == 0) {
        std::thread{[&] {
            const pid_t own = gettid();
            (void)!write(ready[1], &own, sizeof own);
            pause();
        }}.detach();
        syscall(SYS_exit, 0);  // this thread alone
    }
    pid_t thread = 0;
    REQUIRE(read(ready[0], &thread, sizeof thread) == sizeof thread);
    const auto process = open_process(child);
    REQUIRE(process);
    while (!parse_is_ending(read_in_procfs(*process, "stat").value_or("")))
        std::this_thread::yield();
    CHECK_FALSE(read_process_status(*process));

    const auto living = open_living_thread(child);
    REQUIRE(living);
    CHECK(living->id == thread);
    CHECK(read_process_status(living->directory));
    CHECK_FALSE(is_ending(*living));

    kill(child, SIGKILL);
    siginfo_t information{};
    REQUIRE(waitid(P_PID, static_cast<id_t>(child), &information, WEXITED | WNOWAIT) == 0);
    CHECK(is_ending(*living));
    const auto zombie = open_living_thread(child);
    REQUIRE_FALSE(zombie);
    CHECK(zombie.error().error == ESRCH);
    const auto procfs = open_procfs();
    REQUIRE(procfs);
    const auto state = read_process_state(*procfs, child);
    REQUIRE(state);
    CHECK(state->wait_status == SIGKILL);
    REQUIRE(waitpid(child, nullptr, 0) == child);
    close(ready[0]);
    close(ready[1]);
}

TEST_CASE("limits have names and texts", "[unit]") {
    CHECK(resource_limit_name(RLIMIT_NOFILE) == "nofile");
    CHECK(resource_limit_name(99) == "?");
    CHECK(limit_text(1024, ~0ULL) == "1024:unlimited");
}

TEST_CASE("the kernel's own files of this process are read", "[unit][H7]") {
    const auto process = open_process(getpid());
    REQUIRE(process);

    const auto status = read_process_status(*process);
    const auto limits = read_process_limits(*process);
    const auto nice = read_nice(*process);
    const auto score = read_oom_score_adj(*process);
    const auto link = read_namespace(*process, "mnt");

    REQUIRE(status);
    CHECK(status->uid[0] == getuid());
    CHECK(status->uid[1] == geteuid());
    rlimit open_files{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &open_files) == 0);
    REQUIRE(limits);
    CHECK(limits->size() == RLIM_NLIMITS);
    CHECK((*limits)[RLIMIT_NOFILE].soft == open_files.rlim_cur);
    REQUIRE(nice);
    CHECK(*nice == getpriority(PRIO_PROCESS, 0));
    CHECK(score);
    REQUIRE(link);
    CHECK(link->starts_with("mnt:["));
}

TEST_CASE("what a process is at is read from its line, whatever its name is", "[unit][N6]") {
    const auto process = parse_process_state(
        "71 (a) (b\x1b) D 1 71 71 0 -1 4194560 9 0 0 0 0 0 0 0 20 0 1 0 4711 2637824 188 184467");

    REQUIRE(process);
    CHECK(process->name == "a) (b\x1b");
    CHECK(process->state == 'D');
    CHECK(process->start_ticks == 4711);
    CHECK_FALSE(process->is_of_kernel);
    CHECK(sleep_text(71, *process, "") == "pid 71 (a) (b\\x1b), state D");
    CHECK(sleep_text(71, *process, "request_wait_answer") ==
          "pid 71 (a) (b\\x1b), state D, waits in request_wait_answer: "
          "a FUSE server that does not answer");
    CHECK_FALSE(parse_process_state("71 (cat"));
    CHECK_FALSE(parse_process_state("71 (cat) D 1 71"));
}

TEST_CASE("a process of our own shows what it is at", "[unit][N6]") {
    const auto procfs = open_procfs();
    REQUIRE(procfs);

    const auto process = read_process_state(*procfs, getpid());

    REQUIRE(process);
    CHECK(process->state == 'R');
    CHECK(process->start_ticks > 0);
}

TEST_CASE("a process that is not there is an error", "[unit]") {
    CHECK_FALSE(open_process(0x7fffffff));
}

}  // namespace confinit
