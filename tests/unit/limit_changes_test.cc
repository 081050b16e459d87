// SPDX-License-Identifier: Apache-2.0
// From the limits of one reading of a unit to those of another, and where a change is kept.
#include "supervisor/units/limit_changes.h"
#include "kernel/cgroup_default.h"
#include "supervisor/jobs/change_plan.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace confinit {
namespace {

using Texts = std::vector<std::string>;

std::string written(const LimitChanges& changes) {
    std::string text;
    for (const CgroupSetting& setting : changes.settings)
        text += setting.file + " <- " + setting.value + "; ";
    for (const std::string& key : changes.lasting)
        text += key + " lasts; ";
    return text;
}

}  // namespace

TEST_CASE("a named key is written, and others only where they differ", "[unit][N15]") {
    const CgroupConfig before{{"pids.max", "5"}, {"memory.max", "64M"}};
    const CgroupConfig after{{"pids.max", "5"}, {"memory.max", "96M"}, {"memory.oom.group", "1"}};

    CHECK(written(limit_changes(before, after, Texts{"cgroup.memory.max"})) ==
          "memory.max <- 96M; memory.oom.group <- 1; ");
    CHECK(written(limit_changes(after, after, Texts{"cgroup.pids.max"})) == "pids.max <- 5; ");
    CHECK(written(limit_changes({{"memory.max", "65536K"}}, {{"memory.max", "64M"}}, {})) == "");
}

TEST_CASE("what is not set any more gets the kernel's own value", "[unit][N15]") {
    const CgroupConfig before{{"memory.max", "64M"},
                              {"memory.oom.group", "1"},
                              {"cpu.max", "50000 100000"},
                              {"cpuset.cpus", "0"},
                              {"io.weight", "8:0 50"},
                              {"io.weight", "70"},
                              {"io.max", "8:0 wbps=5"},
                              {"io.max", "8:16 wbps=5"},
                              {"memory.peak", "1", "cgroup.raw.memory.peak"}};

    CHECK(written(limit_changes(before, {{"io.max", "8:16 wbps=5"}}, {})) ==
          "memory.max <- max; memory.oom.group <- 0; cpu.max <- max 100000; cpuset.cpus <- \n; "
          "io.weight <- 8:0 default; io.weight <- default 100; "
          "io.max <- 8:0 rbps=max wbps=max riops=max wiops=max; cgroup.raw.memory.peak lasts; ");
}

TEST_CASE("a run adopts the changed files and keys and no others", "[unit][N15]") {
    CgroupConfig own{{"memory.oom.group", "1"}, {"pids.max", "5"}, {"memory.max", "64M"}};
    adopt_settings(own, {{"memory.max", "96M"}, {"pids.max", "9"}}, {{"memory.max", "96M"}});
    CHECK(written({own, {}}) == "memory.oom.group <- 1; pids.max <- 5; memory.max <- 96M; ");

    Unit running;
    running.declared = {{"cgroup.memory.max", "64M"}, {"service.user", "a"}};
    Unit loaded;
    loaded.declared = {{"service.user", "b"}};
    adopt_keys(running, loaded, Texts{"cgroup.memory.max"});
    CHECK(running.declared.size() == 1);
    CHECK(running.declared.at("service.user") == "a");
}

TEST_CASE("what a limit takes from is known by its file", "[unit][N15]") {
    CHECK(usage_file("memory.max") == "memory.current");
    CHECK(usage_file("memory.high") == "memory.current");
    CHECK(usage_file("memory.swap.max") == "memory.swap.current");
    CHECK(usage_file("pids.max") == "pids.current");
    CHECK(usage_file("hugetlb.2MB.max") == "hugetlb.2MB.current");
    CHECK(usage_file("cpu.max").empty());
    CHECK(usage_file("memory.low").empty());
}

TEST_CASE("a drop-in goes where units are read", "[unit][N15]") {
    const Texts usual{"/etc/confinit/units", "/run/confinit/units", "/usr/lib/confinit/units"};
    CHECK(drop_in_directory(usual, false) == "/etc/confinit/units");
    CHECK(drop_in_directory(usual, true) == "/run/confinit/units");
    const Texts own{"/home/me/units"};
    CHECK(drop_in_directory(own, false) == "/home/me/units");
    CHECK(drop_in_directory(own, true).empty());
    const Texts volatile_only{"/run/units"};
    CHECK(drop_in_directory(volatile_only, false) == "/run/units");
    CHECK(drop_in_directory({}, false).empty());
}

}  // namespace confinit
