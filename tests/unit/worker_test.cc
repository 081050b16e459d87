// SPDX-License-Identifier: Apache-2.0
// Workers: answers, failures, patience, bounds, and what a worker does not hold.
#include "supervisor/helpers/worker.h"
#include "reaping_loop.h"
#include "temporary_directory.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>
#include <vector>

using namespace confinit;
using namespace std::chrono_literals;

namespace {

constexpr uid_t stranger = 54321;
constexpr auto long_patience = 1h;

struct WorkerScene : ReapingLoop {
    explicit WorkerScene(WorkerBounds bounds = {}) {
        workers = *Workers::make(*loop, reaper, CloneMethod::clone_then_move, bounds);
    }

    Workers::Id run(uid_t uid, std::function<Result<std::string>()> work,
                    Clock::duration patience = long_patience,
                    std::function<std::vector<int>()> descriptors = nullptr) {
        WorkerTask task{.work = std::move(work)};
        if (descriptors) task.descriptors = std::move(descriptors);
        return workers->run(
            {"job", uid, std::move(task), patience}, [this](Result<std::string> answer) {
                answers.push_back(answer ? *answer : "error: " + answer.error().text());
            });
    }

    void turn_until_answers(std::size_t count) {
        turn_until([&] { return answers.size() >= count; });
    }
    void turn_until_idle() {
        turn_until([&] { return workers->running() + workers->left_behind() == 0; });
    }

    std::unique_ptr<Workers> workers;
    std::vector<std::string> answers;
};

Result<std::string> sleep_for_ever() {
    for (;;)
        pause();
}

}  // namespace

TEST_CASE("a worker's answer comes back to the loop, whole and once", "[worker][N2]") {
    WorkerScene scene;
    const std::string long_text(1'000'000, 'x');

    scene.run(0, [&] { return long_text; });
    CHECK(scene.answers.empty());
    scene.turn_until_answers(1);
    scene.turn_until_idle();

    CHECK(scene.answers == std::vector{long_text});
}

TEST_CASE("a worker that fails, throws or dies is an error that says so", "[worker][N2]") {
    WorkerScene scene;

    scene.run(0, [] { return failure("open 'x': no"); });
    scene.turn_until_answers(1);
    scene.run(0, []() -> Result<std::string> { throw std::runtime_error{"no memory"}; });
    scene.turn_until_answers(2);
    scene.run(0, []() -> Result<std::string> { _exit(7); });
    scene.turn_until_answers(3);

    CHECK(scene.answers == std::vector<std::string>{
                               "error: open 'x': no", "error: no memory",
                               "error: job: its worker exited with code 7 before it had answered"});
}

TEST_CASE("a worker that is over its patience is killed, and the others go on", "[worker][N2]") {
    WorkerScene scene;

    scene.run(0, sleep_for_ever, 50ms);
    scene.run(0, [] { return std::string{"done"}; });
    scene.turn_until_answers(2);
    scene.turn_until_idle();

    std::ranges::sort(scene.answers);
    CHECK(scene.answers == std::vector<std::string>{"done", "error: job: not done within 50ms"});
}

TEST_CASE("a job that is cancelled is not answered and its worker ends", "[worker][N2]") {
    WorkerScene scene;
    const auto running = scene.run(0, sleep_for_ever);
    scene.turn_until([&] { return scene.workers->running() == 1; });
    const auto waiting = scene.run(0, [] { return std::string{"never"}; });

    scene.workers->cancel(waiting);
    scene.workers->cancel(running);
    CHECK(scene.workers->left_behind() == 1);
    scene.turn_until_idle();

    CHECK(scene.answers.empty());
}

TEST_CASE("strangers cannot take all seats, nor wait without end", "[worker][N2]") {
    WorkerScene scene{{.at_once = 3,
                       .at_once_others = 2,
                       .each_uid = 1,
                       .queued_others = 3,
                       .queued_each_uid = 2}};
    for (int i = 0; i < 2; ++i)
        scene.run(stranger, sleep_for_ever);
    scene.turn_until([&] { return scene.workers->queued() == 1; });
    CHECK(scene.workers->running() == 1);
    scene.run(stranger, sleep_for_ever);

    scene.run(stranger, sleep_for_ever);
    scene.turn_until_answers(1);
    CHECK(scene.answers.back() ==
          "error: job: no room for it: 2 jobs of uid 54321 wait already; "
          "try again later");
    for (int i = 0; i < 2; ++i)
        scene.run(stranger + 1, sleep_for_ever);
    scene.turn_until([&] { return scene.workers->running() == 2; });
    scene.run(stranger + 2, sleep_for_ever);
    scene.turn_until_answers(2);
    CHECK(scene.answers.back() ==
          "error: job: no room for it: 3 jobs of unprivileged users wait "
          "already; try again later");

    scene.run(0, [] { return std::string{"root is served"}; });
    scene.turn_until_answers(3);
    CHECK(scene.answers.back() == "root is served");
}

TEST_CASE("a seat that is free again goes to the next in the queue", "[worker][N2]") {
    WorkerScene scene{{.at_once = 1}};

    for (const char* name : {"a", "b", "c"})
        scene.run(0, [name] { return std::string{name}; });
    scene.turn_until_answers(3);

    CHECK(scene.answers == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("an answer that is too long is refused without being kept", "[worker][N2]") {
    WorkerScene scene{{.answer = 100}};

    scene.run(0, [] { return std::string(101, 'x'); });
    scene.turn_until_answers(1);
    scene.turn_until_idle();

    CHECK(scene.answers.back() == "error: job: the answer is longer than 100 bytes");
}

TEST_CASE("a worker is not dumpable and holds no descriptor that it does not use",
          "[worker][N2][N9]") {
    WorkerScene scene;
    const Pipe used = *make_pipe();
    const Pipe unused = *make_pipe();

    scene.run(
        0,
        [&]() -> Result<std::string> {
            const auto is_open = [](const Fd& fd) {
                return fcntl(fd.get(), F_GETFD) >= 0 ? "1" : "0";
            };
            sigset_t blocked;
            sigprocmask(SIG_SETMASK, nullptr, &blocked);
            return std::string{is_open(used.read_end)} + is_open(used.write_end) +
                   is_open(unused.read_end) + is_open(scene.signals) +
                   (prctl(PR_GET_DUMPABLE) == 0 ? " hidden" : " dumpable") +
                   (sigismember(&blocked, SIGCHLD) == 0 ? " unblocked" : " blocked");
        },
        long_patience, [&] { return std::vector{used.read_end.get()}; });
    scene.turn_until_answers(1);

    CHECK(scene.answers.back() == "1000 hidden unblocked");
}

TEST_CASE("what PID 1 does for a job is paid for by the one who asked", "[worker][N3]") {
    WorkerScene scene;
    unsigned payments = 0;
    std::optional<std::string> answer;
    const Payer payer = [&](const std::function<void()>& work) {
        ++payments;
        work();
    };

    scene.workers->run({.name = "job",
                        .uid = stranger,
                        .task = {.work =
                                     [] {
                                         return Result<std::string>{"done"};
                                     }},
                        .payer = payer},
                       [&](const Result<std::string>& text) { answer = text.value(); });
    scene.turn_until([&] { return answer.has_value(); });

    CHECK(answer == "done");
    CHECK(payments >= 2);  // the start and the answer
}
