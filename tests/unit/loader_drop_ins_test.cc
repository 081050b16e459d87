// SPDX-License-Identifier: Apache-2.0
// Drop-ins on disk: in which order they apply, what they replace, and what they add to.
#include "unit_folder.h"

namespace confinit {

TEST_CASE("a drop-in replaces keys, and its places are its own", "[loader]") {
    const UnitFolder folder;
    folder.write("b/web.toml",
                 "[service]\ncommand = ['/bin/web', 'x']\nuser = 'www'\n"
                 "[cgroup]\nmemory.max = '1M'\npids.max = 5\n");
    const std::string drop_in =
        folder.write("a/web.toml.d/50-more.toml",
                     "[service]\ncommand = ['/bin/other']\n[cgroup]\nmemory.max = '2M'\n");

    const auto unit = folder.load("web");

    REQUIRE(unit);
    CHECK(unit->service->command == std::vector<std::string>{"/bin/other"});
    CHECK(unit->service->user == "www");
    CHECK(unit->declared.find("cgroup.memory.max")->second == "2M");
    CHECK(unit->declared.find("cgroup.pids.max")->second == "5");
    CHECK(unit->cgroup.front().value == "2097152");
    CHECK(unit->locations.find("cgroup.memory.max")->second.file == drop_in);
    CHECK(unit->locations.find("cgroup.memory.max")->second.line == 4);
    CHECK(unit->locations.find("service.user")->second.file == folder.root() + "/b/web.toml");
    CHECK_FALSE(unit->locations.contains("service.command[1]"));
    CHECK(unit->files.size() == 2);
}

TEST_CASE("what drop-ins say of dependencies adds up, other lists are replaced", "[loader][N19]") {
    const UnitFolder folder;
    folder.write("b/default.toml", "[unit]\nwants = ['console']\ndocumentation = ['man:a']\n");
    folder.write("b/default.toml.d/50-db.toml", "unit.wants = ['db', 'console']\n");
    const std::string web = folder.write("a/default.toml.d/50-web.toml",
                                         "[unit]\nwants = ['web']\ndocumentation = ['man:b']\n");

    const auto unit = folder.load("default");

    REQUIRE(unit);
    CHECK(unit->unit.wants == std::vector<std::string>{"console", "db", "web"});
    CHECK(unit->unit.documentation == std::vector<std::string>{"man:b"});
    CHECK(unit->declared.at("unit.wants") == "[\"console\", \"db\", \"web\"]");
    CHECK(unit->locations.at("unit.wants").file == web);
    CHECK(unit->locations.at("unit.wants[0]").file == folder.root() + "/b/default.toml");
    CHECK(unit->locations.at("unit.wants[2]").file == web);
    CHECK(unit->locations.at("unit.wants[2]").line == 2);
}

TEST_CASE("an empty list takes away what came before it", "[loader][N19]") {
    const UnitFolder folder;
    folder.write("b/default.toml", "[unit]\nwants = ['console']\nafter = ['console']\n");
    folder.write("b/default.toml.d/10.toml", "unit.wants = ['db']\n");
    folder.write("b/default.toml.d/20.toml", "unit.wants = []\n");
    folder.write("b/default.toml.d/30.toml", "unit.wants = ['web']\n");

    const auto unit = folder.load("default");

    REQUIRE(unit);
    CHECK(unit->unit.wants == std::vector<std::string>{"web"});
    CHECK(unit->unit.after == std::vector<std::string>{"console"});
    folder.write("b/default.toml.d/10.toml", "unit.wants = ['a b']\n");
    CHECK(folder.faults("default").starts_with("/b/default.toml.d/10.toml:1:15: unit.wants[0]: "));
}

TEST_CASE("each of several lists that add up must be good", "[loader][N19][H2]") {
    const UnitFolder folder;
    folder.write("b/default.toml", "[unit]\nwants = ['../x']\n");
    folder.write("b/default.toml.d/10.toml", "unit.wants = ['a b']\n");
    folder.write("b/default.toml.d/20.toml", "unit.wants = 'c'\n");

    const std::string faults = folder.faults("default");

    CHECK(faults.find("/b/default.toml:2:10: unit.wants[0]: ") != std::string::npos);
    CHECK(faults.find("/b/default.toml.d/10.toml:1:15: unit.wants[0]: ") != std::string::npos);
    CHECK(faults.find("/b/default.toml.d/20.toml:1:14: unit.wants: ") != std::string::npos);
}

TEST_CASE("drop-ins apply in the order of their names, and the first directory hides", "[loader]") {
    const UnitFolder folder;
    folder.write_service("b/web.toml", "/bin/main");
    folder.write("a/web.toml.d/20.toml", "service.user = 'a20'\n");
    folder.write("b/web.toml.d/20.toml", "service.user = 'b20'\nservice.group = 'b20'\n");
    folder.write("b/web.toml.d/10.toml", "service.user = 'b10'\nservice.tty = '/dev/b10'\n");
    folder.write("b/web.toml.d/README", "not TOML");
    folder.write("b/web.toml.d/.30.toml", "not TOML");

    const auto unit = folder.load("web");

    REQUIRE(unit);
    CHECK(unit->service->user == "a20");
    CHECK(unit->service->tty == "/dev/b10");
    CHECK_FALSE(unit->service->group);
}

TEST_CASE("an instance has its template's drop-ins and then its own", "[loader]") {
    const UnitFolder folder;
    folder.write_service("a/web@.toml", "/bin/web");
    folder.write("a/web@.toml.d/90.toml", "service.user = 'all'\nservice.group = '%i'\n");
    folder.write("a/web@one.toml.d/10.toml", "service.user = 'own'\n");

    CHECK(folder.load("web@one")->service->user == "own");
    CHECK(folder.load("web@one")->service->group == "one");
    CHECK(folder.load("web@two")->service->user == "all");
}

TEST_CASE("a drop-in replaces tables whole, with what was below them", "[loader]") {
    const UnitFolder folder;
    folder.write("a/web.toml",
                 "[service]\ncommand = ['/a']\nenvironment = { A = '1', B = '2' }\n"
                 "[namespaces]\npid = { pid1 = 'self' }\nuts = { hostname = 'x' }\n");
    folder.write("a/web.toml.d/1.toml",
                 "service.environment = { C = '3' }\nnamespaces.pid = true\n"
                 "namespaces.uts = false\n");

    const auto unit = folder.load("web");

    REQUIRE(unit);
    CHECK(unit->service->environment ==
          std::vector<std::pair<std::string, std::string>>{{"C", "3"}});
    CHECK(unit->namespaces.pid);
    CHECK_FALSE(unit->namespaces.pid1_is_service);
    CHECK_FALSE(unit->namespaces.uts);
    CHECK_FALSE(unit->namespaces.hostname);
    CHECK_FALSE(unit->declared.contains("namespaces.pid.pid1"));
}

}  // namespace confinit
