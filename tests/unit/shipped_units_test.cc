// SPDX-License-Identifier: Apache-2.0
// The unit files that we ship load with the words that the kernel's tables know.
#include "launch/seccomp/kernel_vocabulary.h"
#include "source_paths.h"
#include "unit/loader.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <iterator>

#include <string>
#include <vector>

namespace confinit {
namespace {

const std::string unit_source_directory = CONFINIT_SOURCE_UNITS;

// The text of what is wrong with it, "" when nothing is.
std::string faults(const std::string& name) {
    const auto unit =
        load_unit_file(unit_source_directory + "/" + name + ".toml", {}, kernel_vocabulary());
    std::string lines;
    if (unit) return lines;
    for (const Problem& problem : unit.error())
        lines += problem.text() + "\n";
    return lines;
}

Unit shipped(const std::string& name) {
    REQUIRE(faults(name) == "");
    return *load_unit_file(unit_source_directory + "/" + name + ".toml", {}, kernel_vocabulary());
}

}  // namespace

TEST_CASE("every shipped unit loads without a warning", "[unit]") {
    const std::vector<std::string> directories{unit_source_directory};
    const auto names = list_unit_names(directories);

    CHECK(names == std::vector<std::string>{"confinit-bus", "console", "dbus", "default", "heat",
                                            "heat-quarter", "heat@", "polkit"});
    for (const std::string& name : names) {
        INFO(name);
        CHECK(shipped(name).warnings.empty());
    }
}

TEST_CASE("the units that the default target wants are shipped", "[unit]") {
    const Unit target = shipped("default");

    CHECK_FALSE(target.service);
    for (const std::string& name : target.unit.wants)
        CHECK(faults(name) == "");
}

TEST_CASE("the heater's instances have four times the weight of heat-quarter", "[unit]") {
    CHECK(shipped("heat@").declared.find("cgroup.cpu.weight")->second == "100");
    CHECK(shipped("heat-quarter").declared.find("cgroup.cpu.weight")->second == "25");
    CHECK(shipped("heat@").namespaces.hostname == "heat-instance");
}

TEST_CASE("the kernel's words are known to the reader", "[unit][H2]") {
    const Vocabulary vocabulary = kernel_vocabulary();

    CHECK(vocabulary.is_syscall_word("openat"));
    CHECK(vocabulary.is_syscall_word("@mount"));
    CHECK_FALSE(vocabulary.is_syscall_word("@mout"));
    CHECK_FALSE(vocabulary.is_syscall_word(""));
    CHECK(vocabulary.capability_number("CAP_NET_RAW") == 13);
    CHECK_FALSE(vocabulary.capability_names.empty());
    CHECK_FALSE(vocabulary.syscall_words.empty());
    CHECK_FALSE(vocabulary.securebits.empty());
}

// The warnings of a unit that say this.
std::vector<std::string> warnings_of(const std::string& text, const std::string& words) {
    const auto unit = parse_unit("web", "web.toml", "[service]\ncommand = ['/bin/a']\n" + text,
                                 kernel_vocabulary());
    REQUIRE(unit);
    std::vector<std::string> found;
    std::ranges::copy_if(unit->warnings, std::back_inserter(found),
                         [&](const std::string& warning) { return warning.contains(words); });
    return found;
}

TEST_CASE("root that sees the cgroup tree is warned of", "[unit][G7]") {
    const auto warnings = [](const std::string& text) {
        return warnings_of(text, "root can raise its own limits");
    };
    const std::string limit = "[cgroup]\npids.max = 5\n";
    const std::string mount = limit + "[namespaces]\nmount = true\n";
    const std::string without_both = "[capabilities]\nbounding = ['~sys_admin', '~sys_ptrace']\n";
    const std::string without_admin = "[capabilities]\nbounding = ['~sys_admin']\n";

    REQUIRE(warnings(limit).size() == 1);
    CHECK(warnings(limit).front().starts_with("web.toml:3:1: cgroup: root can raise"));
    CHECK(warnings("user = 'nobody'\n" + limit).empty());
    CHECK(warnings(limit + "[namespaces]\nuser = true\n").empty());
    CHECK(warnings(limit + without_both).size() == 1);
    CHECK(warnings(mount).size() == 1);
    CHECK(warnings(mount + without_admin).size() == 1);
    CHECK(warnings(mount + without_both).empty());
    CHECK(warnings(mount + "pid = true\n" + without_admin).empty());
    CHECK(warnings("").empty());
    CHECK(warnings(limit + "[capabilities]\nbounding = []\n").empty());
    CHECK(warnings(limit + "[capabilities]\nbounding = ['setuid']\n").size() == 1);
}

TEST_CASE("root that can write the kernel's settings is warned of", "[unit][N3]") {
    const auto warnings = [](const std::string& text) {
        return warnings_of(text, "root writes /proc/sys without any capability").size();
    };
    const std::string bare = "[capabilities]\nbounding = []\n";

    CHECK(warnings(bare) == 1);
    CHECK(warnings(bare + "[namespaces]\nmount = true\npid = true\n") == 1);
    CHECK(warnings("user = 'nobody'\n" + bare) == 0);
    CHECK(warnings(bare + "[namespaces]\nuser = true\n") == 0);
    CHECK(warnings(bare +
                   "[namespaces]\nmount = true\n[mounts]\nprotect = ['kernel-tunables']\n") == 0);
    CHECK(warnings(bare + "[namespaces]\nmount = true\n[mounts]\nread_only = ['/']\n") == 0);
    CHECK(warnings("[capabilities]\nbounding = ['sys_admin']\n") == 0);
    CHECK(warnings("") == 0);
}

}  // namespace confinit
