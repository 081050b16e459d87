// SPDX-License-Identifier: Apache-2.0
// Which version of a unit svctl's verbs speak of, and what set and revert say.
#include "svctl_scene.h"

#include <catch2/catch.hpp>

#include <string>

namespace confinit {
namespace {

TEST_CASE("verify exits 3 when a newer unit is loaded, though every item is in force",
          "[svctl][N12]") {
    const Json item{
        {"key", "cgroup.pids.max"}, {"declared", "16"}, {"in_force", "16"}, {"result", "same"}};
    const FakeSupervisor supervisor{answers(encode_reply(
        {{"unit", "heat"}, {"same", true}, {"items", {item}}, {"outdated", {"cgroup.pids.max"}}}))};

    const Outcome text = run_svctl(supervisor.path(), {"verify", "heat"});
    const Outcome json = run_svctl(supervisor.path(), {"verify", "heat", "--json"});

    CHECK(text.status == 3);
    CHECK(text.output ==
          "    same  cgroup.pids.max  16  16\n"
          "heat: 1 items, all in force\n"
          "heat: runs an older unit than is loaded (cgroup.pids.max); svctl restart heat applies "
          "it\n");
    CHECK(json.status == 3);
    CHECK(json.document()["units"][0]["same"] == true);
    CHECK(json.document()["units"][0]["outdated"][0] == "cgroup.pids.max");
}

TEST_CASE("which version of a unit is started is told, also when that fails", "[svctl][N12]") {
    const std::string verb = GENERATE("start", "restart");
    const Json notes{"heat: its files have changed"};
    const FakeSupervisor good{answers(encode_reply({{"notes", notes}}))};
    const FakeSupervisor bad{answers(
        encode_error(ControlError::job_failed, {{"message", "because"}, {"notes", notes}}))};

    const Outcome done = run_svctl(good.path(), {verb, "heat"});
    const Outcome failed = run_svctl(bad.path(), {verb, "heat"});

    CHECK(done.status == 0);
    CHECK(done.output.empty());
    CHECK(done.error == "svctl: heat: its files have changed\n");
    CHECK(failed.status == 1);
    CHECK(failed.error == "svctl: heat: its files have changed\nsvctl: because\n");
    CHECK(run_svctl(good.path(), {verb, "heat", "--json"}).document()["units"][0]["notes"] ==
          notes);
}

TEST_CASE("set and revert say what holds, and which file says so", "[svctl][N15]") {
    const Json answer{{"values",
                       {{{"key", "cgroup.memory.max"},
                         {"value", "96M"},
                         {"file", "/etc/confinit/units/heat.toml.d/50-set.toml"},
                         {"line", 1}},
                        {{"key", "cgroup.pids.max"},
                         {"value", "16"},
                         {"file", "/usr/lib/confinit/units/heat.toml"},
                         {"line", 9}},
                        {{"key", "cgroup.memory.high"}, {"value", "\"max\""}, {"file", ""}}}},
                      {"files", {"/etc/confinit/units/heat.toml.d/50-set.toml"}},
                      {"in_force", true},
                      {"notes", {"a note"}}};
    const FakeSupervisor supervisor{answers(encode_reply(answer))};

    const Outcome revert = run_svctl(supervisor.path(), {"revert", "heat"});
    const Outcome json = run_svctl(supervisor.path(), {"revert", "heat", "--json"});
    const Outcome set = run_svctl(supervisor.path(), {"set", "heat", "memory.max=96M"});

    CHECK(revert.status == 0);
    CHECK(revert.error == "svctl: a note\n");
    CHECK(revert.output ==
          "cgroup.memory.max = 96M, kept in /etc/confinit/units/heat.toml.d/50-set.toml\n"
          "cgroup.pids.max = 16, from /usr/lib/confinit/units/heat.toml:9\n"
          "cgroup.memory.high = \"max\", as no file gives it\n");
    CHECK(set.output == revert.output);
    CHECK(json.document()["values"] == answer["values"]);
}

TEST_CASE("set, revert and reset-failed pass on what is asked for", "[svctl][N12][N15]") {
    const FakeSupervisor supervisor{echoes_call()};
    const auto call_of = [&](const std::vector<std::string>& arguments) {
        const Outcome outcome = run_svctl(supervisor.path(), arguments);
        REQUIRE(outcome.error.starts_with("svctl: {"));
        return Json::parse(outcome.error.substr(7), nullptr, false);
    };

    const Json set = call_of({"set", "--force", "heat", "memory.max="});
    CHECK(set["method"] == "org.confinit.Manager.Set");
    CHECK(set["parameters"] == Json{{"unit", "heat"},
                                    {"values", {{"memory.max", ""}}},
                                    {"runtime", false},
                                    {"force", true}});
    const Json reset = call_of({"reset-failed"});
    CHECK(reset["method"] == "org.confinit.Manager.ResetFailed");
    CHECK(reset["parameters"] == Json::object());
    CHECK(call_of({"reset-failed", "heat"})["parameters"] == Json{{"unit", "heat"}});
    const Json revert = call_of({"revert", "heat", "memory.max"});
    CHECK(revert["method"] == "org.confinit.Manager.Revert");
    CHECK(revert["parameters"] ==
          Json{{"unit", "heat"}, {"keys", {"memory.max"}}, {"force", false}});
    CHECK(call_of({"revert", "heat"})["parameters"] == Json{{"unit", "heat"}, {"force", false}});
}

}  // namespace
}  // namespace confinit
