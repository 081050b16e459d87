// SPDX-License-Identifier: Apache-2.0
// Tests of what svctl lets people choose: filters, several units, times, help, and slips.
#include "svctl/since.h"
#include "svctl_scene.h"

#include <catch2/catch.hpp>

#include <chrono>

namespace confinit {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

std::int64_t ago(microseconds age) {
    return std::chrono::duration_cast<microseconds>(
               (std::chrono::system_clock::now() - age).time_since_epoch())
        .count();
}

Json unit(const char* name, const char* kind, const char* active, const char* sub,
          const char* reason = "") {
    return {{"name", name}, {"kind", kind},     {"active", active},
            {"sub", sub},   {"reason", reason}, {"enabled", "static"}};
}

// Answers each call by its method.
FakeSupervisor::Part machine() {
    return [](const Fd& connection) {
        const Call call = read_call(connection);
        if (call.method.ends_with(".Version")) {
            send_text(connection,
                      encode_reply(
                          {{"version", "9"}, {"pid", 1}, {"mode", "machine"}, {"kernel", "6.1"}}));
            return;
        }
        send_text(connection,
                  encode_reply({{"units",
                                 {unit("default", "target", "activating", "waiting"),
                                  unit("heat@1", "service", "active", "running"),
                                  unit("heat@2", "service", "failed", "failed", "exited with 3"),
                                  unit("web", "group", "active", "running")}}}));
    };
}

std::vector<std::string> names(const Json& document) {
    std::vector<std::string> all;
    for (const Json& one : document["units"])
        all.push_back(one["name"]);
    return all;
}

TEST_CASE("list shows what its filters leave", "[svctl][N20]") {
    const FakeSupervisor supervisor{machine()};
    const auto [arguments, wanted] =
        GENERATE(table<std::vector<std::string>, std::vector<std::string>>({
            {{"heat@*"}, {"heat@1", "heat@2"}},
            {{"web", "default"}, {"default", "web"}},
            {{"--state=active"}, {"heat@1", "web"}},
            {{"--state", "waiting,failed"}, {"default", "heat@2"}},
            {{"--kind=group"}, {"web"}},
            {{"--failed"}, {"heat@2"}},
            {{"--failed", "web"}, {}},
        }));
    std::vector<std::string> all{"list", "--json"};
    all.insert(all.end(), arguments.begin(), arguments.end());

    CHECK(names(run_svctl(supervisor.path(), all).document()) == wanted);
}

TEST_CASE("status without a unit tells of the machine", "[svctl][N20]") {
    const FakeSupervisor supervisor{machine()};

    const Outcome outcome = run_svctl(supervisor.path(), {"status"});
    const Json json = run_svctl(supervisor.path(), {"status", "--json"}).document()["machine"];

    CHECK(outcome.status == 0);
    CHECK(
        outcome.output.starts_with("confinit 9, the init of a machine, pid 1, on Linux 6.1\n"
                                   "    state       degraded\n"));
    CHECK(outcome.output.find("    units       4: 1 activating, 2 active, 1 failed\n"
                              "    failed      heat@2: exited with 3\n"
                              "    on the way  default (waiting)\n") != std::string::npos);
    CHECK(json["state"] == "degraded");
    CHECK(json["counts"]["all"] == 4);
}

TEST_CASE("status without a unit tells who has drifted, and in which keys", "[svctl][H7]") {
    Json drifted = unit("web", "service", "active", "running");
    drifted["drift"] = {"cgroup.memory.max: declared 64M, in force 32M", "service.user"};
    const auto answer = [drifted](const Fd& connection) {
        const bool is_version = read_call(connection).method.ends_with(".Version");
        send_text(connection, encode_reply(is_version ? Json{{"version", "9"}, {"pid", 1}}
                                                      : Json{{"units", Json::array({drifted})}}));
    };
    const FakeSupervisor supervisor{answer};

    const std::string text = run_svctl(supervisor.path(), {"status"}).output;
    const Json json = run_svctl(supervisor.path(), {"status", "--json"}).document()["machine"];

    INFO(text);
    CHECK(text.find("    state  degraded\n") != std::string::npos);
    CHECK(text.find("    drift  web: cgroup.memory.max, service.user\n") != std::string::npos);
    CHECK(json["drift"][0]["name"] == "web");
    CHECK(json["drift"][0]["keys"] == Json{"cgroup.memory.max", "service.user"});
}

TEST_CASE("events are filtered by kind and time", "[svctl][N20]") {
    const auto event = [](const char* kind, std::int64_t time, const char* text) {
        return Json{{"unit", "web"}, {"kind", kind}, {"time_us", time}, {"text", text}};
    };
    const FakeSupervisor supervisor{
        answers(encode_reply({{"events",
                               {event("state", ago(2h), "old"), event("drift", ago(1s), "drifted"),
                                event("state", ago(1s), "new")}}}))};

    const std::string recent = run_svctl(supervisor.path(), {"events", "--since", "10min"}).output;
    const std::string drift = run_svctl(supervisor.path(), {"events", "--kind=drift"}).output;

    CHECK(recent.find("old") == std::string::npos);
    CHECK(recent.find("drifted") != std::string::npos);
    CHECK(recent.find("new") != std::string::npos);
    CHECK(std::count(drift.begin(), drift.end(), '\n') == 1);
    CHECK(run_svctl(supervisor.path(), {"events", "--kind=dirft"}).status == 1);
    const Outcome bad = run_svctl(supervisor.path(), {"events", "--since", "soon"});
    CHECK(bad.status == 1);
    CHECK(bad.error.find("'soon' is neither a duration") != std::string::npos);
}

TEST_CASE("logs of several units come in the order of their times", "[svctl][N20]") {
    const FakeSupervisor supervisor{[](const Fd& connection) {
        const std::string name = read_call(connection).parameters.value("unit", "");
        const std::int64_t first = name == "a" ? ago(30s) : ago(20s);
        const auto line = [](std::int64_t time, const std::string& text) {
            return Json{{"time_us", time}, {"stream", "stdout"}, {"text", text}};
        };
        send_text(connection,
                  encode_reply({{"lines",
                                 {line(ago(3h), name + " old"), line(first, name + " one"),
                                  line(first + 15'000'000, name + " two")}}}));
    }};

    const Outcome outcome =
        run_svctl(supervisor.path(), {"logs", "a", "b", "--since=1h", "-n", "5"});

    CHECK(outcome.status == 0);
    std::string texts;
    for (std::size_t at = outcome.output.find(" | "); at != std::string::npos;
         at = outcome.output.find(" | ", at + 1)) {
        texts += outcome.output.substr(at + 3, 5) + ", ";
    }
    CHECK(texts == "a one, b one, a two, b two, ");
    CHECK(outcome.output.find(" a | a one\n") != std::string::npos);
}

TEST_CASE("verify is silent when nothing differs and it is to be quiet", "[svctl][N20]") {
    const FakeSupervisor supervisor{[](const Fd& connection) {
        const std::string name = read_call(connection).parameters.value("unit", "");
        const bool is_same = name != "web";
        const auto item = [](const char* key, bool same) {
            return Json{{"key", key},   {"declared", "1"}, {"in_force", same ? "1" : "2"},
                        {"same", same}, {"seen", true},    {"result", same ? "same" : "differs"}};
        };
        send_text(connection,
                  encode_reply(
                      {{"unit", name},
                       {"same", is_same},
                       {"items", {item("cgroup.pids.max", is_same), item("process.nice", true)}}}));
    }};

    const Outcome well = run_svctl(supervisor.path(), {"verify", "--quiet", "a", "b"});
    CHECK(well.status == 0);
    CHECK(well.output.empty());
    const Outcome differs = run_svctl(supervisor.path(), {"verify", "-q", "a", "web"});
    CHECK(differs.status == 3);
    CHECK(differs.output.starts_with("web: DIFFERS  cgroup.pids.max  1  2"));
    CHECK(std::count(differs.output.begin(), differs.output.end(), '\n') == 1);
    CHECK(run_svctl(supervisor.path(), {"verify"}).status == 1);
}

TEST_CASE("a slip of a verb or an option names what may be meant", "[svctl][N20]") {
    const auto [arguments, fault] = GENERATE(table<std::vector<std::string>, std::string>({
        {{"stauts", "web"}, "no verb 'stauts': did you mean 'status'?"},
        {{"zzzzzzzz"}, "no verb 'zzzzzzzz'"},
        {{"--socket", "/x", "strat"}, "no verb 'strat': did you mean 'start'?"},
        {{"logs", "web", "--folow"}, "no option '--folow': did you mean '--follow'?"},
        {{"list", "--jsn"}, "no option '--jsn': did you mean '--json'?"},
        {{"list-units"}, "no verb 'list-units': `svctl list` has all units, with filters"},
        {{"help", "stauts"}, "no verb 'stauts': did you mean 'status'?"},
        {{"heat", "start"}, "no verb 'heat': the verb comes first: `svctl start heat`"},
        {{"--socket", "/x", "heat", "start"},
         "no verb 'heat': the verb comes first: `svctl start heat`"},
    }));

    const Outcome outcome = run_svctl("/nowhere", arguments);

    CHECK(outcome.status == 1);
    CHECK(outcome.error.starts_with("svctl: " + fault + "\n"));
}

TEST_CASE("the verbs of systemctl say what does the same here", "[svctl][N20]") {
    for (const char* verb : {"is-failed", "reload-or-restart", "mask", "edit", "daemon-reexec",
                             "try-restart", "is-enabled", "isolate"}) {
        const Outcome outcome = run_svctl("/nowhere", {verb, "web", "--json"});
        INFO(outcome.output);
        CHECK(outcome.status == 1);
        CHECK(outcome.document()["error"]["name"] == "usage");
        CHECK(std::string{outcome.document()["error"]["message"]}.find(": ") != std::string::npos);
    }
}

TEST_CASE("help tells of a verb, and of the shapes of documents", "[svctl][N20]") {
    CHECK(run_svctl("/nowhere", {"help"}).output == run_svctl("/nowhere", {"--help"}).output);
    CHECK(run_svctl("/nowhere", {"help", "logs"}).output ==
          run_svctl("/nowhere", {"logs", "--help"}).output);
    const std::string shapes = run_svctl("/nowhere", {"help", "json"}).output;
    for (const char* member :
         {"exit_code",  "error",    "notes",    "created",  "removed", "changes", "values",
          "files",      "in_force", "counts",   "failed",   "pending", "sub",     "reason",
          "properties", "hidden",   "path",     "text",     "same",    "items",   "outdated",
          "lines",      "events",   "problems", "warnings", "missing", "nearest", "keys",
          "drift",      "sets",     "calls",    "foreign",  "number",  "features"}) {
        INFO(member);
        CHECK(shapes.contains('"' + std::string{member} + '"'));
    }
}

TEST_CASE("times are read as people write them", "[svctl][N20]") {
    const microseconds now = 1'700'000'000s;

    CHECK(parse_since("1h", now) == now - 1h);
    CHECK(parse_since("1min 30s", now) == now - 90s);
    CHECK(parse_since("2023-11-14 00:00:30", now) ==
          *parse_since("2023-11-14", now) + microseconds{30s});
    CHECK(parse_since("2023-11-14 00:01", now) ==
          *parse_since("2023-11-14", now) + microseconds{1min});
    CHECK(parse_since("13:05:07", now) == *parse_since("13:05", now) + microseconds{7s});
    CHECK_FALSE(parse_since("soon", now));
    CHECK_FALSE(parse_since("", now));
    CHECK_FALSE(parse_since("25:00", now));
}

}  // namespace
}  // namespace confinit
