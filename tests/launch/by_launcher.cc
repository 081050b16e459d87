// SPDX-License-Identifier: Apache-2.0
// The same launches by a launcher, where CONFINIT_LAUNCH_BY=launcher asks for that.
#include "by_launcher.h"

#include "kernel/process.h"
#include "launch/launcher/launcher_link.h"
#include "test_programs.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace confinit::testing {

namespace {

std::string variable(const char* name, const char* fallback) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : fallback;
}

void wait_for(const Fd& socket) {
    pollfd waits{socket.get(), POLLIN, 0};
    constexpr int limit = 30'000;
    if (poll(&waits, 1, limit) <= 0) FAIL("the launcher does not answer");
}

// A fault that a test has brought upon this thread may meet the launcher itself.
bool is_under_fault() {
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0;
}

// Whether the launcher has answered.
bool ask(LauncherLink& link, const LaunchPlan& plan, const PreparedLaunch& prepared) {
    const auto give_up = [&](const std::string& why) {
        if (!is_under_fault()) FAIL(why);
        link.process().signal(SIGKILL);
        (void)link.process().wait();
        return false;
    };
    if (const auto sent = link.send(plan, prepared.order); !sent)
        return give_up(sent.error().text());
    for (std::optional<std::uint32_t> answered; !answered;) {
        wait_for(link.socket());
        auto received = link.receive();
        if (!received) return give_up(received.error().text());
        answered = *received;
    }
    return true;
}

// By a launcher of its own, which finds this process as it is now.
Result<Spawned> spawn_by_launcher(const LaunchPlan& plan, int node, Streams streams,
                                  CloneMethod method) {
    static const Fd program =
        load_helper(variable("CONFINIT_LAUNCHER", CONFINIT_TEST_LAUNCHER)).value();
    const auto slots = LaunchSlots::make().value();
    auto started = LauncherLink::start(program, *slots, method);
    if (!started) FAIL(started.error().text());
    std::optional<LauncherLink> link{std::move(*started)};
    PreparedLaunch prepared = TRY(prepare_launch(plan, node, std::move(streams), method));
    prepared.order.slot = slots->take().value();
    LastWordsPage last_words = slots->last_words(prepared.order.slot);
    MadeProcesses made;
    if (!ask(*link, plan, prepared)) return spawn_prepared(plan, std::move(prepared), made);
    CHECK(link->is_greeted());
    prepared.lent = {};
    auto answer = look_at_slot(plan, prepared, (*slots)[prepared.order.slot], made);
    const Process launcher = Process::open(link->process().pid()).value();
    link.reset();
    const auto end = launcher.wait();
    CHECK((end && end->si_status == 0));
    REQUIRE(answer.has_value());
    if (!*answer) return std::unexpected(std::move(*answer).error());
    Spawned spawned =
        finish_launch(plan, std::move(prepared), std::move(**answer), std::move(last_words));
    if (spawned.failure) return std::unexpected(std::move(*spawned.failure));
    return spawned;
}

}  // namespace

bool is_by_launcher() {
    return variable("CONFINIT_LAUNCH_BY", "") == "launcher";
}

Result<Spawned> spawn_either_way(const LaunchPlan& plan, int node, Streams streams,
                                 CloneMethod method) {
    if (is_by_launcher()) return spawn_by_launcher(plan, node, std::move(streams), method);
    return spawn(plan, node, std::move(streams), method);
}

}  // namespace confinit::testing
