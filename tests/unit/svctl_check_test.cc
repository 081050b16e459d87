// SPDX-License-Identifier: Apache-2.0
// Tests of svctl check over several files, directories and standard input.
#include "svctl_scene.h"
#include "temporary_directory.h"

#include <catch2/catch.hpp>

#include <unistd.h>

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

TEST_CASE("a group that is not there is told by its own key", "[svctl][G1]") {
    const Units units;
    units.folder().write("web.toml", "[cgroup]\ngroup = 'webb'\n" + std::string{service});
    units.folder().write("grp.toml", "[cgroup]\n");

    const Outcome outcome = units.check({units.folder().path() + "/web.toml"});

    CHECK(outcome.status == 6);
    CHECK(outcome.output.contains(
        "/web.toml:2:9: cgroup.group: there is no unit 'webb', so that this one cannot start"));
    CHECK_FALSE(outcome.output.contains("unit.requires"));
    CHECK_FALSE(outcome.output.contains("unit.after"));
}

TEST_CASE("a unit that is not there to be joined is told by the namespace's key", "[svctl][N19]") {
    const Units units;
    const std::pair<std::string, std::string> places[] = {
        {"pid", "4:7"},  {"net", "4:7"},     {"ipc", "4:7"},   {"uts", "4:7"},
        {"time", "4:8"}, {"cgroup", "4:10"}, {"mount", "4:9"}, {"user", "4:8"}};
    for (const auto& [kind, place] : places) {
        CAPTURE(kind);
        units.folder().write("web.toml",
                             std::string{service} + "[namespaces]\n" + kind + " = 'unit:mm'\n");

        const Outcome outcome = units.check({units.folder().path() + "/web.toml"});

        CHECK(outcome.status == 6);
        CHECK(outcome.output.contains("/web.toml:" + place + ": namespaces." + kind +
                                      ": there is no unit 'mm', so that this one cannot start"));
        CHECK_FALSE(outcome.output.contains("unit.requires"));
        CHECK_FALSE(outcome.output.contains("unit.after"));
    }

    // One that is written in a list as well is told there.
    units.folder().write("web.toml", "unit.requires = ['mm']\n" + std::string{service} +
                                         "[namespaces]\npid = 'unit:mm'\n");
    CHECK(units.check({units.folder().path() + "/web.toml"})
              .output.contains("/web.toml:1:18: unit.requires: there is no unit 'mm'"));
    // The unit itself is there, and cannot be joined.
    units.folder().write("web.toml", std::string{service} + "[namespaces]\npid = 'unit:web'\n");
    CHECK(units.check({units.folder().path() + "/web.toml"})
              .output.contains("/web.toml:4:7: namespaces.pid: a unit cannot join itself"));
}

TEST_CASE("check tells of a namespace that is joined and is the host's", "[svctl][N19]") {
    const Units units;
    const auto write = [&](const std::string& name, const std::string& namespaces) {
        units.folder().write("installed/" + name + ".toml",
                             std::string{service} + "[namespaces]\n" + namespaces + "\n");
    };
    write("pod", "pid = true");
    write("middle", "net = 'unit:pod'\nipc = '/run/ipc'");
    units.folder().write("web.toml", std::string{service} +
                                         "[namespaces]\npid = 'unit:pod'\nnet = 'unit:middle'\n"
                                         "ipc = 'unit:middle'\nuts = 'unit:middle'\n");

    const Outcome outcome = units.check({units.folder().path() + "/web.toml"});

    CHECK(outcome.status == 0);
    CHECK(outcome.output ==
          "warning: /web.toml:5:7: namespaces.net: 'middle' has none of its own, so that this one "
          "joins the host's\n"
          "warning: /web.toml:7:7: namespaces.uts: 'middle' has none of its own, so that this one "
          "joins the host's\n"
          "/web.toml: ok\n");
}

TEST_CASE("check of a file tells of drop-ins beside it that are not read", "[svctl][N19]") {
    const Units units;
    units.write("web", "");
    units.folder().write("units/web.toml.d/a.conf", "");

    const Outcome outcome = units.check({units.path("web")});

    CHECK(outcome.status == 0);
    CHECK(outcome.output ==
          "warning: /units/web.toml.d/a.conf: not read: the name of a drop-in ends in '.toml'\n"
          "/units/web.toml: ok\n");
}

TEST_CASE("check tells of two that conflict and are to start together", "[svctl][N19]") {
    const Units units;
    units.write("all", "wants = ['green', 'red']");
    units.write("red", "conflicts = ['green']");
    units.write("green", "");

    const Outcome outcome = units.check({units.path()});
    CHECK(
        outcome.output.contains("red: a start of 'all' leaves it out: it conflicts with 'green', "
                                "which starts with it"));
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

TEST_CASE("a unit that is nowhere is told without a key", "[svctl][N20]") {
    const Units units;

    const Outcome outcome = units.check({"nosuch"});

    CHECK(outcome.status == 4);
    CHECK(outcome.output == "there is no unit 'nosuch' in /installed\n");
}

TEST_CASE("check reads standard input", "[svctl][N19]") {
    const Units units;

    CHECK(units.check({"-"}, service).output == "standard input: ok\n");
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
    CHECK(units.check({"cold@"}).status == 4);
}

TEST_CASE("a file that cannot be read is told apart from one with a mistake", "[svctl][N20]") {
    const Units units;
    units.write("web", "");
    units.folder().write("units/secret.toml", service, 0);

    const Outcome absent = units.check({units.path("gone")});
    CHECK(absent.status == 1);
    CHECK(absent.output.ends_with("cannot open: No such file or directory\n"));
    CHECK(units.check({"nowhere"}).status == 4);
    // The first that is not good counts.
    CHECK(units.check({units.path("web"), units.path("gone"), "nowhere"}).status == 1);
    if (geteuid() != 0) CHECK(units.check({units.path("secret")}).status == 5);
}

TEST_CASE("a name of systemd's is told what stands in its place", "[svctl][N19]") {
    const Units units;
    units.write("db", "");
    units.write("web",
                "requires = ['network.target']\nwants = ['db.service', 'bd']\n"
                "wanted_by = ['multi-user.target']");

    const std::string output = units.check({units.path("web"), units.path("db")}).output;

    INFO(output);
    CHECK(
        output.contains("there is no unit 'network.target', so that this one cannot start; that "
                        "is systemd's, and nothing here needs it"));
    CHECK(output.contains("'db.service'; units are named without '.service': did you mean 'db'?"));
    CHECK(output.contains("there is no unit 'bd'\n"));
    CHECK(
        output.contains("'multi-user.target'; that is systemd's; the unit that is booted here is "
                        "'default'"));
}

}  // namespace
}  // namespace confinit
