// SPDX-License-Identifier: Apache-2.0
// Tests of `svctl enter` on a terminal: raw mode and its end, sizes, signals, and whose terminal.
#include "svctl_scene.h"

#include "control/fields.h"

#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace confinit {
namespace {

struct Terminal {
    Fd master{posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    Fd slave;

    Terminal() {
        int unlocked = 0;
        (void)ioctl(master.get(), TIOCSPTLCK, &unlocked);
        slave = Fd{ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)};
    }

    void set_size(unsigned short rows, unsigned short columns) const {
        winsize size{};
        size.ws_row = rows;
        size.ws_col = columns;
        (void)ioctl(master.get(), TIOCSWINSZ, &size);
    }
};

// What is read until this text has come; less when it does not come.
std::string read_until(const Fd& fd, std::string_view wanted) {
    std::string text;
    pollfd polled{.fd = fd.get(), .events = POLLIN, .revents = 0};
    while (!text.contains(wanted) && poll(&polled, 1, 10'000) > 0) {
        std::array<char, 256> bytes;
        const ssize_t count = read(fd.get(), bytes.data(), bytes.size());
        if (count <= 0) break;
        text.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return text;
}

bool is_raw(const Fd& terminal) {
    termios modes{};
    REQUIRE(tcgetattr(terminal.get(), &modes) == 0);
    return (modes.c_lflag & (ICANON | ECHO | ISIG)) == 0;
}

// The inner side of a terminal that the part has made, and that svctl has the master of.
Fd pass_terminal(const Fd& connection) {
    Terminal inner;
    std::array<Fd, 1> masters{std::move(inner.master)};
    send_with_descriptors(connection, encode_reply({{"pid", 7}}, true), masters);
    return std::move(inner.slave);
}

// svctl enter in a session of its own whose terminal is `outer`.
struct Entered {
    Terminal outer;
    pid_t process = -1;

    explicit Entered(const FakeSupervisor& supervisor) {
        outer.set_size(31, 97);
        const std::array streams{outer.slave.get(), outer.slave.get(), outer.slave.get()};
        process = start_svctl(supervisor.path(), {"enter", "heat"}, streams, [this] {
            (void)setenv("TERM", "vt220", 1);
            (void)setsid();
            (void)ioctl(outer.slave.get(), TIOCSCTTY, 0);
        });
    }
};

// Tells that the command runs, and ends when it reads "quit".
void play_until_quit(const Fd& connection) {
    const Call call = read_call(connection);
    const Fd slave = pass_terminal(connection);
    termios modes{};
    (void)tcgetattr(slave.get(), &modes);
    cfmakeraw(&modes);
    (void)tcsetattr(slave.get(), TCSANOW, &modes);
    send_text(slave, "ready " + dump(call.parameters) + "\n");
    const std::string typed = read_until(slave, "quit");
    send_text(slave, "[typed " + typed + "]");
    send_text(connection, encode_reply({{"code", 9}}));
}

TEST_CASE("on a terminal enter is raw until the command ends, and passes its status",
          "[svctl][X6]") {
    const FakeSupervisor supervisor{play_until_quit};
    const Entered entered{supervisor};

    const std::string greeting = read_until(entered.outer.master, "\n");
    CHECK(is_raw(entered.outer.slave));
    send_text(entered.outer.master, "\x03quit");
    const std::string answer = read_until(entered.outer.master, "]");
    const int status = wait_for(entered.process);

    CHECK(greeting.starts_with("ready"));
    CHECK(greeting.contains(R"("terminal":{"columns":97,"rows":31,"term":"vt220"})"));
    CHECK(answer.contains("[typed \x03quit]"));
    CHECK(status == 9);
    CHECK_FALSE(is_raw(entered.outer.slave));
}

TEST_CASE("the terminal is restored when a signal ends enter", "[svctl][X6]") {
    const int signal = GENERATE(SIGTERM, SIGINT, SIGHUP, SIGQUIT);
    const FakeSupervisor supervisor{play_until_quit};
    const Entered entered{supervisor};
    (void)read_until(entered.outer.master, "\n");

    REQUIRE(is_raw(entered.outer.slave));
    (void)kill(entered.process, signal);

    CHECK(wait_for(entered.process) == 128 + signal);
    CHECK_FALSE(is_raw(entered.outer.slave));
}

TEST_CASE("the terminal is restored when the supervisor goes away", "[svctl][X6]") {
    const FakeSupervisor supervisor{[](const Fd& connection) {
        (void)read_call(connection);
        const Fd slave = pass_terminal(connection);
        send_text(slave, "ready\n");
        (void)read_until(slave, "\n");
    }};
    const Entered entered{supervisor};
    (void)read_until(entered.outer.master, "\n");

    REQUIRE(is_raw(entered.outer.slave));
    send_text(entered.outer.master, "\n");

    CHECK(wait_for(entered.process) == 1);
    CHECK_FALSE(is_raw(entered.outer.slave));
}

TEST_CASE("a refusal leaves the terminal as it is", "[svctl]") {
    const FakeSupervisor supervisor{
        answers(encode_error(ControlError::not_running, {{"message", "heat is not running"}}))};
    const Entered entered{supervisor};

    const int status = wait_for(entered.process);

    CHECK(status == 3);
    CHECK(read_until(entered.outer.master, "\n") == "svctl: heat is not running\r\n");
    CHECK_FALSE(is_raw(entered.outer.slave));
}

TEST_CASE("a new size of the caller's terminal reaches the command's", "[svctl][X6]") {
    const FakeSupervisor supervisor{[](const Fd& connection) {
        (void)read_call(connection);
        sigset_t window_change;
        sigemptyset(&window_change);
        sigaddset(&window_change, SIGWINCH);
        (void)sigprocmask(SIG_BLOCK, &window_change, nullptr);
        (void)setsid();
        const Fd slave = pass_terminal(connection);
        (void)ioctl(slave.get(), TIOCSCTTY, 0);
        send_text(slave, "ready\n");
        const timespec patience{.tv_sec = 10, .tv_nsec = 0};
        (void)sigtimedwait(&window_change, nullptr, &patience);
        winsize size{};
        (void)ioctl(slave.get(), TIOCGWINSZ, &size);
        send_text(slave, std::to_string(size.ws_row) + "x" + std::to_string(size.ws_col) + ".");
        send_text(connection, encode_reply({{"code", 0}}));
    }};
    const Entered entered{supervisor};
    (void)read_until(entered.outer.master, "\n");

    entered.outer.set_size(50, 132);
    const std::string answer = read_until(entered.outer.master, ".");

    CHECK(answer == "50x132.");
    CHECK(wait_for(entered.process) == 0);
}

TEST_CASE("Ctrl-] three times leaves a command that hangs", "[svctl]") {
    const FakeSupervisor supervisor{play_until_quit};
    const Entered entered{supervisor};
    (void)read_until(entered.outer.master, "\n");

    send_text(entered.outer.master, "\x1d\x1d\x1d");

    CHECK(read_until(entered.outer.master, "\n").contains("svctl: disconnected"));
    CHECK(wait_for(entered.process) == 1);
    CHECK_FALSE(is_raw(entered.outer.slave));
}

TEST_CASE("the last output of a command is not lost on a terminal", "[svctl]") {
    const FakeSupervisor supervisor{[](const Fd& connection) {
        (void)read_call(connection);
        const Fd slave = pass_terminal(connection);
        send_text(slave, std::string(3000, 'x') + "end.");
        send_text(connection, encode_reply({{"code", 0}}));
    }};
    const Entered entered{supervisor};

    const std::string output = read_until(entered.outer.master, "end.");

    CHECK(output == std::string(3000, 'x') + "end.");
    CHECK(wait_for(entered.process) == 0);
}

}  // namespace
}  // namespace confinit
