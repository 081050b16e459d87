// SPDX-License-Identifier: Apache-2.0
// The pipe by which a service tells that it is ready, as the descriptor that its unit names.
#include "fault.h"
#include "launch/spawn/explain_report.h"
#include "scene.h"

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <memory>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

std::string read_all_of(const Fd& pipe) {
    std::string text;
    std::array<char, 256> chunk;
    for (ssize_t count = 0; (count = read(pipe.get(), chunk.data(), chunk.size())) > 0;) {
        text.append(chunk.data(), static_cast<std::size_t>(count));
    }
    return text;
}

}  // namespace

// From 3 on come those numbers that the launch itself is most likely to use.
TEST_CASE("the ready pipe is where the unit says, and nothing else is open", "[launch][X4]") {
    const int number = GENERATE(3, 4, 5, 6, 7, 8, 9, 10, 11, 40, 500);
    const bool has_reaper = GENERATE(false, true);
    const std::string text = std::to_string(number);
    Scene scene{{"descriptors", "write-descriptor:" + text + "=up"}};
    if (has_reaper) scene.with_reaper();
    scene.child.ready_number = number;
    Pipe pipe = make_pipe().value();
    Streams streams;
    streams.ready = std::move(pipe.write_end);

    Launch launch{scene, std::move(streams)};
    launch.finish();

    INFO((launch.failed ? explain(scene.sealed(), *launch.failed).text() : ""));
    CHECK_FALSE(launch.failed);
    CHECK(launch["descriptors"] == "0 1 2 " + text);
    CHECK(launch["write-descriptor"] == "ok");
    // The end of the pipe comes with the service's end: nobody else has kept it open.
    CHECK(read_all_of(pipe.read_end) == "up\n");
}

TEST_CASE("without a ready pipe there is no such descriptor", "[launch][X4]") {
    Scene scene{{"write-descriptor:3=up"}};

    Launch launch{scene};
    launch.finish();

    CHECK(launch["write-descriptor"] == "EBADF");
}

TEST_CASE("the ready pipe comes along into a joined pid namespace", "[launch]") {
    Scene other{{"wait"}};
    other.with_reaper();
    Launch running{other};
    running.wait_for_line("waiting=ready");
    running.wait_for_execution();
    const std::string path = "/proc/" + std::to_string(running.main.pid()) + "/ns/pid";
    const Fd file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    Scene scene{{"descriptors", "write-descriptor:5=up"}};
    scene.join(CLONE_NEWPID, file);
    scene.child.fork_into_pid_namespace = true;
    scene.child.ready_number = 5;
    Pipe pipe = make_pipe().value();
    Streams streams;
    streams.ready = std::move(pipe.write_end);

    Launch launch{scene, std::move(streams)};
    launch.finish();

    INFO((launch.failed ? explain(scene.sealed(), *launch.failed).text() : ""));
    CHECK(launch["descriptors"] == "0 1 2 5");
    CHECK(read_all_of(pipe.read_end) == "up\n");
}

TEST_CASE("a ready pipe that cannot be placed ends the launch", "[launch][H3][H4]") {
    Scene scene{{"ids"}};
    scene.child.ready_number = 77;
    Pipe pipe = make_pipe().value();
    Streams streams;
    streams.ready = std::move(pipe.write_end);

    std::unique_ptr<Launch> launch;
    run_with_fault(
        {.call = SYS_dup3, .action = SECCOMP_RET_ERRNO | EIO, .argument = 1, .value = 77},
        [&](const Fd&) { launch = std::make_unique<Launch>(scene, std::move(streams)); });
    launch->finish();

    REQUIRE(launch->failed);
    const Error failure = explain(scene.sealed(), *launch->failed);
    CHECK(failure.key == "service.ready");
    CHECK(failure.object == "fd:77");
    CHECK(failure.call == "dup3");
    CHECK(failure.error == EIO);
    CHECK(launch->output.empty());
}

}  // namespace confinit::testing
