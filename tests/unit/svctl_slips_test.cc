// SPDX-License-Identifier: Apache-2.0
// Tests of what svctl says to slips: options, names of units and properties, and missing rights.
#include "svctl_scene.h"
#include "temporary_directory.h"

#include <catch2/catch.hpp>

#include <unistd.h>

namespace confinit {
namespace {

// Knows `heat` and starts nothing.
FakeSupervisor::Part knows_heat() {
    return [](const Fd& connection) {
        const Call call = read_call(connection);
        if (call.method.ends_with(".List")) {
            send_text(connection, encode_reply({{"units", {{{"name", "heat"}}}}}));
            return;
        }
        if (call.method.ends_with(".Show")) {
            send_text(connection,
                      encode_reply({{"properties", {{"service.user", "www"}, {"run.pid", "7"}}}}));
            return;
        }
        const std::string unit = call.parameters.value("unit", "");
        send_text(connection,
                  encode_error(ControlError::no_such_unit,
                               {{"unit", unit}, {"message", "there is no unit '" + unit + "'"}}));
    };
}

TEST_CASE("an option of another tool says what does the same", "[svctl][N20]") {
    const auto [arguments, fault] = GENERATE(table<std::vector<std::string>, std::string>({
        {{"status", "-l", "heat"}, "no option '-l': nothing is cut short or paged here"},
        {{"logs", "-u", "heat"}, "no option '-u': a unit is named without an option"},
        {{"stop", "-Z", "heat"}, "no option '-Z'"},
        {{"enter", "redis", "ls", "-l", "/"},
         "put `--` before the command: `svctl enter redis -- ls -l /`"},
        {{"enter", "--privleged", "redis"},
         "no option '--privleged': did you mean '--privileged'?"},
    }));

    const Outcome outcome = run_svctl("/nowhere", arguments);

    CHECK(outcome.status == 1);
    CHECK(outcome.error ==
          "svctl: " + fault + "\nsvctl: see svctl help " + arguments.front() + "\n");
}

TEST_CASE("kill takes a signal as kill(1) does", "[svctl][N20]") {
    const FakeSupervisor supervisor{echoes_call()};
    const auto signal_of = [&](std::vector<std::string> arguments) {
        const Outcome outcome = run_svctl(supervisor.path(), std::move(arguments));
        REQUIRE(outcome.error.starts_with("svctl: {"));
        return Json::parse(outcome.error.substr(7), nullptr, false)["parameters"]["signal"];
    };

    CHECK(signal_of({"kill", "-9", "heat"}) == 9);
    CHECK(signal_of({"kill", "heat", "-HUP"}) == 1);
    CHECK(signal_of({"kill", "-s", "9", "heat"}) == 9);
    CHECK(signal_of({"kill", "heat"}) == 15);
    CHECK(run_svctl(supervisor.path(), {"kill", "-s", "-9", "heat"}).status == 1);
    // Nothing is sent: the supervisor's answer would be the error.
    CHECK(run_svctl(supervisor.path(), {"kill", "heat", "HUP"}).error ==
          "svctl: 'HUP' is a signal: svctl kill --signal HUP UNIT\n");
    CHECK(run_svctl(supervisor.path(), {"kill", "-0", "heat"}).error.contains("'0' is no signal"));
    // The signal of an entered command is its own.
    CHECK(run_svctl(supervisor.path(), {"enter", "web", "kill", "-9", "1"})
              .error.contains(R"("command":["kill","-9","1"])"));
}

TEST_CASE("an unknown unit comes with the one that may be meant", "[svctl][N20]") {
    const FakeSupervisor supervisor{knows_heat()};

    for (const char* verb : {"start", "status", "revert", "cat", "logs"}) {
        INFO(verb);
        const Outcome outcome = run_svctl(supervisor.path(), {verb, "hea"});
        CHECK(outcome.status == 4);
        CHECK(outcome.error == "svctl: there is no unit 'hea'; did you mean 'heat'?\n");
    }
    CHECK(run_svctl(supervisor.path(), {"start", "zzzz"}).error ==
          "svctl: there is no unit 'zzzz'\n");
}

TEST_CASE("a property that there is none of is told", "[svctl][N20]") {
    const FakeSupervisor supervisor{knows_heat()};
    const auto show = [&](const std::string& name) {
        return run_svctl(supervisor.path(), {"show", "-p", name, "heat"});
    };

    CHECK(show("run.pid").output == "run.pid=7\n");
    const auto [name, meant] = GENERATE(table<std::string, std::string>({
        {"MainPID", "run.pid"},
        {"pid", "run.pid"},
        {"MemoryMax", "cgroup.memory.max"},
        {"memory.limit", "cgroup.memory.max"},
        {"service.usr", "service.user"},
    }));
    const Outcome outcome = show(name);
    CHECK(outcome.status == 1);
    CHECK(outcome.error ==
          "svctl: there is no property '" + name + "'; did you mean '" + meant + "'?\n");
    // A key that the unit does not give is no slip.
    CHECK(show("cgroup.memory.max").status == 0);
}

TEST_CASE("set says how a value is written", "[svctl][N20]") {
    const auto [arguments, fault] = GENERATE(table<std::vector<std::string>, std::string>({
        {{"set", "heat", "memory.max", "128M"},
         "'memory.max' is not KEY=VALUE; did you mean memory.max=128M?; see svctl help set"},
        {{"set", "heat", "memory.max"}, "'memory.max' is not KEY=VALUE; see svctl help set"},
        {{"set", "heat", "pids.max=1", "pids.max=2"}, "pids.max is given twice"},
    }));

    const Outcome outcome = run_svctl("/nowhere", arguments);

    CHECK(outcome.status == 1);
    CHECK(outcome.error == "svctl: " + fault + "\n");
}

TEST_CASE("set sends all values in one call", "[svctl][N15]") {
    const FakeSupervisor supervisor{echoes_call()};

    const Outcome outcome =
        run_svctl(supervisor.path(), {"set", "heat", "memory.max=70M", "pids.max=20"});

    const Json call = Json::parse(outcome.error.substr(7), nullptr, false);
    CHECK(call["parameters"]["values"] == Json{{"memory.max", "70M"}, {"pids.max", "20"}});
}

TEST_CASE("enable tells what it has made, also when the start fails", "[svctl][N20]") {
    const TemporaryDirectory folder;
    folder.write("units/web.toml",
                 "[unit]\nwanted_by = ['default']\n[service]\ncommand = ['/bin/web']\n");
    folder.write("units/default.toml", "[unit]\n");
    const FakeSupervisor supervisor{
        answers(encode_error(ControlError::job_failed, {{"message", "web: it failed"}}))};

    const Outcome outcome = run_svctl(
        supervisor.path(), {"enable", "--now", "--units", folder.path() + "/units", "web"});

    CHECK(outcome.status == 1);
    CHECK(outcome.output == "created " + folder.path() + "/units/default.toml.d/50-web.toml\n");
    CHECK(outcome.error.ends_with("svctl: web: it failed\n"));
}

TEST_CASE("a target of systemd's is not enabled for", "[svctl][N19]") {
    const TemporaryDirectory folder;
    folder.write("units/web.toml",
                 "[unit]\nwanted_by = ['multi-user.target']\n"
                 "[service]\ncommand = ['/bin/web']\n");

    const Outcome outcome =
        run_svctl("/nowhere", {"enable", "--units", folder.path() + "/units", "web"});

    CHECK(outcome.status == 1);
    CHECK(outcome.output.empty());
    CHECK(outcome.error.contains("the unit that is booted here is 'default'"));
    CHECK(access((folder.path() + "/units/multi-user.target.toml.d").c_str(), F_OK) != 0);
}

TEST_CASE("a broken unit is not enabled, and that is said", "[svctl][N12]") {
    const TemporaryDirectory folder;
    folder.write("units/web.toml", "[service]\nunknown = 1\n");

    const Outcome outcome =
        run_svctl("/nowhere", {"enable", "--units", folder.path() + "/units", "web"});

    CHECK(outcome.status == 6);
    CHECK(outcome.error.starts_with("svctl: nothing was changed: 'web' does not load: "));
}

TEST_CASE("who may not write the files is denied", "[svctl][X20]") {
    if (geteuid() == 0) return;
    const TemporaryDirectory folder;
    folder.write("units/web.toml",
                 "[unit]\nwanted_by = ['default']\n[service]\ncommand = ['/bin/web']\n");
    folder.write("units/default.toml", "[unit]\n");
    REQUIRE(chmod((folder.path() + "/units").c_str(), 0555) == 0);

    const Outcome outcome =
        run_svctl("/nowhere", {"enable", "--units", folder.path() + "/units", "web"});

    CHECK(outcome.status == 5);
    CHECK(
        outcome.error.starts_with("svctl: enable changes files of the unit directories: run it "
                                  "as root (user 0): "));
    REQUIRE(chmod((folder.path() + "/units").c_str(), 0755) == 0);
}

TEST_CASE("help has no types of the library's in it", "[svctl][N20]") {
    for (const char* verb : {"logs", "kill", "events", "list", "set", "show", "enter", "check"}) {
        const std::string help = run_svctl("/nowhere", {"help", verb}).output;
        INFO(help);
        for (const char* word : {"INT", "TEXT", "UINT", "{", " in ["})
            CHECK_FALSE(help.contains(word));
    }
    CHECK(run_svctl("/nowhere", {"help", "kill"}).output.contains("-s,--signal SIGNAL"));
}

}  // namespace
}  // namespace confinit
