// SPDX-License-Identifier: Apache-2.0
// Process: how far a process has come, from its life to its reaping.
#include "kernel/process.h"

#include "base/fd.h"
#include "kernel/clone.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <unistd.h>

namespace confinit {
namespace {

// A copy of this process that waits until it is killed.
Process make_waiting_process() {
    auto process = clone_process(CloneMethod::clone_then_move);
    REQUIRE(process);
    while (process->pid() == 0)
        pause();
    return std::move(*process);
}

void wait_for_zombie(const Process& process) {
    pollfd watched{.fd = process.pidfd().get(), .events = POLLIN, .revents = 0};
    REQUIRE(poll(&watched, 1, 10'000) == 1);
}

}  // namespace

TEST_CASE("a process is there until it is reaped, and has ended before", "[unit][process]") {
    const Process process = make_waiting_process();
    CHECK(process.pid() > 0);
    CHECK(process.is_there());
    CHECK_FALSE(process.has_ended());

    CHECK(process.signal(SIGKILL));
    wait_for_zombie(process);
    CHECK(process.is_there());
    CHECK(process.has_ended());

    const auto end = process.wait();
    REQUIRE(end);
    CHECK(end->si_code == CLD_KILLED);
    CHECK(end->si_status == SIGKILL);
    CHECK_FALSE(process.is_there());
    CHECK(process.has_ended());
    CHECK_FALSE(process.signal(SIGKILL));
    CHECK(errno == ESRCH);
    CHECK(process.wait().error().error == ECHILD);
}

TEST_CASE("a process is opened by its number", "[unit][process]") {
    const Process made = make_waiting_process();
    const auto opened = Process::open(made.pid());
    REQUIRE(opened);
    CHECK(opened->pid() == made.pid());
    CHECK(opened->signal(SIGKILL));
    CHECK(made.wait());
    CHECK(opened->has_ended());

    const auto gone = Process::open(made.pid());
    REQUIRE_FALSE(gone);
    CHECK(gone.error().call == "pidfd_open");
    CHECK(gone.error().object == std::to_string(made.pid()));
}

TEST_CASE("a number alone is no process that can be reached", "[unit][process]") {
    Process process = make_waiting_process();
    const auto held = Process::open(process.pid());
    process.close_pidfd();
    CHECK(process.pid() > 0);
    CHECK_FALSE(process);
    CHECK_FALSE(process.signal(SIGKILL));
    CHECK_FALSE(process.is_there());
    CHECK_FALSE(process.has_ended());
    REQUIRE(held);
    CHECK(held->signal(SIGKILL));
    CHECK(held->wait());
}

}  // namespace confinit
