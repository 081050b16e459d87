// SPDX-License-Identifier: Apache-2.0
// Drop-ins that a program writes: how a value is meant, lines put in and taken out, and drafts.
#include "unit/drop_in_text.h"
#include "temporary_directory.h"
#include "unit/drafts.h"
#include "unit/limit_key.h"
#include "unit_scene.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace confinit {
namespace {

using Texts = std::vector<std::string>;

std::string limit_key(std::string_view word) {
    const auto key = find_limit_key(word);
    return key ? *key : "error: " + key.error().text();
}

}  // namespace

TEST_CASE("a synonym of a limit is told the limit, and never its opposite", "[unit][N15]") {
    for (const char* word : {"memory.limit", "cgroup.memory.limit"}) {
        CHECK(limit_key(word) == "error: there is no key '" + std::string{word} +
                                     "'; did you mean 'cgroup.memory.max'?");
    }
    CHECK_FALSE(limit_key("nofile").contains("rlimits"));
}

TEST_CASE("a value is a text unless it is TOML already", "[unit][N15]") {
    CHECK(value_readings("64M") == Texts{"\"64M\""});
    CHECK(value_readings("5") == Texts{"5", "\"5\""});
    CHECK(value_readings("true") == Texts{"true"});
    CHECK(value_readings("[\"a\"]") == Texts{"[\"a\"]"});
    CHECK(value_readings("{ \"/\" = \"wbps=1M\" }") == Texts{"{ \"/\" = \"wbps=1M\" }"});
    CHECK(value_readings("a\"b\\") == Texts{"\"a\\\"b\\\\\""});
}

TEST_CASE("a key has one line, and all others stay as they are", "[unit][N15]") {
    std::string text = with_key("", "cgroup.memory.max", "\"64M\"");
    CHECK(text == "cgroup.memory.max = \"64M\"\n");
    text = with_key(text, "cgroup.cpu.max.burst", "\"1ms\"");
    CHECK(text == "cgroup.memory.max = \"64M\"\ncgroup.\"cpu.max.burst\" = \"1ms\"\n");
    text = with_key(text, "cgroup.memory.max", "\"96M\"");
    CHECK(text == "cgroup.memory.max = \"96M\"\ncgroup.\"cpu.max.burst\" = \"1ms\"\n");
    CHECK(keys_in(text) == Texts{"cgroup.cpu.max.burst", "cgroup.memory.max"});
    CHECK(without_keys(text, Texts{"cgroup.cpu.max.burst"}) == "cgroup.memory.max = \"96M\"\n");
    CHECK(without_keys(text, keys_in(text)) == "");
}

TEST_CASE("what a person has added to the drop-in stays", "[unit][N15]") {
    const std::string text =
        "# mine\ncgroup.memory.max=\"64M\" # old\n\n[service]\nuser = \"nobody\"\n";

    CHECK(with_key(text, "cgroup.memory.max", "\"96M\"") ==
          "# mine\ncgroup.memory.max = \"96M\"\n\n[service]\nuser = \"nobody\"\n");
    CHECK(with_key(text, "cgroup.pids.max", "5") ==
          "# mine\ncgroup.memory.max=\"64M\" # old\n\ncgroup.pids.max = 5\n[service]\n"
          "user = \"nobody\"\n");
    CHECK(without_keys(text, Texts{"cgroup.memory.max"}) ==
          "# mine\n\n[service]\nuser = \"nobody\"\n");
}

TEST_CASE("a limit is known with and without its table, and by its nearest word", "[unit][N15]") {
    CHECK(limit_key("cgroup.memory.max") == "cgroup.memory.max");
    CHECK(limit_key("memory.max") == "cgroup.memory.max");
    CHECK(limit_key("cpu.max.burst") == "cgroup.cpu.max.burst");
    CHECK(limit_key("memory.mux") ==
          "error: there is no key 'memory.mux'; did you mean 'memory.max'?");
    CHECK(limit_key("cgroup.pid.max") ==
          "error: there is no key 'cgroup.pid.max'; did you mean 'cgroup.pids.max'?");
    CHECK(limit_key("zzzzzz") == "error: there is no key 'zzzzzz'");
    CHECK(limit_key("service.user").find("only limits") != std::string::npos);
    CHECK(limit_key("nice").find("'process.nice' cannot be changed") != std::string::npos);
    CHECK(limit_key("delegate").find("settled when the run begins") != std::string::npos);
    CHECK(limit_key("").starts_with("error: "));
}

TEST_CASE("a unit is read with a draft as with the file", "[loader][N15]") {
    const TemporaryDirectory directory;
    chmod(directory.path().c_str(), 0755);
    std::ofstream{directory.path() + "/web.toml"}
        << "[service]\ncommand = ['/bin/web']\n[cgroup]\npids.max = 5\n";
    const Texts path{directory.path()};
    Draft draft{.directory = directory.path(),
                .unit_file = "web.toml",
                .name = "50-set.toml",
                .text = "cgroup.pids.max = 7\n"};

    const auto unit = load_unit_with("web", path, test_vocabulary(), {&draft, 1});
    REQUIRE(unit);
    CHECK(unit->declared.at("cgroup.pids.max") == "7");
    CHECK(unit->locations.at("cgroup.pids.max").file == draft.path());

    // The draft stands in place of the file, and an empty one of no file.
    std::filesystem::create_directory(directory.path() + "/web.toml.d");
    std::ofstream{draft.path()} << "cgroup.pids.max = 9\n";
    CHECK(load_unit_with("web", path, test_vocabulary(), {&draft, 1})
              ->declared.at("cgroup.pids.max") == "7");
    draft.text.clear();
    CHECK(load_unit_with("web", path, test_vocabulary(), {&draft, 1})
              ->declared.at("cgroup.pids.max") == "5");
    CHECK(load_unit("web", path, test_vocabulary())->declared.at("cgroup.pids.max") == "9");

    draft.text = "cgroup.pids.max = 'x'\n";
    const auto bad = load_unit_with("web", path, test_vocabulary(), {&draft, 1});
    REQUIRE_FALSE(bad);
    CHECK(bad.error().front().location.file == draft.path());
}

}  // namespace confinit
