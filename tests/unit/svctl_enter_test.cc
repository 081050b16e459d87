// SPDX-License-Identifier: Apache-2.0
// Tests of `svctl enter` with pipes and captured output, with real commands behind the played part.
#include "entered_command.h"
#include "svctl_scene.h"

#include "base/file.h"
#include "control/fields.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit {
namespace {

std::string end_reply(pid_t process) {
    int status = 0;
    (void)waitpid(process, &status, 0);
    return encode_reply(WIFEXITED(status) ? Json{{"code", WEXITSTATUS(status)}}
                                          : Json{{"signal", WTERMSIG(status)}});
}

// A supervisor's part of Enter without a terminal.
void play_enter(const Fd& connection) {
    const Call call = read_call(connection);
    CommandPipes pipes;
    const pid_t process = run_command(call, pipes);
    pipes.input.read_end.reset();
    std::vector<Fd> ends;
    ends.push_back(std::move(pipes.input.write_end));
    ends.push_back(std::move(pipes.output.read_end));
    ends.push_back(std::move(pipes.error.read_end));
    send_with_descriptors(connection, encode_reply({{"pid", process}}, true), ends);
    ends.clear();
    send_text(connection, end_reply(process));
}

TEST_CASE("a megabyte goes through an entered command and back", "[svctl]") {
    const FakeSupervisor supervisor{play_enter};
    const std::string input = patterned_bytes(1'000'000);

    const Outcome outcome = run_svctl(supervisor.path(), {"enter", "heat", "--", "cat"}, input);

    CHECK(outcome.status == 0);
    CHECK((outcome.output == input));
    CHECK(outcome.error.empty());
}

TEST_CASE("both outputs of an entered command come whole and apart", "[svctl]") {
    const FakeSupervisor supervisor{play_enter};

    const Outcome outcome = run_svctl(
        supervisor.path(),
        enter_shell("head -c 300000 /dev/zero | tr '\\0' e >&2; head -c 400000 /dev/zero"));

    CHECK(outcome.status == 0);
    CHECK((outcome.output == std::string(400'000, '\0')));
    CHECK((outcome.error == std::string(300'000, 'e')));
}

TEST_CASE("the exit status of an entered command is svctl's own", "[svctl][X20]") {
    const FakeSupervisor supervisor{play_enter};

    CHECK(run_svctl(supervisor.path(), enter_shell("exit 7")).status == 7);
    CHECK(run_svctl(supervisor.path(), enter_shell("exit 255")).status == 255);
    CHECK(run_svctl(supervisor.path(), enter_shell("kill -KILL $$")).status == 128 + SIGKILL);
}

TEST_CASE("a command killed by its filter is told so, with the way out", "[svctl]") {
    const FakeSupervisor supervisor{play_enter};

    const Outcome outcome = run_svctl(supervisor.path(), enter_shell("kill -SYS $$"));

    CHECK(outcome.status == 128 + SIGSYS);
    CHECK(outcome.error.starts_with("svctl: the command was killed by SIGSYS"));
    CHECK(outcome.error.contains("--privileged"));
}

TEST_CASE("a command that reads no input does not hang or kill svctl", "[svctl]") {
    const FakeSupervisor supervisor{play_enter};

    const Outcome outcome =
        run_svctl(supervisor.path(), {"enter", "heat", "--", "true"}, std::string(500'000, 'x'));

    CHECK(outcome.status == 0);
}

TEST_CASE("a command is told when nobody reads its output any more", "[svctl]") {
    const FakeSupervisor supervisor{play_enter};
    auto output = make_pipe().value();
    const Fd null = open_at(-1, "/dev/null", 02).value();
    output.read_end.reset();

    const pid_t process = start_svctl(supervisor.path(), {"enter", "heat", "--", "yes"},
                                      std::array{null.get(), output.write_end.get(), null.get()});

    CHECK(wait_for(process) == 128 + SIGPIPE);
}

TEST_CASE("a supervisor that goes away during a command is an error", "[svctl]") {
    const FakeSupervisor supervisor{[](const Fd& connection) {
        (void)read_call(connection);
        CommandPipes pipes;
        send_text(pipes.output.write_end, "last words\n");
        std::vector<Fd> ends;
        ends.push_back(std::move(pipes.input.write_end));
        ends.push_back(std::move(pipes.output.read_end));
        ends.push_back(std::move(pipes.error.read_end));
        send_with_descriptors(connection, encode_reply({{"pid", 7}}, true), ends);
    }};

    const Outcome outcome = run_svctl(supervisor.path(), {"enter", "heat", "--", "x"});

    CHECK(outcome.status == 1);
    CHECK(outcome.output == "last words\n");
    CHECK(outcome.error == "svctl: wait for the command: connection ended before a reply\n");
}

TEST_CASE("an end that is neither a code nor a signal is an error", "[svctl][X10]") {
    const Json end =
        GENERATE(Json::object(), Json{{"code", 256}}, Json{{"code", "0"}}, Json{{"signal", -1}});
    const FakeSupervisor supervisor{[end](const Fd& connection) {
        (void)read_call(connection);
        CommandPipes pipes;
        std::vector<Fd> ends;
        ends.push_back(std::move(pipes.input.write_end));
        ends.push_back(std::move(pipes.output.read_end));
        ends.push_back(std::move(pipes.error.read_end));
        send_with_descriptors(connection, encode_reply({{"pid", 7}}, true), ends);
        send_text(connection, encode_reply(end));
    }};

    CHECK(run_svctl(supervisor.path(), {"enter", "heat"}).status == 1);
}

TEST_CASE("a reply to enter without its descriptors is an error", "[svctl][X10]") {
    const FakeSupervisor supervisor{answers(encode_reply({{"pid", 7}}, true))};

    const Outcome outcome = run_svctl(supervisor.path(), {"enter", "heat"});

    CHECK(outcome.status == 1);
    CHECK(outcome.error == "svctl: reply to enter without the command's descriptors\n");
}

TEST_CASE("enter --json gives output and end of a command as a document", "[svctl][X20]") {
    const FakeSupervisor supervisor{play_enter};
    auto arguments = enter_shell("cat; printf 'a\\377'; echo b >&2; exit 3");
    arguments.insert(arguments.begin(), "--json");

    const Outcome outcome = run_svctl(supervisor.path(), arguments, "not passed on");

    CHECK(outcome.status == 3);
    const Json document = outcome.document();
    CHECK(document["stdout"] == "a\xef\xbf\xbd");
    CHECK(document["stderr"] == "b\n");
    CHECK(document["code"] == 3);
    CHECK(document["exit_code"] == 3);
    CHECK(document["truncated"] == false);
    CHECK(document["unit"] == "heat");
}

TEST_CASE("captured output is bounded", "[svctl]") {
    const FakeSupervisor supervisor{play_enter};

    const Outcome outcome = run_svctl(supervisor.path(), {"--json", "enter", "heat", "--", "yes"});

    const Json document = outcome.document();
    CHECK(document["truncated"] == true);
    CHECK(document["signal"] == SIGPIPE);
    CHECK(document["stdout"].get_ref<const std::string&>().size() == std::size_t{8} << 20);
}

}  // namespace
}  // namespace confinit
