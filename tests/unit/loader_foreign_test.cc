// SPDX-License-Identifier: Apache-2.0
// Files in unit directories that are never read, and what is said of them.
#include "unit/unit_files.h"
#include "unit_folder.h"

namespace confinit {
namespace {

std::vector<std::string> foreign_in(const UnitFolder& folder) {
    std::vector<std::string> texts = foreign_files(folder.path());
    for (std::string& text : texts)
        text.erase(0, folder.root().size());
    return texts;
}

}  // namespace

TEST_CASE("files that are no unit files are told, each with the reason", "[loader][N19]") {
    const UnitFolder folder;
    folder.write_service("b/web.toml", "/bin/web");
    folder.write_service("b/heat@.toml", "/bin/heat");
    folder.write("a/web.toml.d/50.toml", "");
    folder.write("a/heat@one.toml.d/50.toml", "");
    folder.write("a/.web.toml.swp", "");
    CHECK(foreign_in(folder).empty());

    folder.write("a/web.service", "");
    folder.write("a/web.toml~", "");
    folder.write("a/web.toml.bak", "");
    folder.write("a/we b.toml", "");
    folder.write("a/wants/web.toml", "");
    folder.write("a/web.toml.d/60.conf", "");
    folder.write("a/wbe.toml.d/50.toml", "");
    folder.write("a/net.toml.d", "");

    CHECK(foreign_in(folder) ==
          std::vector<std::string>{
              "/a/net.toml.d: not read: it is no directory",
              "/a/wants: not read: the directories that are read end in '.toml.d'",
              "/a/wbe.toml.d: not read: there is no unit 'wbe' that it belongs to",
              "/a/we b.toml: not read: " + unit_name_fault("we b"),
              "/a/web.service: not read: the name of a unit file ends in '.toml'",
              "/a/web.toml.bak: not read: the name of a unit file ends in '.toml'",
              "/a/web.toml.d/60.conf: not read: the name of a drop-in ends in '.toml'",
              "/a/web.toml~: not read: the name of a unit file ends in '.toml'"});
}

TEST_CASE("a drop-in of a unit in another directory of the search path is read", "[loader][N19]") {
    const UnitFolder folder;
    folder.write_service("b/web.toml", "/bin/web");
    folder.write("a/web.toml.d/50.toml", "");
    folder.write("a/wbe.toml.d/50.toml", "");
    const std::vector<std::string> only_a{folder.path().front()};

    CHECK(foreign_files(only_a).size() == 2);
    CHECK(foreign_files(only_a, folder.path()).size() == 1);
}

TEST_CASE("files that were meant for a unit are told with it", "[loader][N19]") {
    const UnitFolder folder;
    folder.write_service("b/web.toml", "/bin/web");
    folder.write_service("b/heat@.toml", "/bin/heat");
    folder.write("a/web.d/10.toml", "");
    folder.write("a/web.service.d/10.conf", "");
    folder.write("a/web.toml.d/override.conf", "");
    folder.write("a/webcam.service", "");
    folder.write("a/heat@.service", "");

    CHECK(foreign_files_of("web", folder.path()).size() == 3);
    CHECK(foreign_files_of("heat@1", folder.path()).size() == 1);
    CHECK(foreign_files_of("other", folder.path()).empty());
    CHECK(folder.faults("webcam") ==
          "there is no unit 'webcam' in /a, /b, /absent; /a/webcam.service is not read: the name "
          "of a unit file ends in '.toml'\n");
}

TEST_CASE("many files that are no unit files are counted", "[loader][N19][R5]") {
    const UnitFolder folder;
    for (int i = 0; i < 1000; ++i)
        folder.write("a/" + std::to_string(i), "");

    const auto texts = foreign_in(folder);

    CHECK(texts.size() == 21);
    CHECK(texts.back() == "/a: 980 more that are not read");
}

}  // namespace confinit
