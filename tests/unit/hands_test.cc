// SPDX-License-Identifier: Apache-2.0
// Hands: who holds a close or a read up holds nobody else, and no number is met twice.
#include "supervisor/helpers/hands.h"
#include "base/file.h"
#include "reaping_loop.h"
#include "supervisor/units/pipe_reader.h"

#include <arpa/inet.h>
#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <fcntl.h>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

using namespace confinit;
using namespace std::chrono_literals;

namespace {

constexpr Hands::Owner stranger = 54321;

struct HandsScene : ReapingLoop {
    explicit HandsScene(HandsBounds bounds = {}) {
        hands = *Hands::make(*loop, reaper, CloneMethod::clone_then_move, bounds);
        loop->set_hands(hands.get());
    }

    std::unique_ptr<Hands> hands;
};

bool is_open(int number) {
    return fcntl(number, F_GETFD) >= 0;
}

// The helper that was made last; those of other scenes may not be reaped yet.
pid_t last_child() {
    const std::string path = "/proc/self/task/" + std::to_string(getpid()) + "/children";
    const auto text = read_file(AT_FDCWD, path);
    REQUIRE(text);
    const auto end = text->find_last_not_of(' ');
    return static_cast<pid_t>(std::stoi(text->substr(text->rfind(' ', end) + 1)));
}

// A TCP socket whose last close waits for its peer, as long as this lives.
struct LingeringSocket {
    LingeringSocket() {
        Fd listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(bind(listener.get(), generic, size) == 0);
        REQUIRE(listen(listener.get(), 1) == 0);
        REQUIRE(getsockname(listener.get(), generic, &size) == 0);
        socket_fd = Fd{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        REQUIRE(connect(socket_fd.get(), generic, size) == 0);
        peer = Fd{accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        static const std::array<char, 65536> bytes{};
        while (send(socket_fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
        }
        const linger wait{1, 3600};
        REQUIRE(setsockopt(socket_fd.get(), SOL_SOCKET, SO_LINGER, &wait, sizeof wait) == 0);
    }

    Fd socket_fd;
    Fd peer;
};

}  // namespace

TEST_CASE("a descriptor that is given away is closed", "[unit][N21]") {
    HandsScene scene;
    Pipe pipe = *make_pipe();
    const int number = pipe.write_end.get();

    scene.hands->close(std::move(pipe.write_end), stranger);
    scene.turn_until([&] { return !is_open(number); });

    char byte = 0;
    CHECK(read(pipe.read_end.get(), &byte, 1) == 0);
}

TEST_CASE("what lingers keeps nothing else from being closed", "[unit][N21]") {
    HandsScene scene{{.patience = 20ms}};
    LingeringSocket one;
    LingeringSocket other;
    Pipe pipe = *make_pipe();
    const int number = pipe.write_end.get();
    const auto begin = Clock::now();

    scene.hands->close(std::move(one.socket_fd), stranger);
    scene.hands->close(std::move(other.socket_fd), stranger);
    scene.hands->close(std::move(pipe.write_end), Hands::user(0));
    scene.turn_until([&] { return !is_open(number); });

    CHECK(Clock::now() - begin < 60s);
    CHECK(scene.hands->stuck() >= 1);
}

TEST_CASE("one owner does not take all helpers, and is clogged", "[unit][N21]") {
    HandsScene scene{{.helpers_each_owner = 2, .waiting_each_owner = 1, .patience = 10ms}};
    std::array<LingeringSocket, 3> sockets;
    Pipe pipe = *make_pipe();
    const int number = pipe.write_end.get();

    for (LingeringSocket& each : sockets)
        scene.hands->close(std::move(each.socket_fd), stranger);
    scene.hands->close(std::move(pipe.write_end), Hands::user(0));
    scene.turn_until([&] { return !is_open(number) && scene.hands->stuck() == 2; });

    CHECK(scene.hands->waiting() == 1);
    CHECK(scene.hands->is_clogged(stranger));
    CHECK_FALSE(scene.hands->is_clogged(Hands::user(0)));
}

TEST_CASE("a helper that waits for a peer is ended after a while", "[unit][N21]") {
    HandsScene scene{{.patience = 10ms, .last_patience = 50ms}};
    LingeringSocket lingering;

    scene.hands->close(std::move(lingering.socket_fd), stranger);
    scene.turn_until([&] { return scene.hands->stuck() == 1; });
    scene.turn_until([&] { return scene.hands->stuck() == 0; });

    CHECK(scene.hands->waiting() == 0);
}

TEST_CASE("all users together leave helpers to the others", "[unit][N21]") {
    HandsScene scene{{.helpers_of_users = 2, .patience = 10ms, .last_patience = 1h}};
    std::array<LingeringSocket, 4> sockets;

    for (uid_t user = 0; user < sockets.size(); ++user)
        scene.hands->close(std::move(sockets[user].socket_fd), Hands::user(user));
    Pipe pipe = *make_pipe();
    const int number = pipe.write_end.get();
    scene.hands->close(std::move(pipe.write_end), Hands::operators());
    scene.turn_until([&] { return !is_open(number) && scene.hands->stuck() == 2; });

    CHECK(scene.hands->waiting() == 2);
}

TEST_CASE("a close that its helper has not begun is done by another one", "[unit][N21]") {
    HandsScene scene{{.patience = 10ms, .last_patience = 20ms}};
    Pipe pipe = *make_pipe();
    const int number = pipe.write_end.get();
    const pid_t helper = last_child();

    REQUIRE(kill(helper, SIGSTOP) == 0);
    scene.hands->close(std::move(pipe.write_end), stranger);
    scene.turn_until([&] { return scene.hands->stuck() == 1; });
    for (unsigned turn = 0; turn < 5; ++turn)
        REQUIRE(scene.loop->run_once());
    CHECK(is_open(number));
    CHECK(last_child() == helper);
    REQUIRE(kill(helper, SIGKILL) == 0);
    scene.turn_until([&] { return !is_open(number); });

    char byte = 0;
    CHECK(read(pipe.read_end.get(), &byte, 1) == 0);
}

TEST_CASE("a pipe is read by hands until its end", "[unit][N21]") {
    HandsScene scene;
    Pipe pipe = *make_pipe();
    std::string text;
    bool has_ended = false;
    const auto reader = *PipeReader::make(*scene.loop, std::move(pipe.read_end), stranger,
                                          {[&](std::string_view bytes) { text += bytes; },
                                           [&] {
                                               has_ended = true;
                                           }});
    const std::string sent(10'000, 'x');

    REQUIRE(write(pipe.write_end.get(), sent.data(), sent.size()) == 10'000);
    scene.turn_until([&] { return text.size() == sent.size(); });
    pipe.write_end.reset();
    scene.turn_until([&] { return has_ended; });

    CHECK(text == sent);
    CHECK(reader->is_drained());
}

TEST_CASE("a pipe that others have is drained of what is there", "[unit][N21]") {
    HandsScene scene;
    Pipe pipe = *make_pipe();
    std::string text;
    bool is_done = false;
    const auto reader = *PipeReader::make(*scene.loop, std::move(pipe.read_end), stranger,
                                          {[&](std::string_view bytes) { text += bytes; },
                                           [] {
                                           }});
    const std::string sent(20'000, 'x');
    REQUIRE(write(pipe.write_end.get(), sent.data(), sent.size()) == 20'000);

    reader->drain([&] { is_done = true; });
    scene.turn_until([&] { return is_done; });

    CHECK(text == sent);
    CHECK(reader->is_drained());
}

TEST_CASE("the last words of those who are gone need no hands", "[unit][R5]") {
    HandsScene scene{{.helpers = 0}};
    Pipe pipe = *make_pipe();
    std::string text;
    bool is_done = false;
    const std::string sent(20'000, 'x');
    REQUIRE(write(pipe.write_end.get(), sent.data(), sent.size()) == 20'000);
    pipe.write_end.reset();
    const auto reader = *PipeReader::make(*scene.loop, std::move(pipe.read_end), stranger,
                                          {[&](std::string_view bytes) { text += bytes; },
                                           [] {
                                           }});

    reader->drain([&] { is_done = true; });
    scene.turn_until([&] { return is_done; });

    CHECK(text == sent);
}

TEST_CASE("a reader goes while its pipe is read", "[unit][N21]") {
    HandsScene scene;
    Pipe pipe = *make_pipe();
    const int number = pipe.read_end.get();
    unsigned calls = 0;
    auto reader = *PipeReader::make(*scene.loop, std::move(pipe.read_end), stranger,
                                    {[&](std::string_view) { ++calls; },
                                     [&] {
                                         ++calls;
                                     }});
    REQUIRE(write(pipe.write_end.get(), "x", 1) == 1);

    reader->drain([&] { ++calls; });
    reader.reset();
    scene.turn_until([&] { return !is_open(number); });

    CHECK(calls == 0);
}
