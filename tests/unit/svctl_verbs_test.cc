// SPDX-License-Identifier: Apache-2.0
// Tests of svctl's verbs against a supervisor that is played: calls, output and exit codes.
#include "svctl/verbs.h"
#include "svctl_scene.h"
#include "temporary_directory.h"

#include <catch2/catch.hpp>

#include <string>

namespace confinit {
namespace {

std::string refusal(ControlError error, Json parameters = Json::object()) {
    parameters["message"] = "because";
    return encode_error(error, parameters);
}

TEST_CASE("each error of the supervisor has its exit code", "[svctl][X20]") {
    const auto [error, code] = GENERATE(table<ControlError, int>({
        {ControlError::no_such_unit, 4},
        {ControlError::invalid_unit, 6},
        {ControlError::denied, 5},
        {ControlError::not_running, 3},
        {ControlError::job_failed, 1},
        {ControlError::operation_failed, 1},
        {ControlError::method_not_found, 1},
    }));
    const FakeSupervisor supervisor{answers(refusal(error))};

    const Outcome text = run_svctl(supervisor.path(), {"start", "heat"});
    const Outcome json = run_svctl(supervisor.path(), {"start", "heat", "--json"});

    CHECK(text.status == code);
    CHECK(text.output.empty());
    CHECK(text.error == "svctl: because\n");
    CHECK(json.status == code);
    CHECK(json.error.empty());
    const Json document = json.document();
    CHECK(document["schema"] == 1);
    CHECK(document["verb"] == "start");
    CHECK(document["exit_code"] == code);
    CHECK(document["units"][0]["unit"] == "heat");
    CHECK(document["units"][0]["error"]["message"] == "because");
    CHECK(document["units"][0]["error"]["name"] == control_error_names.name(error));
}

TEST_CASE("an unknown error is an error all the same", "[svctl]") {
    const FakeSupervisor supervisor{
        answers("{\"error\":\"org.other.Boom\"}" + std::string(1, '\0'))};

    const Outcome outcome = run_svctl(supervisor.path(), {"stop", "heat"});

    CHECK(outcome.status == 1);
    CHECK(outcome.error == "svctl: org.other.Boom\n");
}

TEST_CASE("a job that is done is silent and exits 0", "[svctl]") {
    const FakeSupervisor supervisor{answers(encode_reply(Json::object()))};
    const std::string verb =
        GENERATE("start", "stop", "restart", "reload", "freeze", "thaw", "kill");

    const Outcome outcome = run_svctl(supervisor.path(), {verb, "heat"});

    CHECK(outcome.status == 0);
    CHECK(outcome.output.empty());
    CHECK(outcome.error.empty());
}

TEST_CASE("calls have the method and the parameters of the verb", "[svctl]") {
    const auto [arguments, method, parameters] =
        GENERATE(table<std::vector<std::string>, std::string, Json>({
            {{"start", "heat"}, "Start", {{"unit", "heat"}}},
            {{"--raw", "start", "start"}, "Start", {{"unit", "start"}}},
            {{"--", "start", "heat"}, "Start", {{"unit", "heat"}}},
            {{"stop", "status"}, "Stop", {{"unit", "status"}}},
            {{"restart", "heat"}, "Restart", {{"unit", "heat"}}},
            {{"reload", "heat"}, "Reload", {{"unit", "heat"}}},
            {{"freeze", "heat"}, "Freeze", {{"unit", "heat"}}},
            {{"thaw", "heat"}, "Thaw", {{"unit", "heat"}}},
            {{"kill", "heat"}, "Kill", {{"unit", "heat"}, {"signal", 15}, {"whom", "all"}}},
            {{"kill", "-s", "HUP", "--whom", "main", "heat"},
             "Kill",
             {{"unit", "heat"}, {"signal", 1}, {"whom", "main"}}},
            {{"list"}, "List", Json::object()},
            {{"status", "heat"}, "Status", {{"unit", "heat"}}},
            {{"show", "heat"}, "Show", {{"unit", "heat"}}},
            {{"show", "--filter", "heat"}, "Filter", {{"unit", "heat"}}},
            {{"cat", "heat"}, "Cat", {{"unit", "heat"}}},
            {{"verify", "heat"}, "Verify", {{"unit", "heat"}}},
            {{"logs", "-n", "7", "heat"}, "Logs", {{"unit", "heat"}, {"lines", 7}}},
            {{"events", "heat"}, "Events", {{"units", {"heat"}}}},
            {{"daemon-reload"}, "DaemonReload", Json::object()},
            {{"probe"}, "Probe", Json::object()},
            {{"poweroff"}, "PowerOff", Json::object()},
            {{"reboot"}, "Reboot", Json::object()},
            {{"halt"}, "Halt", Json::object()},
            {{"enter", "heat", "--privileged", "--", "ls", "-l", "--json", "--"},
             "Enter",
             {{"unit", "heat"}, {"command", {"ls", "-l", "--json", "--"}}, {"privileged", true}}},
            {{"enter", "heat"},
             "Enter",
             {{"unit", "heat"}, {"command", Json::array()}, {"privileged", false}}},
        }));
    const FakeSupervisor supervisor{echoes_call()};

    const Outcome outcome = run_svctl(supervisor.path(), arguments);

    INFO(outcome.output << outcome.error);
    REQUIRE(outcome.error.starts_with("svctl: {"));
    const Json call = Json::parse(outcome.error.substr(7), nullptr, false);
    CHECK(call["method"] == "org.confinit.Manager." + method);
    CHECK(call["parameters"] == parameters);
    CHECK(call["more"] == (method == "Enter"));
}

TEST_CASE("several units are all asked for, and the first failure counts", "[svctl]") {
    const FakeSupervisor supervisor{[](const Fd& connection) {
        const std::string unit = read_call(connection).parameters.value("unit", "");
        send_text(connection, unit == "a"   ? encode_reply(Json::object())
                              : unit == "b" ? refusal(ControlError::no_such_unit)
                                            : refusal(ControlError::denied));
    }};

    const Outcome outcome = run_svctl(supervisor.path(), {"stop", "a", "b", "c", "--json"});

    CHECK(outcome.status == 4);
    const Json units = outcome.document()["units"];
    REQUIRE(units.size() == 3);
    CHECK_FALSE(units[0].contains("error"));
    CHECK(units[1]["error"]["name"] == "org.confinit.Manager.NoSuchUnit");
    CHECK(units[2]["error"]["name"] == "org.varlink.service.PermissionDenied");
}

TEST_CASE("more units than connections at a time are all asked for", "[svctl]") {
    const FakeSupervisor supervisor{answers(encode_reply(Json::object()))};
    std::vector<std::string> arguments{"stop", "--json"};
    for (int i = 0; i < 50; ++i)
        arguments.push_back("unit" + std::to_string(i));

    const Outcome outcome = run_svctl(supervisor.path(), arguments);

    CHECK(outcome.status == 0);
    CHECK(outcome.document()["units"].size() == 50);
}

TEST_CASE("the problems of a unit file are told one a line", "[svctl][H2]") {
    const FakeSupervisor supervisor{answers(encode_error(
        ControlError::invalid_unit, {{"message", "the unit 'x' does not load: x.toml:1:1: a"},
                                     {"problems", {"x.toml:1:1: a", "x.toml:2:1: b"}}}))};

    const Outcome outcome = run_svctl(supervisor.path(), {"start", "x"});

    CHECK(outcome.status == 6);
    CHECK(outcome.error ==
          "svctl: the unit 'x' does not load: x.toml:1:1: a\n"
          "svctl: x.toml:2:1: b\n");
}

TEST_CASE("status exits 3 for a unit that is not active", "[svctl][X20]") {
    const auto [active, code] = GENERATE(table<std::string, int>(
        {{"active", 0}, {"inactive", 3}, {"failed", 3}, {"activating", 3}}));
    const FakeSupervisor supervisor{
        answers(encode_reply({{"status", {{"name", "heat"}, {"active", active}}}}))};

    const Outcome text = run_svctl(supervisor.path(), {"status", "heat"});
    const Outcome json = run_svctl(supervisor.path(), {"--json", "status", "heat"});

    CHECK(text.status == code);
    CHECK(text.output.starts_with("heat\n"));
    CHECK(json.status == code);
    CHECK(json.document()["units"][0]["active"] == active);
}

TEST_CASE("show prints the wanted properties only", "[svctl]") {
    const FakeSupervisor supervisor{
        answers(encode_reply({{"properties", {{"a.b", "1"}, {"c", "x\x1b"}, {"d", "2"}}}}))};

    CHECK(run_svctl(supervisor.path(), {"show", "heat"}).output == "a.b=1\nc=x\\x1b\nd=2\n");
    CHECK(run_svctl(supervisor.path(), {"show", "-p", "d", "heat"}).output == "d=2\n");
    const FakeSupervisor with_origins{
        answers(encode_reply({{"properties", {{"c", "x"}, {"d", "2"}}},
                              {"origins", {{"c", "/etc/c.toml:3"}, {"d", "/etc/d.toml:4"}}}}))};
    const auto shown_of = [&](std::vector<std::string> arguments) {
        return run_svctl(with_origins.path(), std::move(arguments));
    };
    CHECK(shown_of({"show", "heat"}).output ==
          "c=x\nd=2\n# c is given in /etc/c.toml:3\n# d is given in /etc/d.toml:4\n");
    // A script that asks for one value gets that.
    CHECK(shown_of({"show", "-p", "d", "heat"}).output == "d=2\n");
    CHECK(shown_of({"show", "-p", "d", "heat", "--json"}).document()["units"][0]["origins"] ==
          Json{{"d", "/etc/d.toml:4"}});
    CHECK(run_svctl(supervisor.path(), {"show", "heat", "-p", "d", "-p", "a.b"}).output ==
          "a.b=1\nd=2\n");
}

TEST_CASE("show prints a filter as text, with its instructions, and as a profile", "[svctl]") {
    const Json profile{{"defaultAction", "SCMP_ACT_ERRNO"}};
    const FakeSupervisor supervisor{answers(encode_reply(
        {{"profile", profile}, {"text", "EPERM: all\n"}, {"program", {"0: answer EPERM"}}}))};
    const auto shown = [&](std::vector<std::string> arguments) {
        return run_svctl(supervisor.path(), std::move(arguments)).output;
    };

    CHECK(shown({"show", "heat", "--filter"}) == "EPERM: all\n1 instructions\n");
    CHECK(shown({"show", "heat", "--filter", "--bpf"}) ==
          "EPERM: all\n1 instructions\n    0: answer EPERM\n");
    CHECK(Json::parse(shown({"--json", "show", "heat", "--filter"})) == profile);
    CHECK(run_svctl(supervisor.path(), {"show", "a", "b", "--filter"}).status == 1);
}

TEST_CASE("a unit file's filter needs no supervisor", "[svctl]") {
    const TemporaryDirectory directory;
    const std::string file = directory.write(
        "web.toml",
        "[service]\ncommand = ['/a']\n[seccomp]\ndefault = 'allow'\ndeny = ['chmod']\n");

    const Outcome outcome = run_svctl("/nowhere", {"show", file, "--filter"});

    CHECK(outcome.status == 0);
    CHECK(outcome.output.starts_with("EPERM: 1 calls\n    chmod\nallow: every other call, "));
    CHECK(run_svctl("/nowhere", {"show", "/no/such.toml", "--filter"}).status == 1);
}

TEST_CASE("explain tells a set's version and members", "[svctl][H13]") {
    const Outcome outcome = run_svctl("/nowhere", {"explain", "@sync"});

    CHECK(outcome.status == 0);
    CHECK(
        outcome.output.starts_with("@sync\n    Writing caches to storage\n\n    version     2\n"));
    CHECK(outcome.output.contains("fdatasync fsync msync"));
    const Json set = run_svctl("/nowhere", {"--json", "explain", "@sync"}).document()["sets"][0];
    CHECK(set["version"] == 2);
    CHECK(set["members"].size() == 7);
    const Outcome unknown = run_svctl("/nowhere", {"explain", "@synk"});
    CHECK(unknown.status == 1);
    CHECK(unknown.error ==
          "svctl: there is no set of system calls '@synk'; did you mean '@sync'?\n");
}

TEST_CASE("logs follow until the supervisor ends the stream", "[svctl]") {
    const FakeSupervisor supervisor{[](const Fd& connection) {
        const Call call = read_call(connection);
        if (!call.more) return;
        const auto line = [](const char* text) {
            return Json{{"lines", {{{"time_us", 0}, {"stream", "stdout"}, {"text", text}}}}};
        };
        send_text(connection, encode_reply(line("one"), true) + encode_reply(line("two"), true));
        send_text(connection, encode_reply(line("three")));
    }};

    const Outcome outcome = run_svctl(supervisor.path(), {"logs", "-f", "heat"});

    CHECK(outcome.status == 0);
    CHECK(outcome.output.find("| one\n") < outcome.output.find("| two\n"));
    CHECK(outcome.output.ends_with("| three\n"));
}

TEST_CASE("events show when, which unit, what kind and what", "[svctl][H7]") {
    const Json event{
        {"time_us", 0}, {"unit", "heat"}, {"kind", "drift"}, {"text", "cgroup.pids.max: \x1b"}};
    const FakeSupervisor supervisor{answers(encode_reply({{"events", {event}}}))};

    CHECK(run_svctl(supervisor.path(), {"events"})
              .output.ends_with(" heat drift cgroup.pids.max: \\x1b\n"));
    const Json document = run_svctl(supervisor.path(), {"--json", "events"}).document();
    CHECK(document["events"][0]["kind"] == "drift");
}

TEST_CASE("daemon-reload exits 6 when a unit file is refused", "[svctl]") {
    const FakeSupervisor good{answers(encode_reply({{"problems", Json::array()}}))};
    const FakeSupervisor bad{answers(encode_reply({{"problems", {"x.toml:1:1: no"}}}))};

    CHECK(run_svctl(good.path(), {"daemon-reload"}).status == 0);
    const Outcome outcome = run_svctl(bad.path(), {"daemon-reload"});
    CHECK(outcome.status == 6);
    CHECK(outcome.error == "svctl: x.toml:1:1: no\n");
}

TEST_CASE("version works without a supervisor", "[svctl]") {
    const Outcome text = run_svctl("/nonexistent/control", {"version"});
    const Outcome json = run_svctl("/nonexistent/control", {"version", "--json"});

    CHECK(text.status == 0);
    CHECK(text.output == "svctl " CONFINIT_VERSION "\n");
    CHECK(json.document()["confinit"].is_null());
}

TEST_CASE("without a supervisor the message says so", "[svctl]") {
    const Outcome outcome = run_svctl("/nonexistent/control", {"list"});

    CHECK(outcome.status == 1);
    CHECK(outcome.error ==
          "svctl: confinit is not running here: connect '/nonexistent/control': "
          "No such file or directory (ENOENT)\n");
}

TEST_CASE("a wrong command line exits 1, as a document when JSON is asked for", "[svctl][X20]") {
    const auto arguments =
        GENERATE(std::vector<std::string>{"nonsense"}, std::vector<std::string>{"start"},
                 std::vector<std::string>{"status", "--nonsense", "x"},
                 std::vector<std::string>{"kill", "-s", "NOSUCH", "x"},
                 std::vector<std::string>{"kill", "--whom", "some", "x"},
                 std::vector<std::string>{"logs", "-n", "-1", "x"},
                 std::vector<std::string>{"logs", "-n", "many", "x"});
    auto with_json = arguments;
    with_json.push_back("--json");

    const Outcome text = run_svctl("/nonexistent/control", arguments);
    const Outcome json = run_svctl("/nonexistent/control", with_json);

    INFO(text.error);
    CHECK(text.status == 1);
    CHECK(text.output.empty());
    const std::string verb = arguments.size() > 1 || arguments[0] == "start" ? arguments[0] : "";
    CHECK(text.error.ends_with(verb.empty() ? "svctl: see svctl --help\n"
                                            : "svctl: see svctl help " + verb + "\n"));
    CHECK(json.status == 1);
    CHECK(json.document()["error"]["name"] == "usage");
}

TEST_CASE("the value of an option is no verb", "[svctl]") {
    const Outcome outcome = run_svctl("/nowhere", {"--socket", "start", "list"});

    CHECK(outcome.error.contains("connect 'start'"));
}

TEST_CASE("a verb's help is the same wherever it is asked for", "[svctl]") {
    const std::string overview = run_svctl("/nowhere", {"help"}).output;
    for (const Verb& verb : all_verbs()) {
        const std::string name{verb.name};
        const std::string help = run_svctl("/nowhere", {"help", name}).output;

        INFO(help);
        CHECK(overview.contains("  " + name + " "));
        CHECK(help.starts_with(verb.summary + ("\nUsage: svctl " + name + " [OPTIONS]")));
        CHECK(run_svctl("/nowhere", {name, "--help"}).output == help);
        CHECK(run_svctl("/nowhere", {"--json", "--help", name}).output == help);
        CHECK(run_svctl("/nowhere", {"mistake", name, "-h"}).output == help);
    }
    CHECK(run_svctl("/nowhere", {"help", "start"}).output.contains("Exit status:"));
    CHECK_FALSE(run_svctl("/nowhere", {"help", "kill"}).output.contains("Exit status:"));
}

TEST_CASE("help names every exit code and exits 0", "[svctl][X20]") {
    const auto arguments = GENERATE(std::vector<std::string>{}, std::vector<std::string>{"--help"});

    const Outcome outcome = run_svctl("/nonexistent/control", arguments);

    CHECK(outcome.status == 0);
    CHECK(outcome.output.contains("6  refused by check"));
    CHECK(outcome.output.contains("daemon-reload"));
}

}  // namespace
}  // namespace confinit
