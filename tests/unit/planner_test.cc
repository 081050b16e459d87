// SPDX-License-Identifier: Apache-2.0
// Planner: answers, patience, those who do not answer, and planners that die.
#include "supervisor/helpers/planner.h"
#include "reaping_loop.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <new>
#include <string>
#include <unistd.h>
#include <vector>

using namespace confinit;
using namespace std::chrono_literals;

namespace {

struct PlannerScene : ReapingLoop {
    explicit PlannerScene(PlannerBounds bounds = {}) {
        planner = *Planner::make(*loop, reaper, CloneMethod::clone_then_move, bounds);
    }

    Planner::Id ask(std::string unit, std::function<PlannerAnswer()> look,
                    Clock::duration patience = 1h) {
        return planner->ask({.unit = unit, .patience = patience, .look = std::move(look)},
                            [this, unit](const PlannerAnswer& answer) {
                                const std::string text =
                                    answer ? answer->bytes : answer.error().text();
                                answers.push_back(unit + ": " + text);
                            });
    }

    void turn_until_answers(std::size_t count) {
        turn_until([&] { return answers.size() >= count; });
    }

    std::unique_ptr<Planner> planner;
    std::vector<std::string> answers;
};

PlannerAnswer answer(const std::string& text) {
    return Parcel{"answer " + text, {}};
}

PlannerAnswer wait_for_ever() {
    note_key("mounts.root");
    note_path("/mnt/silent/etc/passwd");
    for (;;)
        pause();
}

}  // namespace

TEST_CASE("one planner answers all that was asked before its birth", "[planner][N1]") {
    PlannerScene scene{{.turn = 1h}};
    const std::string long_text(3'000'000, 'x');

    scene.ask("a", [] { return answer(std::to_string(getpid())); });
    scene.ask("b", [&] { return answer(long_text); });
    scene.ask("c", [] { return answer(std::to_string(getpid())); });
    CHECK(scene.answers.empty());
    scene.turn_until_answers(3);

    CHECK(scene.answers[1] == "b: answer " + long_text);
    CHECK(scene.answers[0].substr(2) == scene.answers[2].substr(2));
    CHECK(scene.answers[0] != "a: answer " + std::to_string(getpid()));
}

TEST_CASE("descriptors come with the answer", "[planner][N1]") {
    PlannerScene scene;
    std::vector<Fd> received;

    scene.planner->ask({.unit = "a",
                        .look = []() -> PlannerAnswer {
                            Parcel message{"x", {}};
                            for (int i = 0; i < 8; ++i)
                                message.descriptors.emplace_back(open("/dev/zero", O_RDONLY));
                            return message;
                        }},
                       [&](PlannerAnswer answer) { received = std::move(answer->descriptors); });
    scene.turn_until([&] { return !received.empty(); });

    REQUIRE(received.size() == 8);
    char byte = 1;
    CHECK(read(received[7].get(), &byte, 1) == 1);
    CHECK(byte == 0);
}

TEST_CASE("a look that is not answered keeps nobody else waiting", "[planner][N1]") {
    PlannerScene scene;

    scene.ask("silent", wait_for_ever);
    scene.ask("b", [] { return answer("b"); });
    scene.turn_until_answers(1);

    CHECK(scene.answers == std::vector<std::string>{"b: answer b"});
}

TEST_CASE("a look that is given up tells its key and path", "[planner][N1]") {
    PlannerScene scene;

    scene.ask("silent", wait_for_ever, 50ms);
    scene.turn_until_answers(1);

    CHECK(scene.answers == std::vector<std::string>{
                               "silent: mounts.root: '/mnt/silent/etc/passwd': Connection timed "
                               "out (ETIMEDOUT); what is behind this path has not answered within "
                               "50ms"});
    // The one that was killed has ended, so that the unit may be looked at again.
    scene.ask("silent", [] { return answer("later"); });
    scene.turn_until_answers(2);
    CHECK(scene.answers[1] == "silent: answer later");
}

TEST_CASE("what is late is bounded, and told", "[planner][N1]") {
    PlannerScene scene{{.turn = 10ms, .stuck = 2}};

    scene.ask("one", wait_for_ever);
    scene.ask("two", wait_for_ever);
    scene.ask("three", [] { return answer("three"); }, 50ms);
    scene.turn_until_answers(1);

    CHECK(scene.answers[0] ==
          "three: mounts.root: '/mnt/silent/etc/passwd': Device or resource "
          "busy (EBUSY); 2 looks wait for what does not answer; this one is of "
          "'one'");
}

TEST_CASE("a planner that is killed loses no question", "[planner][N1]") {
    PlannerScene scene;
    int shared[2];
    REQUIRE(pipe(shared) == 0);

    // The first planner is killed over it, and finds the pipe empty; the second one does not.
    const auto look = [&] {
        char byte = 0;
        if (fcntl(shared[0], F_SETFL, O_NONBLOCK) == 0 && read(shared[0], &byte, 1) == 1)
            return answer("at last");
        if (write(shared[1], "x", 1) == 1) (void)raise(SIGKILL);
        return answer("never");
    };
    scene.planner->ask({.unit = "a",
                        .look = look,
                        .descriptors =
                            [&] {
                                return std::vector{shared[0], shared[1]};
                            }},
                       [&](const PlannerAnswer& told) { scene.answers.push_back(told->bytes); });
    scene.turn_until_answers(1);

    CHECK(scene.answers == std::vector<std::string>{"answer at last"});
    close(shared[0]);
    close(shared[1]);
}

TEST_CASE("what kills each planner is told in the end", "[planner][N1]") {
    PlannerScene scene{{.losses_of_one = 3}};

    scene.ask("bad", [] {
        note_path("/bad");
        _exit(7);
        return answer("never");
    });
    scene.ask("good", [] { return answer("good"); });
    scene.turn_until_answers(2);

    CHECK(std::ranges::find(scene.answers, "good: answer good") != scene.answers.end());
    CHECK(std::ranges::find(scene.answers,
                            "bad: '/bad': the planner exited with code 7 each "
                            "time") != scene.answers.end());
}

TEST_CASE("an answer that there is no memory to take is asked for again", "[planner][N3]") {
    PlannerScene scene;
    int tries = 0;

    scene.planner->ask({.unit = "a",
                        .look =
                            [] {
                                return answer("a");
                            }},
                       [&](const PlannerAnswer& told) {
                           if (++tries == 1) throw std::bad_alloc{};
                           scene.answers.push_back(told->bytes);
                       });
    scene.turn_until_answers(1);

    CHECK(tries == 2);
    CHECK(scene.answers == std::vector<std::string>{"answer a"});
}

TEST_CASE("what somebody waits for alone comes before what waits already", "[planner][N1]") {
    PlannerScene scene;
    for (int i = 0; i < 20; ++i)
        scene.ask("launch", [] {
            usleep(2'000);
            return answer("launch");
        });
    scene.turn_until_answers(1);

    scene.planner->ask({.unit = "call",
                        .is_urgent = true,
                        .look =
                            [] {
                                return answer("call");
                            }},
                       [&](const PlannerAnswer& told) { scene.answers.push_back(told->bytes); });
    scene.turn_until_answers(21);

    const auto call = std::ranges::find(scene.answers, "answer call");
    CHECK(call - scene.answers.begin() < 10);
}

TEST_CASE("looks that are slow all together end well", "[planner][N1]") {
    PlannerScene scene{{.turn = 5ms, .stuck = 2}};
    const auto slow = [] {
        usleep(50'000);
        return answer("slow");
    };

    for (const char* unit : {"a", "b", "c", "d"})
        scene.ask(unit, slow);
    scene.turn_until_answers(4);

    for (const std::string& text : scene.answers)
        CHECK(text.ends_with(": answer slow"));
}

TEST_CASE("a question that is cancelled is not answered", "[planner][N1]") {
    PlannerScene scene;

    const auto silent = scene.ask("a", wait_for_ever);
    scene.ask("b", [] { return answer("b"); });
    scene.turn_until_answers(1);
    scene.planner->cancel(silent);
    scene.ask("a", [] { return answer("again"); });
    scene.turn_until_answers(2);

    CHECK(scene.answers == std::vector<std::string>{"b: answer b", "a: answer again"});
}

namespace {

struct ReadingScene : PlannerScene {
    ReadingScene() {
        planner->set_reader([](std::string_view words) {
            return answer(std::string{words} + " in " + std::to_string(getpid()));
        });
    }

    void ask_in_words(const std::string& unit, std::string words) {
        planner->ask({.unit = unit,
                      .look = [] { return answer("of the newly born"); },
                      .words = std::move(words)},
                     [this](const PlannerAnswer& told) {
                         answers.push_back(told ? told->bytes : told.error().text());
                     });
    }
};

}  // namespace

TEST_CASE("the first planner stays, and answers what is said in words", "[planner][N1]") {
    ReadingScene scene;
    scene.ask("a", [] { return answer(std::to_string(getpid())); });
    scene.turn_until_answers(1);
    const std::string first = scene.answers[0].substr(std::string{"a: answer "}.size());

    scene.ask_in_words("b", "words");
    scene.turn_until_answers(2);
    scene.ask("c", [] { return answer(std::to_string(getpid())); });
    scene.turn_until_answers(3);
    scene.ask_in_words("d", "more");
    scene.turn_until_answers(4);

    CHECK(scene.answers[1] == "answer words in " + first);
    CHECK(scene.answers[2] != "c: answer " + first);
    CHECK(scene.answers[3] == "answer more in " + first);

    kill(std::stoi(first), SIGKILL);
    scene.ask_in_words("e", "words");
    scene.turn_until_answers(5);
    CHECK(scene.answers[4] == "answer of the newly born");
}

TEST_CASE("words that a socket has no room for are not needed", "[planner][N3]") {
    ReadingScene scene;
    scene.ask("a", [] { return answer("a"); });
    scene.turn_until_answers(1);

    scene.ask_in_words("b", std::string(50'000'000, 'x'));
    scene.turn_until_answers(2);

    CHECK(scene.answers[1] == "answer of the newly born");
}

TEST_CASE("a planner that stands still when it is asked is replaced", "[planner][N1]") {
    ReadingScene scene;
    scene.ask("a", [] { return answer(std::to_string(getpid())); });
    scene.turn_until_answers(1);
    const pid_t first = std::stoi(scene.answers[0].substr(std::string{"a: answer "}.size()));
    REQUIRE(kill(first, SIGSTOP) == 0);

    scene.ask_in_words("b", "words");
    scene.turn_until_answers(2);

    CHECK(scene.answers[1] == "answer of the newly born");
}
