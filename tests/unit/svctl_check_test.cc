// SPDX-License-Identifier: Apache-2.0
// Tests of svctl check over several files, directories and standard input, and of explain.
#include "svctl_scene.h"
#include "temporary_directory.h"

#include <catch2/catch.hpp>

namespace confinit {
namespace {

constexpr std::string_view service = "[service]\ncommand = ['/bin/true']\n";

// A folder with unit files, and an empty one in place of the machine's own.
class Units {
public:
    Units() { installed_ = folder_.make_directory("installed"); }

    void write(const std::string& name, const std::string& unit_table) const {
        folder_.write("units/" + name + ".toml",
                      "[unit]\n" + unit_table + "\n" + std::string{service});
    }
    std::string path(const std::string& name = "") const {
        return folder_.path() + "/units" + (name.empty() ? "" : "/" + name + ".toml");
    }
    Outcome check(std::vector<std::string> arguments, std::string_view input = {}) const {
        arguments.insert(arguments.begin(), {"check", "--units", installed_});
        Outcome outcome = run_svctl("/nowhere", std::move(arguments), input);
        for (auto at = outcome.output.find(folder_.path()); at != std::string::npos;
             at = outcome.output.find(folder_.path())) {
            outcome.output.erase(at, folder_.path().size());
        }
        return outcome;
    }
    const TemporaryDirectory& folder() const { return folder_; }

private:
    TemporaryDirectory folder_;
    std::string installed_;
};

TEST_CASE("check reads a directory and tells what in it is no unit", "[svctl][N19]") {
    const Units units;
    units.write("db", "");
    units.write("web", "requires = ['db']");
    units.folder().write("units/web.service", "");

    const Outcome outcome = units.check({units.path()});

    CHECK(outcome.status == 0);
    CHECK(outcome.output ==
          "/units/db.toml: ok\n"
          "/units/web.toml: ok\n"
          "warning: /units/web.service: not read: the name of a unit file ends in '.toml'\n"
          "/units: ok\n");
}

TEST_CASE("check sees units that are not there, across the files that it is given",
          "[svctl][N19]") {
    const Units units;
    units.write("db", "");
    units.write("web", "requires = ['db']\nwants = ['cache']");

    const Outcome alone = units.check({units.path("web")});
    CHECK(alone.status == 6);
    CHECK(
        alone.output.starts_with("/units/web.toml:2:13: unit.requires: there is no unit 'db', so "
                                 "that this one cannot start\n"));
    CHECK(
        alone.output.find("warning: /units/web.toml:3:10: unit.wants: there is no unit 'cache'") !=
        std::string::npos);
    CHECK(units.check({units.path("web"), units.path("db")}).status == 0);

    units.folder().write("installed/db.toml", service);
    CHECK(units.check({units.path("web")}).status == 0);
}

TEST_CASE("check sees a cycle of order across files and the installed units", "[svctl][N19][R6]") {
    const Units units;
    units.write("one", "after = ['two']");
    units.write("two", "after = ['one']");

    const Outcome both = units.check({units.path()});
    CHECK(both.status == 6);
    CHECK(both.output.find("/units/two.toml:2:9: unit.after: ordering cycle: two -> one -> two") !=
          std::string::npos);

    units.folder().write("installed/two.toml", "[unit]\nafter = ['one']\n" + std::string{service});
    CHECK(units.check({units.path("one")}).output.find("ordering cycle: one -> two -> one") !=
          std::string::npos);
}

TEST_CASE("check reads standard input", "[svctl][N19]") {
    const Units units;

    CHECK(units.check({"-"}, service).output == "-: ok\n");
    const Outcome bad = units.check({"-"}, "[service]\nuser = nobody\n");
    CHECK(bad.status == 6);
    CHECK(bad.output ==
          "standard input:2:8: service.user: a text needs quotes: user = \"nobody\"\n");
}

TEST_CASE("check reads a template by its path and by its name", "[svctl][N19]") {
    const Units units;
    units.write("web@", "description = 'number %i'");
    units.folder().write("installed/heat@.toml", service);

    CHECK(units.check({units.path("web@")}).status == 0);
    CHECK(units.check({"heat@"}).output == "heat@: ok\n");
    CHECK(units.check({"cold@"}).status == 6);
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
    CHECK(slip.error == "svctl: there is no key 'MemoryMx'; did you mean 'MemoryMax'?\n");
}

}  // namespace
}  // namespace confinit
