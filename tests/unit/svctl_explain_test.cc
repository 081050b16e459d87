// SPDX-License-Identifier: Apache-2.0
// Tests of svctl explain: keys, words of systemd's, values, and system calls.
#include "svctl_scene.h"

#include <catch2/catch.hpp>

namespace confinit {
namespace {

Json explained(const std::string& word) {
    const Outcome outcome = run_svctl("/nowhere", {"explain", "--json", word});
    INFO(word);
    REQUIRE(outcome.status == 0);
    return outcome.document();
}

TEST_CASE("explain finds a key by systemd's word and by its last parts", "[svctl][N19]") {
    for (const char* word : {"MemoryMax", "memorymax=", "memory.max", "cgroup.memory.max"}) {
        INFO(word);
        const Json keys = run_svctl("/nowhere", {"explain", "--json", word}).document()["keys"];
        REQUIRE(keys.size() == 1);
        CHECK(keys[0]["path"] == "cgroup.memory.max");
        CHECK(keys[0]["drop_ins"] == "replace");
    }
    CHECK(
        run_svctl("/nowhere", {"explain", "unit.wants"}).output.find("drop-ins  add to the list") !=
        std::string::npos);
}

TEST_CASE("explain says what there is in place of a word of systemd's", "[svctl][N19]") {
    const Outcome outcome = run_svctl("/nowhere", {"explain", "PIDFile="});

    CHECK(outcome.status == 0);
    CHECK(outcome.output.starts_with("PIDFile=\n    There is no such key: run the daemon in the "));
    const Json document = run_svctl("/nowhere", {"explain", "--json", "Type=forking"}).document();
    CHECK(document["foreign"][0]["word"] == "Type=forking");

    const Outcome slip = run_svctl("/nowhere", {"explain", "MemoryMx"});
    CHECK(slip.status == 1);
    CHECK(
        slip.error ==
        "svctl: there is no key, directive or system call 'MemoryMx'; did you mean 'MemoryMax'?\n");
    CHECK(run_svctl("/nowhere", {"explain", "memory.limit"})
              .error.ends_with("did you mean 'cgroup.memory.max'?\n"));
    CHECK(run_svctl("/nowhere", {"explain", "nofile"})
              .error.ends_with("did you mean 'process.rlimits'?\n"));
}

TEST_CASE("explain takes a section of systemd's for the table, or says what is in its place",
          "[svctl][N19]") {
    CHECK(explained("Service")["keys"][0]["path"] == "service.type");
    CHECK(explained("Unit")["keys"][0]["path"] == "unit.description");
    CHECK(std::string{explained("Install")["foreign"][0]["advice"]}.starts_with("unit.wanted_by"));
    CHECK(explained("Socket")["foreign"].size() == 1);
}

TEST_CASE("explain knows the values of keys, ours and systemd's", "[svctl][N19]") {
    CHECK(explained("oneshot")["keys"][0]["path"] == "service.type");
    CHECK(explained("on-failure")["keys"][0]["path"] == "service.restart");
    CHECK(explained("forking")["foreign"][0]["word"] == "Type=forking");
    CHECK(explained("simple")["foreign"][0]["word"] == "Type=simple");
}

TEST_CASE("explain tells of a system call by its name and by its number", "[svctl][H13]") {
    const Json call = explained("openat")["calls"][0];

    CHECK(call["name"] == "openat");
    CHECK(explained(call["number"].dump())["calls"][0] == call);
    CHECK(run_svctl("/nowhere", {"explain", "openat"}).output.starts_with("openat\n"));
    CHECK(explained("kill")["keys"].empty());
}

TEST_CASE("explain has no absurd suggestion", "[svctl][H2]") {
    CHECK(run_svctl("/nowhere", {"explain", "foo"}).error ==
          "svctl: there is no key, directive or system call 'foo'\n");
    CHECK(run_svctl("/nowhere", {"explain", "@network"})
              .error.ends_with("did you mean '@network-io'?\n"));
    CHECK(run_svctl("/nowhere", {"explain", "opneat"}).error.ends_with("did you mean 'openat'?\n"));
    CHECK(run_svctl("/nowhere", {"explain", "4294967297"}).status == 1);
}

TEST_CASE("what is explained by another key names it", "[svctl][N20]") {
    CHECK(run_svctl("/nowhere", {"explain", "directories.logs"})
              .output.contains("As directories.state, below /var/log"));
}

}  // namespace
}  // namespace confinit
