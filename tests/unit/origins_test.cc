// SPDX-License-Identifier: Apache-2.0
// Origins: the file that gives a value, and the values that a later file overrides.
#include "unit/origins.h"
#include "unit_folder.h"

namespace confinit {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view web =
    "[service]\ncommand = ['/bin/web']\n[cgroup]\nmemory.max = '64M'\npids.max = 5\n";

}  // namespace

TEST_CASE("a value that a later file gives again is told with both places", "[unit][N12]") {
    const UnitFolder folder;
    const std::string main = folder.write("b/web.toml", web);
    const std::string first = folder.write("b/web.toml.d/10.toml", "cgroup.memory.max = '90M'\n");
    const std::string set = folder.write("a/web.toml.d/50-set.toml",
                                         "cgroup.cpu.weight = 5\ncgroup.memory.max = '9M'\n");

    const auto unit = folder.load("web");

    REQUIRE(unit);
    CHECK(overridden_values(*unit) ==
          Lines{"cgroup.memory.max of " + main + ":4 is overridden by " + first + ":1",
                "cgroup.memory.max of " + first + ":1 is overridden by " + set + ":2"});
    CHECK(origins_in_drop_ins(*unit) ==
          std::map<std::string, std::string>{{"cgroup.cpu.weight", set + ":1"},
                                             {"cgroup.memory.max", set + ":2"}});
    CHECK(overridden_values(good(minimal_service)).empty());
    CHECK(origins_in_drop_ins(good(minimal_service)).empty());
}

TEST_CASE("a list that drop-ins add to has all its places, and is not overridden", "[unit][N19]") {
    const UnitFolder folder;
    const std::string main = folder.write("b/default.toml", "unit.wants = ['console']\n");
    const std::string db = folder.write("b/default.toml.d/50-db.toml", "unit.wants = ['db']\n");

    const auto added = folder.load("default");

    REQUIRE(added);
    CHECK(overridden_values(*added).empty());
    CHECK(origins_in_drop_ins(*added) ==
          std::map<std::string, std::string>{{"unit.wants", main + ":1, " + db + ":1"}});

    const std::string none = folder.write("b/default.toml.d/60.toml", "unit.wants = []\n");
    const auto emptied = folder.load("default");
    REQUIRE(emptied);
    CHECK(overridden_values(*emptied) ==
          Lines{"unit.wants of " + main + ":1 is overridden by " + none + ":1",
                "unit.wants of " + db + ":1 is overridden by " + none + ":1"});
    // Nobody has edited what was there before.
    CHECK(edits_without_effect(*added, *emptied).empty());
}

TEST_CASE("an edit that a drop-in overrides is told, once", "[unit][N12]") {
    const UnitFolder folder;
    const std::string main = folder.write("b/web.toml", web);
    const auto alone = folder.load("web");
    const std::string set = folder.write("a/web.toml.d/50-set.toml", "cgroup.memory.max = '9M'\n");
    const auto before = folder.load("web");
    folder.write("b/web.toml",
                 "[service]\ncommand = ['/bin/web']\n[cgroup]\nmemory.max = '66M'\npids.max = 6\n");
    const auto after = folder.load("web");
    const std::string early = folder.write("b/web.toml.d/10.toml", "cgroup.memory.max = '3M'\n");
    const auto more = folder.load("web");
    REQUIRE((alone && before && after && more));

    CHECK(edits_without_effect(*alone, *before).empty());
    CHECK(edits_without_effect(*before, *before).empty());
    CHECK(edits_without_effect(*before, *after) ==
          Lines{main + ":4: cgroup.memory.max is overridden by " + set +
                ":1, so that this edit changes nothing; `svctl revert web cgroup.memory.max` "
                "would let it count"});
    CHECK(edits_without_effect(*after, *after).empty());
    CHECK(edits_without_effect(*after, *more).size() == 1);
    CHECK(edits_without_effect(*after, *more)[0].starts_with(early + ":1: cgroup.memory.max"));
}

}  // namespace confinit
