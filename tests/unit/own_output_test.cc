// SPDX-License-Identifier: Apache-2.0
// The supervisor's own output: it never waits, and what is lost is counted.
#include "supervisor/units/own_output.h"

#include "base/fd.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace confinit;

namespace {

std::string read_all(const Fd& fd) {
    (void)fcntl(fd.get(), F_SETFL, O_NONBLOCK);
    std::string all;
    char buffer[4096];
    for (;;) {
        const ssize_t count = read(fd.get(), buffer, sizeof buffer);
        if (count <= 0) return all;
        all.append(buffer, static_cast<std::size_t>(count));
    }
}

std::string long_line(char letter) {
    return std::string(4095, letter) + "\n";
}

}  // namespace

TEST_CASE("lines go out at once, and the flags of the shared description stay", "[output][C6]") {
    auto loop = *EventLoop::make();
    const Pipe pipe = *make_pipe();
    OwnOutput output{*loop, pipe.write_end.get()};

    output.write("web: one\n");
    output.write("web: two\n");

    CHECK(read_all(pipe.read_end) == "web: one\nweb: two\n");
    CHECK((fcntl(pipe.write_end.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("a full pipe costs lines and no time, and the loss is told in its place",
          "[output][C6][R5]") {
    auto loop = *EventLoop::make();
    const Pipe pipe = *make_pipe();
    OwnOutput output{*loop, pipe.write_end.get()};
    constexpr unsigned written = 200;

    for (unsigned i = 0; i < written; ++i)
        output.write(long_line('x'));
    REQUIRE(output.dropped() > 0);
    REQUIRE(output.dropped() < written);

    std::string all = read_all(pipe.read_end);
    while (all.size() < 64 * 4096) {
        REQUIRE(loop->run_once());
        all += read_all(pipe.read_end);
    }
    output.write("end\n");
    while (!all.ends_with("end\n")) {
        REQUIRE(loop->run_once());
        all += read_all(pipe.read_end);
    }
    CHECK(all.contains("confinit: " + std::to_string(output.dropped()) +
                       " lines were dropped\nend\n"));
}

TEST_CASE("a full socket costs no time either", "[output][C6]") {
    auto loop = *EventLoop::make();
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const Fd reader{ends[0]};
    const Fd writer{ends[1]};
    OwnOutput output{*loop, writer.get()};

    for (int i = 0; i < 400; ++i)
        output.write(long_line('x'));

    CHECK(output.dropped() > 0);
    CHECK((fcntl(writer.get(), F_GETFL) & O_NONBLOCK) == 0);
    CHECK(read_all(reader).starts_with(long_line('x')));
}

TEST_CASE("a reader that is gone costs the lines alone", "[output][C6]") {
    auto loop = *EventLoop::make();
    Pipe pipe = *make_pipe();
    OwnOutput output{*loop, pipe.write_end.get()};
    pipe.read_end = Fd{};

    output.write("web: one\n");
    output.write("web: two\n");

    CHECK(output.dropped() == 1);
}

TEST_CASE("the last lines are waited for, and not for ever", "[output][C6]") {
    auto loop = *EventLoop::make();
    Pipe pipe = *make_pipe();
    OwnOutput output{*loop, pipe.write_end.get()};
    for (int i = 0; i < 40; ++i)
        output.write(long_line('x'));

    output.finish(Clock::now());
    CHECK(read_all(pipe.read_end).size() <= 64 * 1024);
    std::string rest;
    std::thread reader{[&] {
        char buffer[4096];
        (void)fcntl(pipe.read_end.get(), F_SETFL, 0);
        while (!rest.ends_with("end\n")) {
            const ssize_t count = read(pipe.read_end.get(), buffer, sizeof buffer);
            if (count <= 0) return;
            rest.append(buffer, static_cast<std::size_t>(count));
        }
    }};
    output.write("end\n");
    output.finish(Clock::now() + std::chrono::seconds{30});
    pipe.write_end.reset();
    reader.join();
    CHECK(rest.ends_with("x\nend\n"));
}
