// SPDX-License-Identifier: Apache-2.0
// What a launched service is born with: descriptors, signals, session, limits, environment.
#include "base/file.h"
#include "fault.h"
#include "scene.h"

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <memory>
#include <poll.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

TEST_CASE("a service that runs is told by its mark and the hang-up", "[launch]") {
    Scene scene{{"exit:7"}};

    Launch launch{scene};
    launch.finish();

    CHECK(launch.is_executing);
    CHECK_FALSE(launch.failed);
    CHECK(launch.main.pid() == launch.spawned.first.pid());
    CHECK(WIFEXITED(launch.status));
    CHECK(WEXITSTATUS(launch.status) == 7);
}

TEST_CASE("the pidfd of the mark names the main process", "[launch][R4]") {
    Scene scene{{"wait"}};
    Launch launch{scene};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();

    REQUIRE(launch.main);
    REQUIRE(launch.main.signal(SIGHUP));
    launch.finish();

    CHECK(launch["signal"] == std::to_string(SIGHUP));
}

TEST_CASE("a service has its three streams and no other descriptor", "[launch][X4]") {
    Scene scene{{"descriptors"}};

    Launch launch{scene};
    launch.finish();

    CHECK(launch["descriptors"] == "0 1 2");
}

TEST_CASE("streams that are the parent's own 0, 1 and 2 arrive", "[launch]") {
    const TestDirectory directory;
    directory.make_file("output", "");
    Fd saved = duplicate(Fd{dup(STDIN_FILENO)}).value();
    REQUIRE(close(STDIN_FILENO) == 0);
    Fd stream = open_at(AT_FDCWD, directory / "output", O_WRONLY).value();
    REQUIRE(stream.get() == STDIN_FILENO);
    Scene scene{{"descriptors"}};

    Streams streams;
    streams.output = std::move(stream);
    {
        // It owns the number 0, and closes it at its end.
        Launch launch{scene, std::move(streams)};
        launch.finish();
    }
    REQUIRE(dup2(saved.get(), STDIN_FILENO) == STDIN_FILENO);

    CHECK(read_file(AT_FDCWD, directory / "output").value() == "descriptors=0 1 2\n");
}

TEST_CASE("a service leads its own session", "[launch][S4]") {
    Scene scene{{"process"}};

    Launch launch{scene};
    launch.finish();

    CHECK(launch["sid"] == launch["pid"]);
    CHECK(launch["pgid"] == launch["pid"]);
}

TEST_CASE("a signal that arrives during the launch takes effect and is not lost", "[launch]") {
    Scene scene{{"pause"}};
    scene.child.limits_by_parent = true;

    Launch launch{scene};
    launch.signal(SIGTERM);
    launch.finish();

    CHECK(WIFSIGNALED(launch.status));
    CHECK(WTERMSIG(launch.status) == SIGTERM);
}

TEST_CASE("limits, nice, oom_score_adj and umask are the declared ones", "[launch]") {
    Scene scene{{"limits", "process"}};
    scene.limit(RLIMIT_NOFILE, 10, 20);
    scene.limit(RLIMIT_CORE, 0, 0);
    scene.limit(RLIMIT_FSIZE, 1 << 20, 1 << 21);
    scene.child.sets_nice = true;
    scene.child.nice = 7;
    scene.child.oom_score_adj = "123";
    scene.child.umask = 0137;
    scene.child.limits_by_parent = GENERATE(false, true);

    Launch launch{scene};
    launch.finish();

    CHECK(launch["rlimit." + std::to_string(RLIMIT_NOFILE)] == "10:20");
    CHECK(launch["rlimit." + std::to_string(RLIMIT_CORE)] == "0:0");
    CHECK(launch["rlimit." + std::to_string(RLIMIT_FSIZE)] == "1048576:2097152");
    CHECK(launch["nice"] == "7");
    CHECK(launch["oom_score_adj"] == "123");
    CHECK(launch["umask"] == std::to_string(0137));
}

TEST_CASE("a service may be left without room for any further descriptor", "[launch]") {
    Scene scene{{"limits"}};
    scene.limit(RLIMIT_NOFILE, 3, 3);
    scene.mount({.kind = MountOpKind::tmpfs, .target = "/tmp", .options = "1777"});

    Launch launch{scene};
    launch.finish();

    CHECK_FALSE(launch.failed);
    CHECK(launch["rlimit." + std::to_string(RLIMIT_NOFILE)] == "3:3");
}

TEST_CASE("a hard limit is raised above the supervisor's own", "[launch]") {
    if ((own_capabilities() & 1ULL << 24) == 0) {
        WARN("CAP_SYS_RESOURCE is missing here: only that the failure is told is tested");
    }
    rlimit64 own{};
    REQUIRE(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &own) == 0);
    Scene scene{{"limits"}};
    scene.limit(RLIMIT_NOFILE, own.rlim_max + 1, own.rlim_max + 1);

    Launch launch{scene};
    launch.finish();

    if ((own_capabilities() & 1ULL << 24) == 0) {
        REQUIRE(launch.failed);
        CHECK(launch.failed->stage == LaunchStage::rlimits);
        CHECK(launch.failed->error == EPERM);
        CHECK(launch.output.empty());
    } else {
        const std::string value = std::to_string(own.rlim_max + 1);
        CHECK(launch["rlimit." + std::to_string(RLIMIT_NOFILE)] == value + ":" + value);
    }
}

TEST_CASE("the working directory is entered as the service's user", "[launch][X4]") {
    const TestDirectory directory;
    directory.make_directory("open");
    directory.make_directory("closed", 0700);
    Scene scene{{"process"}};
    scene.child.uid = 1000;
    const std::string path = directory / (GENERATE(true, false) ? "open" : "closed");
    scene.child.working_directory = path.c_str();

    Launch launch{scene};
    launch.finish();

    if (path.ends_with("open")) {
        CHECK(launch["cwd"] == path);
    } else {
        REQUIRE(launch.failed);
        CHECK(launch.failed->stage == LaunchStage::working_directory);
        CHECK(launch.failed->error == EACCES);
    }
}

TEST_CASE("a descriptor's link is no working directory", "[launch][X4]") {
    const TestDirectory directory;
    const Fd host = open_at(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY).value();
    const std::string path = "/proc/self/fd/" + std::to_string(host.get());
    REQUIRE(symlink(path.c_str(), (directory / "link").c_str()) == 0);
    Scene scene{{"process"}};
    const std::string chosen = GENERATE(true, false) ? path : directory / "link";
    scene.child.working_directory = chosen.c_str();

    Launch launch{scene};
    launch.finish();

    REQUIRE(launch.failed);
    CHECK(launch.failed->stage == LaunchStage::working_directory);
    // The child has closed it already, unless it has one of that number itself.
    CHECK((launch.failed->error == ELOOP || launch.failed->error == ENOENT));
    CHECK(launch.output.empty());
}

TEST_CASE("a pty becomes the controlling terminal of the service", "[launch][X6]") {
    int controller = -1;
    int terminal = -1;
    REQUIRE(openpty(&controller, &terminal, nullptr, nullptr, nullptr) == 0);
    const Fd owned_controller{controller};
    Fd owned_terminal{terminal};
    Scene scene{{"process", "terminal"}};
    Streams streams;
    const std::string name = ttyname(terminal);
    const bool by_name = GENERATE(false, true);
    if (by_name) {
        scene.child.tty = name.c_str();
    } else {
        streams.input_is_tty = true;
        streams.input = duplicate(owned_terminal).value();
        streams.output = duplicate(owned_terminal).value();
        streams.error = duplicate(owned_terminal).value();
    }

    Launch launch{scene, std::move(streams)};
    launch.finish();
    owned_terminal.reset();

    // The last terminal is closed, so that reading ends with EIO.
    std::string text;
    std::array<char, 4096> chunk;
    for (ssize_t count = 0; (count = read(controller, chunk.data(), chunk.size())) > 0;) {
        text.append(chunk.data(), static_cast<std::size_t>(count));
    }
    INFO(text);
    CHECK_FALSE(launch.failed);
    CHECK(text.find("isatty=yes") != std::string::npos);
    CHECK(text.find("terminal.sid=" + std::to_string(launch.main.pid())) != std::string::npos);
}

TEST_CASE("a service that is killed during the launch is not taken for one that ran", "[launch]") {
    Scene scene{{"ids"}};
    std::unique_ptr<Launch> launch;

    // The launch stands still in a call that nobody answers.
    run_with_fault({.call = SYS_umask, .action = SECCOMP_RET_USER_NOTIF}, [&](const Fd& listener) {
        launch = std::make_unique<Launch>(scene);
        pollfd wait{listener.get(), POLLIN, 0};
        constexpr int patience = 30'000;
        REQUIRE(poll(&wait, 1, patience) == 1);
        launch->signal(SIGKILL);
    });
    launch->finish();

    CHECK(WIFSIGNALED(launch->status));
    CHECK(launch->output.empty());
}

}  // namespace confinit::testing
