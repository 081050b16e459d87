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

TEST_CASE("many files that are no unit files are counted", "[loader][N19][R5]") {
    const UnitFolder folder;
    for (int i = 0; i < 1000; ++i)
        folder.write("a/" + std::to_string(i), "");

    const auto texts = foreign_in(folder);

    CHECK(texts.size() == 21);
    CHECK(texts.back() == "/a: 980 more that are not read");
}

}  // namespace confinit
