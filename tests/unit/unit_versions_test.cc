// SPDX-License-Identifier: Apache-2.0
// The versions of a unit: which keys differ, which of them wait for a restart, and what is said.
#include "supervisor/jobs/unit_versions.h"
#include "unit/difference.h"
#include "unit_scene.h"

#include <string>
#include <vector>

namespace confinit {
namespace {

using Keys = std::vector<std::string>;

Unit web(const std::string& more) {
    auto unit = parse_unit("web", "web.toml", "[service]\ncommand = ['/bin/web']\n" + more,
                           test_vocabulary());
    INFO(more);
    REQUIRE(unit);
    return std::move(*unit);
}

Keys differing(const std::string& one, const std::string& other) {
    const Keys keys = differing_keys(web(one), web(other));
    CHECK(differing_keys(web(other), web(one)) == keys);
    return keys;
}

}  // namespace

TEST_CASE("two readings of one text do not differ", "[unit][N12]") {
    const std::string text = "user = 'nobody'\n[cgroup]\nmemory.max = '64M'\n";

    CHECK(differing(text, text).empty());
    CHECK(differing(text, "# a comment\nuser = \"nobody\"\n\n[cgroup]\nmemory.max = '64M'\n")
              .empty());
}

TEST_CASE("what is given, left out or given otherwise differs, key by key", "[unit][N12]") {
    CHECK(differing("", "user = 'nobody'\n") == Keys{"service.user"});
    CHECK(differing("[cgroup]\nmemory.max = '64M'\npids.max = 5\n",
                    "[cgroup]\nmemory.max = '96M'\npids.max = 5\n") == Keys{"cgroup.memory.max"});
    const std::string mounts = "[namespaces]\nmount = true\n[mounts]\n";
    CHECK(differing(mounts + "read_only = ['/opt']\n", mounts + "read_only = ['/opt', '/usr']\n") ==
          Keys{"mounts.read_only"});
}

TEST_CASE("of a table the keys below it are told", "[unit][N12]") {
    CHECK(differing("[process]\nrlimits = { nofile = '5:6', nproc = '7' }\n",
                    "[process]\nrlimits = { nofile = '5:7', nproc = '7' }\n") ==
          Keys{"process.rlimits.nofile"});
    CHECK(differing("[cgroup]\ncpu.max = '50%'\n",
                    "[cgroup]\ncpu.max = '60%'\n'cpu.max.burst' = '10ms'\n") ==
          Keys{"cgroup.cpu.max", "cgroup.cpu.max.burst"});
}

TEST_CASE("what only the engine asks for needs no restart", "[unit][N12]") {
    const Unit running = web("");
    const Unit loaded =
        web("restart = 'always'\nstart_timeout = '5s'\nuser = 'nobody'\n"
            "[unit]\nwants = ['db']\n");

    CHECK(outdated_keys(running, loaded, {}) == Keys{"service.user"});
}

TEST_CASE("a key that a run does without is not older", "[unit][N12]") {
    const Unit running = web("");
    const Unit loaded = web("[cgroup]\nio.weight = 50\nmemory.max = '64M'\n");
    const Keys left_out{"cgroup.io.weight"};

    CHECK(outdated_keys(running, loaded, left_out) == Keys{"cgroup.memory.max"});
}

TEST_CASE("a start says which version it takes", "[unit][N12]") {
    CHECK(version_note("web", {}, "started").empty());
    CHECK(version_note("web", {{}, OnDisk::changed, {"service.user"}}, "restarted") ==
          "web: its files have changed (service.user): the loaded unit is restarted; svctl "
          "daemon-reload takes the new one");
    CHECK(version_note("web", {{}, OnDisk::broken, {}, {"web.toml:3:1: x", "y"}}, "started") ==
          "web: its files do not load any more: the loaded unit is started: web.toml:3:1: x");
    CHECK(version_note("web", {{}, OnDisk::gone}, "started") ==
          "web: its file is gone: the loaded unit is started, and forgotten when it stops");
}

}  // namespace confinit
