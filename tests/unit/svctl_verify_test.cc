// SPDX-License-Identifier: Apache-2.0
// The words of svctl verify for the items that a played supervisor sends, and its exit code.
#include "svctl_scene.h"

#include <catch2/catch.hpp>

namespace confinit {

TEST_CASE("verify exits 3 when an item differs, and names it", "[svctl][H7]") {
    const Json same{{"key", "cgroup.pids.max"},
                    {"declared", "16"},
                    {"in_force", "16"},
                    {"result", "same"},
                    {"same", true}};
    const Json other{{"key", "cgroup.memory.max"},
                     {"declared", "64M"},
                     {"in_force", "max"},
                     {"result", "differs"},
                     {"same", false}};
    const FakeSupervisor honest{
        answers(encode_reply({{"unit", "heat"}, {"same", true}, {"items", {same, same}}}))};
    const FakeSupervisor changed{
        answers(encode_reply({{"unit", "heat"}, {"same", false}, {"items", {same, other}}}))};

    const Outcome good = run_svctl(honest.path(), {"verify", "heat"});
    const Outcome bad = run_svctl(changed.path(), {"verify", "heat"});

    CHECK(good.status == 0);
    CHECK(good.output.ends_with("heat: 2 items, all in force\n"));
    CHECK(bad.status == 3);
    CHECK(bad.output ==
          "    same     cgroup.pids.max    16   16\n"
          "    DIFFERS  cgroup.memory.max  64M  max\n"
          "heat: 1 of 2 items differs from the unit\n");
}

TEST_CASE("what the kernel shows to the process alone is no finding", "[svctl][H7]") {
    const Json item{{"key", "capabilities.securebits"},
                    {"declared", "noroot"},
                    {"in_force", "set before execve"},
                    {"result", "unseen"},
                    {"same", true},
                    {"seen", false}};
    const FakeSupervisor supervisor{
        answers(encode_reply({{"unit", "heat"}, {"same", true}, {"items", {item}}}))};

    const Outcome outcome = run_svctl(supervisor.path(), {"verify", "heat"});

    CHECK(outcome.status == 0);
    CHECK(outcome.output ==
          "    unseen  capabilities.securebits  noroot  set before execve\n"
          "heat: 1 items, all in force, but 1 that the kernel shows to the process alone\n");
}

TEST_CASE("what is narrower by the program's own doing is named, and no difference",
          "[svctl][N11]") {
    const Json item{{"key", "service.user"}, {"declared", "root (0)"}, {"in_force", "105"},
                    {"result", "narrower"},  {"same", true},           {"seen", true}};
    const FakeSupervisor supervisor{
        answers(encode_reply({{"unit", "dns"}, {"same", true}, {"items", {item}}}))};

    const Outcome outcome = run_svctl(supervisor.path(), {"verify", "dns"});

    CHECK(outcome.status == 0);
    CHECK(outcome.output ==
          "    narrower  service.user  root (0)  105\n"
          "dns: 1 items, all in force, 1 narrower by the program's own doing\n");
}

TEST_CASE("what a unit runs without is not counted as in force", "[svctl][H3][H7]") {
    const Json same{{"key", "cgroup.pids.max"}, {"declared", "16"}, {"in_force", "16"},
                    {"result", "same"},         {"same", true},     {"seen", true}};
    const Json missing{{"key", "mounts.root"},
                       {"declared", "optional"},
                       {"in_force", "left out: mounts.root '/srv/no': open"},
                       {"result", "left_out"},
                       {"same", true},
                       {"seen", true}};
    const Json other{{"key", "cgroup.memory.max"}, {"declared", "64M"}, {"in_force", "max"},
                     {"result", "differs"},        {"same", false},     {"seen", true}};
    const FakeSupervisor supervisor{answers(
        encode_reply({{"unit", "heat"}, {"same", true}, {"items", {same, missing, same}}}))};
    const FakeSupervisor changed{
        answers(encode_reply({{"unit", "heat"}, {"same", false}, {"items", {missing, other}}}))};

    const Outcome outcome = run_svctl(supervisor.path(), {"verify", "heat"});

    CHECK(outcome.status == 0);
    CHECK(outcome.output ==
          "    same      cgroup.pids.max  16        16\n"
          "    left out  mounts.root      optional  mounts.root '/srv/no': open\n"
          "    same      cgroup.pids.max  16        16\n"
          "heat: 2 in force, 1 left out\n");
    const Outcome bad = run_svctl(changed.path(), {"verify", "heat"});
    CHECK(bad.status == 3);
    CHECK(bad.output.ends_with("heat: 1 of 2 items differs from the unit, 1 left out\n"));
}

TEST_CASE("an item without a verdict differs", "[svctl][H7]") {
    const FakeSupervisor supervisor{
        answers(encode_reply({{"same", true}, {"items", {{{"key", "a"}}}}}))};

    CHECK(run_svctl(supervisor.path(), {"verify", "heat"}).status == 3);
}

}  // namespace confinit
