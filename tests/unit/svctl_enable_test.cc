// SPDX-License-Identifier: Apache-2.0
// Tests of svctl enable and disable: the files that they make, and those that they leave alone.
#include "svctl_scene.h"
#include "temporary_directory.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace confinit {
namespace {

constexpr std::string_view web =
    "[unit]\nwanted_by = ['default']\n[service]\ncommand = ['/bin/web']\n";

std::string text_of(const std::string& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

// A root with the unit directories of a system that is not this one.
class Root {
public:
    Root() {
        write("default.toml", "unit.wants = ['console']\n");
        write("console.toml", "[service]\ncommand = ['/bin/sh']\n");
        write("web.toml", web);
    }

    void write(const std::string& name, std::string_view text) const {
        folder_.write("usr/lib/confinit/units/" + name, text);
    }
    Outcome run(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"--root", folder_.path()});
        return run_svctl("/nowhere/control", std::move(arguments));
    }
    std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
    bool has(const std::string& name) const { return std::filesystem::exists(path(name)); }
    const TemporaryDirectory& folder() const { return folder_; }

private:
    TemporaryDirectory folder_;
};

constexpr const char* drop_in = "etc/confinit/units/default.toml.d/50-web.toml";

TEST_CASE("enable writes a drop-in of who wants the unit, and disable takes it away",
          "[svctl][N19]") {
    const Root root;

    const Outcome enabled = root.run({"enable", "web"});
    CHECK(enabled.status == 0);
    CHECK(enabled.error == "svctl: it counts when a supervisor reads these files\n");
    CHECK(enabled.output == "created /etc/confinit/units/default.toml.d/50-web.toml\n");
    CHECK(text_of(root.path(drop_in)) ==
          "# By `svctl enable`; `svctl disable web` takes it away.\n"
          "[unit]\nwants = [\"web\"]\n");

    CHECK(root.run({"enable", "web"}).error == "svctl: 'web' is enabled already\n");

    const Outcome disabled = root.run({"disable", "web", "--json"});
    CHECK(disabled.status == 0);
    CHECK(disabled.document()["units"][0]["removed"] ==
          Json{"/etc/confinit/units/default.toml.d/50-web.toml"});
    CHECK_FALSE(root.has("etc/confinit/units/default.toml.d"));
    CHECK(root.run({"disable", "web"}).error == "svctl: 'web' is not enabled\n");
}

TEST_CASE("a unit can be wanted and required by several, also an instance", "[svctl][N19]") {
    const Root root;
    root.write("net.toml", "unit.description = 'network'\n");
    root.write("web@.toml",
               "[unit]\nwanted_by = ['default', 'net']\nrequired_by = ['net']\n"
               "[service]\ncommand = ['/bin/web']\n");

    CHECK(root.run({"enable", "web@one"}).status == 0);

    CHECK(root.has("etc/confinit/units/default.toml.d/50-web@one.toml"));
    CHECK(text_of(root.path("etc/confinit/units/net.toml.d/50-web@one.toml"))
              .ends_with("[unit]\nwants = [\"web@one\"]\nrequires = [\"web@one\"]\n"));
    CHECK(root.run({"disable", "web@one"}).status == 0);
    CHECK_FALSE(root.has("etc/confinit/units/net.toml.d"));
}

TEST_CASE("what cannot be enabled says why, with an exit code of its own", "[svctl][N19][X20]") {
    const Root root;
    root.write("broken.toml", "[service]\nunknown = 1\n");

    const Outcome fixed = root.run({"enable", "console"});
    CHECK(fixed.status == 1);
    CHECK(fixed.error.find("wanted_by = [\"default\"]") != std::string::npos);
    CHECK(root.run({"enable", "nowhere"}).status == 4);
    CHECK(root.run({"enable", "../x"}).status == 4);
    CHECK(root.run({"enable", "broken"}).status == 6);
    CHECK(root.run({"disable", "nowhere"}).status == 4);
    CHECK(root.run({"disable", "../x"}).status == 4);
    CHECK_FALSE(root.has("etc"));
}

TEST_CASE("a target that is not there yet is told of", "[svctl][N19]") {
    const Root root;
    root.write("web.toml", "[unit]\nwanted_by = ['defalt']\n[service]\ncommand = ['/bin/web']\n");

    const Outcome outcome = root.run({"enable", "web"});

    CHECK(outcome.status == 0);
    CHECK(outcome.error.find("svctl: there is no unit 'defalt' yet\n") != std::string::npos);
}

TEST_CASE("a drop-in that its target would not load with is taken away again", "[svctl][N19]") {
    const Root root;
    root.write("default.toml", "[unit]\nconflicts = ['web']\n");

    const Outcome outcome = root.run({"enable", "web"});

    CHECK(outcome.status == 6);
    CHECK(outcome.error.find("'default' would not load with 'web' enabled: ") != std::string::npos);
    CHECK_FALSE(root.has(drop_in));
}

TEST_CASE("a file that somebody else has written is left alone", "[svctl][N19]") {
    const Root root;
    const std::string own = "[unit]\nwants = [\"web\"]\nafter = [\"web\"]\n";
    root.folder().write(drop_in, own);
    root.folder().write("etc/confinit/units/web.toml.d/50-web.toml", "service.user = 'www'\n");

    CHECK(root.run({"enable", "web"}).status == 1);
    const Outcome disabled = root.run({"disable", "web"});

    CHECK(disabled.error.find("default.toml.d/50-web.toml says more, and stays") !=
          std::string::npos);
    CHECK(text_of(root.path(drop_in)) == own);
    CHECK(root.has("etc/confinit/units/web.toml.d/50-web.toml"));
}

TEST_CASE("a drop-in that a package brought is named", "[svctl][N19]") {
    const Root root;
    root.write("default.toml.d/50-web.toml", "unit.wants = ['web']\n");

    CHECK(root.run({"disable", "web"}).error.find("it is still enabled by ") != std::string::npos);
}

TEST_CASE("enable says when another drop-in takes back what it has written", "[svctl][N19]") {
    const Root root;
    root.write("web.toml",
               "[unit]\nwanted_by = ['default']\nrequired_by = ['default']\n"
               "[service]\ncommand = ['/bin/web']\n");
    root.folder().write("etc/confinit/units/default.toml.d/60-x.toml", "unit.wants = []\n");
    const std::string why = "svctl: 'default' does not want it all the same: " +
                            root.path("etc/confinit/units/default.toml.d/60-x.toml:1") +
                            " comes after " + root.path(drop_in) + " and empties unit.wants\n";

    for (const char* created : {"created ", ""}) {
        const Outcome outcome = root.run({"enable", "web"});
        CHECK(outcome.status == 0);
        CHECK(outcome.output.starts_with(created));
        CHECK(outcome.error.contains(why));
        CHECK_FALSE(outcome.error.contains("does not require"));
        CHECK_FALSE(outcome.error.contains("is enabled already"));
    }
}

TEST_CASE("enable says when a file of the same name hides its own", "[svctl][N19]") {
    const Root root;
    root.folder().write("run/confinit/units/default.toml.d/50-web.toml", "");

    const Outcome outcome = root.run({"enable", "web", "--units", "/run/confinit/units", "--units",
                                      "/etc/confinit/units", "--units", "/usr/lib/confinit/units"});

    CHECK(outcome.status == 0);
    CHECK(outcome.error.contains(
        root.path("run/confinit/units/default.toml.d/50-web.toml is read in place of ")));
}

TEST_CASE("disable says who wants the unit all the same", "[svctl][N19]") {
    const Root root;
    const std::string own = "etc/confinit/units/default.toml.d/70-u.toml";
    root.folder().write(own, "[unit]\nwants = ['console', 'web']\n");
    root.write("shop.toml", "unit.requires = ['web']\n");
    root.run({"enable", "web"});

    const Outcome outcome = root.run({"disable", "web"});

    CHECK(outcome.status == 0);
    CHECK(outcome.output.starts_with("removed "));
    CHECK(outcome.error.contains("svctl: 'default' still wants it: " + root.path(own) + ":2\n"));
    CHECK(outcome.error.contains("svctl: 'shop' still requires it: " +
                                 root.path("usr/lib/confinit/units/shop.toml:1") + "\n"));
    CHECK(root.run({"disable", "console"}).error.contains("'default' still wants it"));
}

TEST_CASE("a link in another root does not lead out of it", "[svctl][N19][X13]") {
    const Root root;
    const TemporaryDirectory outside;
    root.folder().link("etc/confinit/units", outside.path());

    CHECK(root.run({"enable", "web"}).status == 1);
    CHECK(std::filesystem::is_empty(outside.path()));
}

TEST_CASE("other unit directories are read and written where they are named", "[svctl][N19]") {
    const TemporaryDirectory folder;
    folder.write("units/web.toml", web);
    folder.write("units/default.toml", "unit.wants = []\n");

    const Outcome outcome =
        run_svctl("/nowhere/control", {"enable", "web", "--units", folder.path() + "/units"});

    CHECK(outcome.status == 0);
    CHECK(std::filesystem::exists(folder.path() + "/units/default.toml.d/50-web.toml"));
}

}  // namespace
}  // namespace confinit
