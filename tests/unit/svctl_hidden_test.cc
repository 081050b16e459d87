// SPDX-License-Identifier: Apache-2.0
// Tests of svctl: what a caller may read, and what it is told of the rest.
#include "svctl_scene.h"
#include "temporary_directory.h"

#include <catch2/catch.hpp>

#include <string>

namespace confinit {

TEST_CASE("cat gives the text of a file as it is when that is not a terminal", "[svctl]") {
    const TemporaryDirectory directory;
    const std::string one = directory.write("a", "x\x1b\n");
    const std::string other = directory.write("b", "y\n");
    const FakeSupervisor supervisor{answers(encode_reply({{"files", {one, other}}}))};

    CHECK(run_svctl(supervisor.path(), {"cat", "heat"}).output ==
          "# " + one + "\nx\x1b\n\n# " + other + "\ny\n");
}

TEST_CASE("cat reads the files itself, so that nobody reads more than it may", "[svctl][N3]") {
    const FakeSupervisor supervisor{answers(encode_reply({{"files", {"/absent/a.toml"}}}))};

    const Outcome outcome = run_svctl(supervisor.path(), {"cat", "heat"});

    CHECK(outcome.status == 1);
    CHECK(outcome.output == "");
    CHECK(outcome.error.contains("/absent/a.toml"));
}

TEST_CASE("what is hidden is told", "[svctl][N3]") {
    const FakeSupervisor shown{answers(
        encode_reply({{"properties", {{"run.pid", "7"}}}, {"hidden", "the keys are for others"}}))};
    CHECK(run_svctl(shown.path(), {"show", "heat"}).output ==
          "run.pid=7\n# the keys are for others\n");

    const FakeSupervisor status{answers(
        encode_reply({{"status", {{"name", "heat"}, {"log_hidden", "log lines are for"}}}}))};
    CHECK(run_svctl(status.path(), {"status", "heat"}).output.contains("log lines are for"));
}

}  // namespace confinit
