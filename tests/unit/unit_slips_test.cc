// SPDX-License-Identifier: Apache-2.0
// Slips of TOML in words of ours, and systemd's words where no key answers to them.
#include "source_paths.h"
#include "unit/systemd_words.h"
#include "unit_scene.h"

#include <algorithm>
#include <fstream>

namespace confinit {
namespace {

struct Slip {
    std::string_view text;
    std::string_view fault;
};

constexpr Slip slips[] = {
    // Values without quotes.
    {"[cgroup]\nmemory.max = 64M\n",
     "2:14: cgroup.memory.max: a text needs quotes: memory.max = \"64M\""},
    {"cgroup.cpu.max = 50%  # half\n",
     "1:18: cgroup.cpu.max: a text needs quotes: cgroup.cpu.max = \"50%\""},
    {"[service]\nuser=nobody\n", "2:6: service.user: a text needs quotes: user = \"nobody\""},
    {"[service]\nrestart = on-failure\n",
     "2:11: service.restart: a text needs quotes: restart = \"on-failure\""},
    {"[service]\nstart_timeout = 1min 30s\n",
     "2:17: service.start_timeout: a text needs quotes: start_timeout = \"1min 30s\""},
    {"[service]\ncommand = /bin/x -y\n",
     "2:11: service.command: a text needs quotes: command = [\"/bin/x\", \"-y\"]"},
    {"[service]\ncommand = [/bin/x, -y]\n",
     "2:12: service.command: a text needs quotes: \"/bin/x\""},
    {"[seccomp]\nallow = [@base]\n", "2:10: seccomp.allow: a text needs quotes: \"@base\""},
    {"[service]\nenvironment = { A = b }\n",
     "2:21: service.environment: a text needs quotes: \"b\""},
    // INI.
    {"[Service]\nExecStart=/bin/x\n",
     "2:1: Service.ExecStart: 'ExecStart=' is systemd's; here it is service.command, an array of "
     "texts, the first one the absolute path of a program"},
    {"[Service]\nEnvironmentFile=-/etc/x\n",
     "2:1: Service.EnvironmentFile: there is no 'EnvironmentFile=': the variables stand in "
     "service.environment, and those of one machine in a drop-in"},
    {"; by hand\n[service]\n", "1:1: a comment begins with '#'"},
    {"[service]\nuser = 'a' ; him\n", "2:12: a comment begins with '#'"},
    {"// by hand\n[service]\n", "1:1: a comment begins with '#'"},
    {"[service]\nuser: 'a'\n", "2:5: service.user: between a key and its value stands '='"},
    {"[service]\nuser nobody\n", "2:6: service.user: the line is no KEY = VALUE"},
    {"[service]\nuser == 'a'\n", "2:7: service.user: one '=' is enough"},
    {"[service]\nuser =\ngroup = 'a'\n", "2:7: service.user: the value is missing"},
    {"[service\nuser = 'a'\n", "1:9: service: the ']' behind the name of the table is missing"},
    // Numbers and booleans.
    {"[process]\numask = 0027\n",
     "2:9: process.umask: a number does not begin with 0; a mode is a text: umask = \"0027\""},
    {"[namespaces]\nnet = yes\n",
     "2:7: namespaces.net: it is written true or false; a text needs quotes: net = \"yes\""},
    {"[namespaces]\nnet = True\n",
     "2:7: namespaces.net: it is written true or false; a text needs quotes: net = \"True\""},
    {"[service]\nrestart = no\n",
     "2:11: service.restart: it is written true or false; a text needs quotes: restart = \"no\""},
    // Quotes.
    {"[service]\nuser = \"nobody\n",
     "2:8: service.user: a quote is missing: the text that begins here does not end in this line"},
    {"[service]\nuser = nobody\"\n",
     "2:8: service.user: the quote before the text is missing: user = \"nobody\""},
    {"[service]\ncommand = [\"/bin/x, \"-y\"]\n",
     "2:24: service.command: a quote is missing: the text that begins here does not end in this "
     "line"},
    {"[unit]\ndescription = \u201Cmine\u201D\n",
     "2:15: unit.description: \u201C is a quote of printed text; TOML's quotes are \" and '"},
    {"[unit]\ndescription = \"C:\\x\"\n",
     "2:18: unit.description: within \"...\" a '\\' begins an escape: write '\\\\', or the text in "
     "'...'"},
    // Lists.
    {"[service]\ncommand = [\"/bin/x\" \"-y\"]\n",
     "2:21: service.command: a comma is missing before this"},
    {"[service]\ncommand = [\n  \"/bin/x\"  # first\n  \"-y\",\n]\n",
     "4:3: service.command: a comma is missing before this"},
    {"[service]\ncommand = [\"/bin/x\"\nuser = 'a'\n",
     "2:11: service.command: the array that begins here is not closed: its ']' is missing"},
    {"[service]\nenvironment = {\n A = 'b'\n}\n",
     "2:15: service.environment: a table in braces stands in one line; its members can also be "
     "written as service.environment.NAME = VALUE"},
    {"[service]\nenvironment = { A = 'b', }\n",
     "2:26: service.environment: no comma stands before the '}'"},
    {"[service]\nuser = 'a',\n", "2:11: service.user: behind a value only a comment may follow"},
    // A key or table that is given already.
    {"[service]\nuser = 'a'\n\nuser = 'b'\n", "4:1: service.user: it is given already in line 2"},
    {"service.user = 'a'\n[unit]\n[service]\nuser = 'b'\n", ""},
    {"[service]\nuser = 'a'\n[unit]\n[service]\ntype = 'exec'\n",
     "4:1: service: the table is there already in line 1; put these keys into it"},
    {"[cgroup]\ncpu.max = '50%'\ncpu.max.burst = '10ms'\n",
     "3:1: cgroup.cpu.max.burst: 'cgroup.cpu.max' cannot have a value and keys below it (line 2); "
     "the name of a file of the kernel goes on there: write \"cpu.max.burst\" = ... with its "
     "quotes"},
    {"[cgroup]\ncpu.max.burst = '10ms'\ncpu.max = '50%'\n",
     "3:1: cgroup.cpu.max: 'cgroup.cpu.max' cannot have a value and keys below it (line 2); "
     "the name of a file of the kernel goes on there: write \"cpu.max.burst\" = ... with its "
     "quotes"},
};

}  // namespace

TEST_CASE("the commonest slips of TOML are told in words of ours", "[unit][H2][N19]") {
    for (const Slip& slip : slips) {
        INFO(slip.text);
        const std::string told = faults(slip.text);
        if (slip.fault.empty()) continue;
        CHECK(told == "web.toml:" + std::string{slip.fault} + "\n");
    }
}

TEST_CASE("a slip is not looked for in strings and comments", "[unit][N19]") {
    CHECK(
        faults(
            "# user = nobody ; x\n[service]\ncommand = ['/a', '; // = yes', '''\n; 0027\n''']\n") ==
        "");
    // The first user is another table's.
    CHECK(faults("[process]\nnice = 1\n[service]\nnice = 5x\n")
              .starts_with("web.toml:4:8: service.nice: a text needs quotes"));
}

TEST_CASE("no text stops the search for a slip", "[unit][R1][N19]") {
    for (const Slip& slip : slips) {
        for (std::size_t end = 0; end < slip.text.size(); ++end) {
            (void)parse(slip.text.substr(0, end));
            std::string broken{slip.text};
            broken[end] = static_cast<char>(end * 37 + 5);
            (void)parse(broken);
        }
    }
    for (const std::string_view text :
         {"=",    "[",          "]",   "[[",     "'",      "\"\\",          "a=",  "a=[",    "a={",
          "a.",   ".",          "a='", "a=\xE2", "a=\"\\", "\xEF\xBB\xBF=", "a=0", "a=\v\"", "a=[,",
          "a=[#", "a=[\n#\nb=", "a\n="}) {
        INFO(text);
        CHECK_FALSE(parse(text));
    }
}

TEST_CASE("every directive of systemd's finds a key or advice", "[unit][N19]") {
    std::ifstream list{CONFINIT_SOURCE "/tests/unit/systemd-directives.txt"};
    std::size_t count = 0;
    for (std::string word; std::getline(list, word); ++count) {
        INFO(word);
        CHECK((keys_for_directive(word).empty() != advice_for_directive(word).empty()));
    }
    CHECK(count > 290);
}

TEST_CASE("a directive is found in any case, with and without a value", "[unit][N19]") {
    for (const std::string_view word : {"MemoryMax", "MemoryMax=", "memorymax", "MEMORYMAX=64M"}) {
        INFO(word);
        const auto keys = keys_for_directive(word);
        REQUIRE(keys.size() == 1);
        CHECK(keys.front()->path == "cgroup.memory.max");
    }
    REQUIRE(keys_for_directive("LimitNPROC").size() == 1);
    CHECK(keys_for_directive("StateDirectoryMode").front()->path == "directories.state");
    CHECK(keys_for_directive("Type=notify").front()->path == "service.ready");
    CHECK(keys_for_directive("Memory").empty());
    CHECK(keys_for_directive("").empty());
}

TEST_CASE("what no key answers to has advice of its own", "[unit][N19]") {
    for (const std::string_view word : {"ExecStartPre",
                                        "execreload=",
                                        "EnvironmentFile=-/etc/x",
                                        "PIDFile",
                                        "Type=forking",
                                        "Type=simple",
                                        "Alias",
                                        "DefaultDependencies",
                                        "OnFailure",
                                        "ListenStream",
                                        "OnCalendar",
                                        "DynamicUser",
                                        "IPAddressDeny",
                                        "DeviceAllow",
                                        "LoadCredential",
                                        "StandardError",
                                        "KillMode=process",
                                        "RemainAfterExit",
                                        "ConditionPathExists",
                                        "CPUAccounting",
                                        "[Install]"}) {
        INFO(word);
        const auto advice = advice_for_directive(word);
        CHECK_FALSE(advice.empty());
        CHECK_FALSE(advice.ends_with('.'));
    }
    CHECK(advice_for_directive("KillMode=mixed").empty());
    CHECK(advice_for_directive("KillMode").empty());
    CHECK(advice_for_directive("Nonsense").empty());
    CHECK(advice_for_directive("").empty());
}

TEST_CASE("advice is for words that no key answers to", "[unit][N19]") {
    for (const std::string_view word : advised_directives()) {
        INFO(word);
        const bool is_plain = word.find_first_of("*=[") == std::string_view::npos;
        if (is_plain) CHECK(keys_for_directive(word).empty());
    }
}

}  // namespace confinit
