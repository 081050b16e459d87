// SPDX-License-Identifier: Apache-2.0
// Reading a unit file as a whole: unknown words, places, templates, and hostile text.
#include "unit_scene.h"

#include <ctime>

namespace confinit {
namespace {

std::string repeated(std::string_view piece, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += piece;
    return text;
}

double processor_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

TEST_CASE("a misspelled key names the nearest valid one", "[unit][H2]") {
    CHECK(faults("[service]\ncommand = ['/a']\nrestrat = 'no'\n") ==
          "web.toml:3:1: service.restrat: unknown key; did you mean 'restart'?\n");
    CHECK(faults("[service]\ncommand = ['/a']\n[cgroup]\nmemory.mx = 1\n  cpu.wieght = 5\n") ==
          "web.toml:4:8: cgroup.memory.mx: unknown key; did you mean 'memory.max'?\n"
          "web.toml:5:7: cgroup.cpu.wieght: unknown key; did you mean 'cpu.weight'?\n");
}

TEST_CASE("a misspelled table names the nearest valid one", "[unit][H2]") {
    CHECK(faults("[service]\ncommand = ['/a']\n[sercomp]\nallow = ['nonsense']\n") ==
          "web.toml:3:2: sercomp: unknown table; did you mean 'seccomp'?\n");
}

TEST_CASE("a key in the wrong table is told where it belongs", "[unit][H2]") {
    CHECK(faults("[service]\ncommand = ['/a']\nnice = 5\n") ==
          "web.toml:3:1: service.nice: unknown key; did you mean 'process.nice'?\n");
}

TEST_CASE("a systemd directive is told the key that answers to it", "[unit][H2]") {
    CHECK(faults("[service]\nExecStart = '/a'\ncommand = ['/a']\n") ==
          "web.toml:2:1: service.ExecStart: unknown key; did you mean 'service.command'?\n");
}

TEST_CASE("a systemd directive without a key is told what there is in its place",
          "[unit][H2][N19]") {
    CHECK(faults("[service]\ncommand = ['/a']\nPIDFile = '/run/a.pid'\n")
              .starts_with("web.toml:3:1: service.PIDFile: unknown key; run the daemon in the "
                           "foreground, "));
    CHECK(faults("[service]\ncommand = ['/a']\n[Install]\nWantedBy = ['x']\n") ==
          "web.toml:3:2: Install: unknown table; unit.wanted_by and unit.required_by count once "
          "`svctl enable` was run\n");
    CHECK(faults("[Service]\ncommand = ['/a']\n") ==
          "web.toml:1:2: Service: unknown table; did you mean 'service'?\n");
}

TEST_CASE("a far-off word has no suggestion", "[unit][H2]") {
    CHECK(faults("[service]\ncommand = ['/a']\nzzzzzzzzzz = 5\n") ==
          "web.toml:3:1: service.zzzzzzzzzz: unknown key\n");
}

TEST_CASE("all problems of a file come at once, in the order of its lines", "[unit][H2]") {
    const auto unit = parse(
        "[unit]\n"
        "description = 5\n"
        "[service]\n"
        "restart = 'yes'\n"
        "usr = 'nobody'\n"
        "[seccomp]\n"
        "allow = ['openatt', 'read']\n"
        "[namespaces]\n"
        "net = 1\n");

    REQUIRE(!unit);
    std::vector<std::pair<unsigned, std::string>> lines;
    for (const Problem& problem : unit.error()) {
        lines.emplace_back(problem.location.line, problem.key);
    }
    CHECK(lines == std::vector<std::pair<unsigned, std::string>>{{2, "unit.description"},
                                                                 {3, "service"},
                                                                 {4, "service.restart"},
                                                                 {5, "service.usr"},
                                                                 {7, "seccomp.allow[0]"},
                                                                 {9, "namespaces.net"}});
}

TEST_CASE("places count characters, not bytes", "[unit][H2]") {
    CHECK(faults("[service]\ncommand = ['/a', 'ü', 5]\n").starts_with("web.toml:2:23: "));
}

TEST_CASE("a table in place of a key and a key in place of a table are refused", "[unit][H2]") {
    CHECK(faults("service = 5\n") == "web.toml:1:1: service: expected a table\n");
    CHECK(faults("[[service]]\ncommand = ['/a']\n") == "web.toml:1:3: service: expected a table\n");
    CHECK(faults("[service]\ncommand = ['/a']\n[cgroup]\nmemory = '64M'\n") ==
          "web.toml:4:1: cgroup.memory: expected a table; did you mean 'memory.max'?\n");
    CHECK(faults("[service]\ncommand = ['/a']\nuser.name = 'x'\n") ==
          "web.toml:3:1: service.user: expected a user name or a decimal id; got a table\n");
}

TEST_CASE("a dotted key is written without quotes", "[unit]") {
    CHECK(faults("[service]\ncommand = ['/a']\n[cgroup]\n'cpu.weight' = 5\n") ==
          "web.toml:4:1: cgroup.cpu.weight: the dots of a key are written outside of quotes\n");
}

TEST_CASE("the ways in which TOML writes a key are the same", "[unit]") {
    for (const char* text :
         {"cgroup.cpu.weight = 7", "[cgroup]\ncpu.weight = 7", "[cgroup.cpu]\nweight = 7",
          "cgroup = { cpu = { weight = 7 } }", "[cgroup]\n\"cpu\".'weight' = 7"}) {
        const Unit unit = good(std::string{"service.command = ['/a']\n"} + text);

        INFO(text);
        REQUIRE(unit.cgroup.size() == 1);
        CHECK(unit.cgroup[0].value == "7");
        CHECK(unit.declared.find("cgroup.cpu.weight")->second == "7");
    }
}

TEST_CASE("a syntax error has its place", "[unit][H2]") {
    CHECK(faults("[service]]\n").starts_with("web.toml:1:10: not valid TOML: "));
    CHECK(faults("[service]\nuser = 'a'\nuser = 'b'\n").starts_with("web.toml:3:"));
    CHECK(faults("[service]\n\xff = 1\n").starts_with("web.toml:1:10: not valid TOML: "));
}

TEST_CASE("declared texts and places are kept for every given key", "[unit]") {
    const Unit unit = good(
        "[service]\n"
        "command = ['/bin/echo', 'a \"b\"']\n"
        "environment = { A = '1' }\n"
        "[cgroup]\n"
        "memory.max = '64M'\n");

    CHECK(unit.declared.find("service.command")->second == R"(["/bin/echo", "a \"b\""])");
    CHECK(unit.declared.find("service.environment.A")->second == "1");
    CHECK(unit.declared.find("cgroup.memory.max")->second == "64M");
    CHECK(unit.declared.find("cgroup.memory.high") == unit.declared.end());
    CHECK(unit.declared.find("service.command[0]") == unit.declared.end());
    REQUIRE(unit.locations.contains("service.command[1]"));
    CHECK(unit.locations.find("service.command[1]")->second.line == 2);
    CHECK(unit.locations.find("service.command[1]")->second.column == 25);
    CHECK(unit.locations.find("service")->second.line == 1);
}

TEST_CASE("the texts of an instance name the instance and the unit", "[unit]") {
    const Unit unit = good(
        "unit.after = ['net-%i']\n"
        "[service]\n"
        "command = ['/bin/web', '--id=%i', '%n', '100%', '%d']\n"
        "environment = { ID = '%i%i' }\n"
        "[cgroup]\n"
        "cpu.max = '50%'\n",
        "web@a1");

    CHECK(unit.name == "web@a1");
    CHECK(unit.instance == "a1");
    CHECK(unit.unit.after == std::vector<std::string>{"net-a1"});
    CHECK(unit.service->command ==
          std::vector<std::string>{"/bin/web", "--id=a1", "web@a1", "100%", "%d"});
    CHECK(unit.service->environment[0].second == "a1a1");
    CHECK(unit.cgroup[0].value == "50000 100000");
    CHECK(unit.declared.find("service.environment.ID")->second == "a1a1");
}

TEST_CASE("a unit that is no instance keeps its percent signs", "[unit]") {
    const Unit unit = good("service.command = ['/bin/date', '%i']\n");

    CHECK(unit.service->command[1] == "%i");
}

TEST_CASE("a template is checked with an instance", "[unit]") {
    const Unit unit = good("service.command = ['/bin/echo', '%i']\n", "web@");

    CHECK(unit.name == "web@instance");
    CHECK(unit.service->command[1] == "instance");
}

TEST_CASE("an instance cannot leave the path that it is put into", "[unit]") {
    CHECK(
        faults("service.command = ['/bin/a']\nservice.working_directory = '/srv/%i'\n", "web@.") ==
        "web.toml:2:29: service.working_directory: '/srv/.' has the part '.'; write it without\n");
}

TEST_CASE("filling in an instance cannot make a unit large", "[unit][R1]") {
    const std::string text = "service.command = ['/a', '" + repeated("%i", 2'000) + "']\n";

    good(text, "web@1");
    CHECK(faults(text, "web@" + std::string(190, 'x')) ==
          "web.toml: with its specifiers filled in, it is larger than 256 KiB\n");
}

TEST_CASE("unit names are plain words", "[unit][X13]") {
    for (const char* name : {"heat", "heat@1", "heat@", "a", "A-b_c:d.e", "0", "heat@a.b"}) {
        INFO(name);
        CHECK(is_valid_unit_name(name));
    }
    for (const std::string& name :
         {std::string{}, std::string{"../x"}, std::string{".x"}, std::string{"a/b"},
          std::string{"a..b"}, std::string{"a@b@c"}, std::string{"@a"}, std::string{"a b"},
          std::string{"a\n"}, std::string{"a\0b", 3}, std::string{"\xc3\xbc"},
          std::string(201, 'a')}) {
        INFO(name);
        CHECK_FALSE(is_valid_unit_name(name));
    }
    CHECK(is_valid_unit_name(std::string(200, 'a')));
    CHECK(faults("", "../x").starts_with("'../x' is not a valid unit name: "));
}

TEST_CASE("what a file says cannot drive a terminal", "[unit][R1]") {
    const std::string text =
        faults("[service]\n\"\\u001b[2J\" = 5\ncommand = [\"\\u001b]0;x\\u0007\"]\n");

    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find("\\x1b[2J") != std::string::npos);
}

TEST_CASE("a NUL byte is no way to end a text early", "[unit][R1]") {
    CHECK(faults("[service]\ncommand = ['/bin/true', \"a\\u0000b\"]\n") ==
          "web.toml:2:25: service.command[1]: a NUL byte cannot be part of it\n");
}

TEST_CASE("deep nesting is refused and does not use up the stack", "[unit][R1]") {
    const std::string arrays = "a = " + repeated("[", 100'000) + repeated("]", 100'000);
    CHECK(faults(arrays).starts_with("web.toml:1:"));

    const std::string dotted = "a" + repeated(".a", 120'000) + " = 1";
    CHECK(faults(dotted) == "web.toml:1:32: a key may have at most 16 parts\n");

    const std::string header = "x = \"a.b\"\n[" + repeated("\"a.b\" . ", 30'000) + "a]";
    CHECK(faults(header).starts_with("web.toml:2:"));

    const std::string tables = "a = " + repeated("{ a.b.c.d = ", 20'000);
    CHECK(faults(tables).starts_with("web.toml:1:"));
}

TEST_CASE("dots in strings and comments are no key parts", "[unit]") {
    const std::string dots = repeated("a.", 40);
    good("# " + dots + "\nservice.command = ['/a', '" + dots + "', \"" + dots + "\\\"" + dots +
         "\", '''" + dots + "'''' , \"\"\"" + dots + "\n\"" + dots + "\"\"\"]");
}

TEST_CASE("a file above 256 KiB is refused unread", "[unit][R1]") {
    const std::string text(unit_file_limit + 1, '#');

    CHECK(faults(text) == "web.toml: it is larger than 256 KiB\n");
    CHECK(faults(std::string{minimal_service} + "#" + std::string(200'000, 'x')) == "");
}

TEST_CASE("a file full of problems costs little and lists a bounded number", "[unit][R1]") {
    std::string keys;
    for (int i = 0; i < 12'000; ++i)
        keys += "comand" + std::to_string(i) + " = 1\n";
    const std::string words =
        "service.command = ['/a']\nseccomp.allow = [" + repeated("'chmodx',", 25'000) + "]";
    const double start = processor_seconds();

    for (const std::string& text : {"[service]\n" + keys, words}) {
        const auto unit = parse(text);
        REQUIRE(!unit);
        CHECK(unit.error().size() == 101);
        CHECK(unit.error().back().message.ends_with(" more problems are not shown"));
    }
    // Far above what it takes, far below what a search for every word would.
    CHECK(processor_seconds() - start < 5.0);
}

TEST_CASE("an endless word is quoted in part and has no suggestion", "[unit][R1]") {
    const std::string text =
        faults("[service]\ncommand = ['/a']\nrestart = '" + std::string(200'000, 'a') + "'\n");

    CHECK(text.size() < 300);
    CHECK(text.find("did you mean") == std::string::npos);
}

}  // namespace confinit
