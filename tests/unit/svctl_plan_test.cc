// SPDX-License-Identifier: Apache-2.0
// svctl plan, and check --here, of units with something optional.
#include "svctl_scene.h"
#include "temporary_directory.h"

#include <catch2/catch.hpp>

namespace confinit {
namespace {

class UnitFile {
public:
    explicit UnitFile(const std::string& text)
        : path_(folder_.write("units/web.toml", text)),
          installed_(folder_.make_directory("installed")) {}

    Outcome run(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"--units", installed_, path_});
        return run_svctl("/nowhere", std::move(arguments));
    }

private:
    TemporaryDirectory folder_;
    std::string path_;
    std::string installed_;
};

const std::string service = "[service]\ncommand = ['/bin/sh']\n[namespaces]\nmount = true\n";

}  // namespace

TEST_CASE("a plan leaves an optional key out as a start does", "[svctl][H3]") {
    const std::string mounts = "[mounts]\nroot = '/no/such'\n";
    const UnitFile file{"[unit]\noptional = ['mounts.root']\n" + service + mounts};
    const std::string failure = "mounts.root: open '/no/such': No such file or directory (ENOENT)";

    const Outcome text = file.run({"plan"});
    CHECK(text.status == 0);
    CHECK(text.output.contains("left out           " + failure));
    CHECK_FALSE(text.output.contains("pivot_root"));
    const Json left_out = file.run({"--json", "plan"}).document()["left_out"];
    REQUIRE(left_out.size() == 1);
    CHECK(left_out[0]["key"] == "mounts.root");
    CHECK(left_out[0]["failure"].get<std::string>().starts_with(failure));

    const UnitFile strict{service + mounts};
    CHECK(strict.run({"plan"}).status == 6);
}

TEST_CASE("a plan leaves a path out that need not be there", "[svctl][H3]") {
    const UnitFile file{service + "[mounts]\nread_only = ['-/no/such', '/usr']\n"};

    const Outcome text = file.run({"plan"});

    CHECK(text.status == 0);
    CHECK(text.output.contains("left out           mounts.read_only[0]: '/no/such'"));
    CHECK_FALSE(text.output.contains("read-only /no/such"));
    CHECK(text.output.contains("read-only /usr"));
}

TEST_CASE("a path that need not be there, and is of the wrong kind, is told", "[svctl][N14]") {
    const UnitFile file{service + "[mounts]\nbind = ['-/etc/passwd:/var', '-/no/such:/mnt']\n"};

    const Outcome outcome = file.run({"check", "--here"});

    CHECK(outcome.status == 6);
    CHECK(outcome.output.contains("mounts.bind[0]: move_mount '/var'"));
    CHECK_FALSE(outcome.output.contains("mounts.bind[1]"));
}

}  // namespace confinit
