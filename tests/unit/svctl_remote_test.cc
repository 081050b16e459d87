// SPDX-License-Identifier: Apache-2.0
// Tests of `svctl --host`, with an ssh in PATH that runs the other side's command here.
#include "svctl/remote.h"

#include "base/file.h"
#include "build_paths.h"
#include "control/fields.h"
#include "control/framed_streams.h"
#include "entered_command.h"
#include "supervisor/control/carrier_process.h"
#include "svctl_scene.h"
#include "temporary_directory.h"

#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit {
namespace {

using namespace std::string_view_literals;

// A supervisor's part of Enter with upgrade: the carrier is the real one.
void play_upgraded_enter(const Fd& connection) {
    const Call call = read_call(connection);
    if (!call.upgrade) {
        return send_text(connection, encode_error(ControlError::expected_more, Json::object()));
    }
    CommandPipes pipes;
    Pipe orders = make_pipe().value();
    const pid_t command = run_command(call, pipes);
    pipes.input.read_end.reset();
    pipes.output.write_end.reset();
    pipes.error.write_end.reset();
    const pid_t carrier = start_process([&] {
        orders.write_end.reset();
        std::vector<std::string> numbers;
        for (const Fd* fd : {&connection, static_cast<const Fd*>(&orders.read_end),
                             static_cast<const Fd*>(&pipes.input.write_end),
                             static_cast<const Fd*>(&pipes.output.read_end),
                             static_cast<const Fd*>(&pipes.error.read_end)})
            numbers.push_back(std::to_string(fd->get()));
        std::vector<char*> words;
        for (std::string& number : numbers)
            words.push_back(number.data());
        _exit(run_carrier(words));
    });
    pipes = {};
    send_text(orders.write_end, encode_frame(FrameKind::reply, encode_reply({{"pid", command}})));
    int status = 0;
    (void)waitpid(command, &status, 0);
    const Json end = WIFEXITED(status) ? Json{{"code", WEXITSTATUS(status)}}
                                       : Json{{"signal", WTERMSIG(status)}};
    send_text(orders.write_end, encode_frame(FrameKind::end, dump(end)));
    (void)waitpid(carrier, nullptr, 0);
}

// A machine with this ssh, which is a shell script, and the svctl of this build.
class Machine {
public:
    explicit Machine(std::string_view ssh) {
        folder_.write("ssh", "#!/bin/sh\n" + std::string{ssh}, 0755);
        folder_.link("svctl", CONFINIT_BUILT_SVCTL);
        path_ = folder_.path() + ":" + std::getenv("PATH");
    }

    Outcome run(const std::string& socket, std::vector<std::string> arguments,
                std::string_view input = {}) const {
        const std::string before = std::getenv("PATH");
        (void)setenv("PATH", path_.c_str(), 1);
        Outcome outcome = run_svctl(socket, std::move(arguments), input);
        (void)setenv("PATH", before.c_str(), 1);
        return outcome;
    }

    void forget_ssh() {
        (void)unlink((folder_.path() + "/ssh").c_str());
        path_ = folder_.path();
    }

private:
    TemporaryDirectory folder_;
    std::string path_;
};

// Runs the command here, as the shell of the other side would.
constexpr auto runs_here = R"([ "$1 $2 $#" = "-T user@machine 3" ] || exit 99
exec sh -c "$3")"sv;

std::vector<std::string> enter_framed(std::string script) {
    return enter_shell(std::move(script), {"--frames"});
}

TEST_CASE("a megabyte goes through an entered command and back as frames", "[svctl][frames]") {
    const FakeSupervisor supervisor{play_upgraded_enter};
    const std::string input = patterned_bytes(1'000'000);

    const Outcome outcome =
        run_svctl(supervisor.path(), {"enter", "heat", "--frames", "--", "cat"}, input);

    CHECK(outcome.status == 0);
    CHECK((outcome.output == input));
    CHECK(outcome.error.empty());
}

TEST_CASE("outputs and ends of an entered command come as frames", "[svctl][frames][X20]") {
    const FakeSupervisor supervisor{play_upgraded_enter};

    const Outcome outcome =
        run_svctl(supervisor.path(), enter_framed("head -c 300000 /dev/zero | tr '\\0' e >&2; "
                                                  "head -c 400000 /dev/zero; exit 7"));

    CHECK(outcome.status == 7);
    CHECK((outcome.output == std::string(400'000, '\0')));
    CHECK((outcome.error == std::string(300'000, 'e')));
    CHECK(run_svctl(supervisor.path(), enter_framed("kill -KILL $$")).status == 128 + SIGKILL);
    CHECK(run_svctl(supervisor.path(), enter_framed("exec < /dev/null; sleep 0"),
                    std::string(500'000, 'x'))
              .status == 0);
}

TEST_CASE("with frames, too, a command is told when nobody reads its output", "[svctl][frames]") {
    const FakeSupervisor supervisor{play_upgraded_enter};
    auto output = make_pipe().value();
    const Fd null = open_at(-1, "/dev/null", 02).value();
    output.read_end.reset();

    const pid_t process = start_svctl(supervisor.path(), {"enter", "heat", "--frames", "--", "yes"},
                                      std::array{null.get(), output.write_end.get(), null.get()});

    CHECK(wait_for(process) == 128 + SIGPIPE);
}

TEST_CASE("enter --json captures frames", "[svctl][frames]") {
    const FakeSupervisor supervisor{play_upgraded_enter};
    auto arguments = enter_framed("cat; echo a; echo b >&2; exit 3");
    arguments.insert(arguments.begin(), "--json");

    const Outcome outcome = run_svctl(supervisor.path(), arguments, "not passed on");

    CHECK(outcome.status == 3);
    const Json document = outcome.document();
    CHECK(document["stdout"] == "a\n");
    CHECK(document["stderr"] == "b\n");
    CHECK(document["truncated"] == false);
}

TEST_CASE("garbage in place of frames, and their sudden end, are errors", "[svctl][frames][X10]") {
    const auto [bytes, message] = GENERATE(table<std::string, std::string>({
        {"garbage", "what came is no frame"},
        {encode_frame(FrameKind::end, "{}"), "what came is no frame"},
        {encode_frame(FrameKind::end, R"({"code":256})"), "what came is no frame"},
        {encode_frame(FrameKind::input, "x"), "what came is no frame"},
        {encode_frame(FrameKind::output, "last"), "connection ended"},
        {"", "connection ended"},
    }));
    const FakeSupervisor supervisor{[&frames = bytes](const Fd& connection) {
        (void)read_call(connection);
        send_text(connection, encode_reply({{"pid", 7}}) + frames);
    }};

    const Outcome outcome = run_svctl(supervisor.path(), {"enter", "heat", "--frames"});

    INFO(outcome.error);
    CHECK(outcome.status == 1);
    CHECK(outcome.error.contains(message));
}

TEST_CASE("--host reaches the other machine's supervisor by ssh and the bridge", "[svctl][host]") {
    const FakeSupervisor supervisor{echoes_call()};
    const Machine machine{runs_here};

    const Outcome outcome = machine.run(supervisor.path(), {"--host", "user@machine", "list"});

    CHECK(outcome.status == 1);
    CHECK(outcome.error.contains(R"("method":"org.confinit.Manager.List")"));
}

TEST_CASE("several calls to another machine are one connection", "[svctl][host]") {
    const FakeSupervisor supervisor{[](const Fd& connection) {
        for (int calls = 1;; ++calls) {
            const Call call = read_call(connection);
            if (call.method.empty()) return;
            const std::string what = call.method + " " + std::to_string(calls);
            send_text(connection,
                      encode_error(ControlError::operation_failed, {{"message", what}}));
        }
    }};
    const Machine machine{runs_here};

    const Outcome outcome =
        machine.run(supervisor.path(), {"--host=user@machine", "show", "a", "b"});

    CHECK(outcome.error.contains("Show 1"));
    CHECK(outcome.error.contains("Show 2"));
}

TEST_CASE("enter works on another machine", "[svctl][host][frames]") {
    const FakeSupervisor supervisor{play_upgraded_enter};
    const Machine machine{runs_here};

    const Outcome outcome = machine.run(
        supervisor.path(),
        {"--host", "user@machine", "enter", "heat", "--", "sh", "-c", "cat; echo e >&2; exit 5"},
        std::string(200'000, 'x'));

    CHECK(outcome.status == 5);
    CHECK((outcome.output == std::string(200'000, 'x')));
    CHECK(outcome.error == "e\n");
}

TEST_CASE("a host that ssh could take for something else is refused", "[svctl][host]") {
    const std::string host = GENERATE("-oProxyCommand=touch /tmp/x", "user@-oX", "", "a b", "a;b",
                                      "$(x)", "a\nb", "user@");
    const Machine machine{"echo ran; exit 0"};

    const Outcome outcome = host.empty() ? machine.run("/nowhere", {"--host", host, "list"})
                                         : machine.run("/nowhere", {"--host=" + host, "list"});

    INFO(host);
    CHECK(outcome.status == 1);
    CHECK(outcome.output.empty());
    CHECK_FALSE(host_fault(host).empty());
    CHECK(host_fault("user@machine.example").empty());
    CHECK(host_fault("ssh://user@[::1]:22").empty());
}

TEST_CASE("what failed of ssh is told", "[svctl][host]") {
    const auto [script, message, status] = GENERATE(table<std::string, std::string, int>({
        {"echo 'no route' >&2; exit 255", "ssh user@machine failed with status 255", 1},
        {"exit 127", "finds no svctl (status 127): install confinit there", 1},
        {"exit 5", "svctl bridge on user@machine ended with status 5", 5},
        {"kill -9 $$", "svctl bridge on user@machine ended with status 137", 1},
    }));
    const std::vector<std::string> verb = GENERATE(
        std::vector<std::string>{"list"}, std::vector<std::string>{"logs", "-f", "heat"},
        std::vector<std::string>{"start", "a", "b"}, std::vector<std::string>{"enter", "heat"});
    const Machine machine{script};
    std::vector<std::string> arguments{"--host=user@machine"};
    arguments.insert(arguments.end(), verb.begin(), verb.end());

    const Outcome outcome = machine.run("/nowhere", arguments);

    INFO(outcome.error);
    CHECK(outcome.status == status);
    CHECK(outcome.error.contains(message));
}

TEST_CASE("without ssh --host says what to install", "[svctl][host]") {
    Machine machine{"exit 0"};
    machine.forget_ssh();

    const Outcome outcome = machine.run("/nowhere", {"--host=user@machine", "list"});

    CHECK(outcome.status == 1);
    CHECK(outcome.error.contains("install openssh-client"));
}

TEST_CASE("the socket of --host is one of the other machine", "[svctl][host]") {
    const FakeSupervisor supervisor{echoes_call()};
    const Machine machine{"printf '%s' \"$3\" >&2; exit 255"};

    const Outcome named = machine.run(
        supervisor.path(), {"--host=user@machine", "--socket", "/run/it's/control", "list"});
    const Outcome unnamed = machine.run(supervisor.path(), {"--host=user@machine", "list"});

    CHECK(named.error.starts_with(R"(svctl --socket='/run/it'\''s/control' bridge)"));
    CHECK(unnamed.error.starts_with("svctl bridge"));
}

TEST_CASE("verbs of files run on the machine that has the files", "[svctl][host]") {
    const Machine machine{"printf '%s' \"$3\"; cat; exit 6"};

    const Outcome outcome =
        machine.run("/nowhere", {"check", "--host", "user@machine", "it's", "-"}, " input");

    CHECK(outcome.status == 6);
    CHECK(outcome.output == R"(svctl 'check' 'it'\''s' '-' input)");
}

TEST_CASE("the bridge ends with its input, and with the supervisor", "[svctl][host]") {
    const FakeSupervisor supervisor{answers("one reply")};

    const Outcome outcome = run_svctl(supervisor.path(), {"bridge"});

    CHECK(outcome.status == 0);
}

TEST_CASE("a bridge to nowhere says so", "[svctl][host]") {
    const Outcome outcome = run_svctl("/nowhere/control", {"bridge"});

    CHECK(outcome.status == 1);
    CHECK(outcome.error.contains("confinit is not running here"));
}

}  // namespace
}  // namespace confinit
