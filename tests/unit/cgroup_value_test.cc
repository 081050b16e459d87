// SPDX-License-Identifier: Apache-2.0
// Cgroup values as the kernel prints them, and the parts of Cgroup that need no cgroup2 mount.
#include "kernel/cgroup.h"

#include "temporary_directory.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <sys/resource.h>

namespace confinit {
namespace {

Cgroup open_node(const TemporaryDirectory& directory) {
    auto node = Cgroup::open(directory.path());
    REQUIRE(node);
    return std::move(*node);
}

}  // namespace

TEST_CASE("a file's controller is the word before its first dot", "[unit][G9]") {
    CHECK(controller_of("memory.swap.max") == "memory");
    CHECK(controller_of("cpu.max") == "cpu");
    CHECK(controller_of("cpuset.cpus.partition") == "cpuset");
    CHECK(controller_of("hugetlb.2MB.max") == "hugetlb");
}

TEST_CASE("the files of every node belong to no controller", "[unit][G9]") {
    CHECK(controller_of("cgroup.kill").empty());
    CHECK(controller_of("memory.pressure").empty());
    CHECK(controller_of("tasks").empty());
}

TEST_CASE("memory is shown in bytes of whole pages", "[unit][H7]") {
    CHECK(normal_value("memory.max", "64M") == "67108864");
    CHECK(normal_value("memory.max", "67108865") == "67108864");
    CHECK(normal_value("memory.low", "4095") == "0");
    CHECK(normal_value("memory.swap.max", "max") == "max");
    CHECK(normal_value("memory.high", "9223372036854775807") == "max");
}

TEST_CASE("memory.oom.group is a switch and no size", "[unit][H7]") {
    CHECK(normal_value("memory.oom.group", "1") == "1");
}

TEST_CASE("huge pages are counted whole", "[unit][H7]") {
    CHECK(normal_value("hugetlb.2MB.max", "3M") == "2097152");
}

TEST_CASE("cpu.max without a period has the kernel's default one", "[unit][H7]") {
    CHECK(normal_value("cpu.max", "50000") == "50000 100000");
    CHECK(normal_value("cpu.max", "max") == "max 100000");
    CHECK(normal_value("cpu.max", "25000 50000") == "25000 50000");
}

TEST_CASE("a list of processors is sorted and joined to ranges", "[unit][H7]") {
    CHECK(normal_value("cpuset.cpus", "0,1,2") == "0-2");
    CHECK(normal_value("cpuset.cpus", "7,0-3,2-4") == "0-4,7");
    CHECK(normal_value("cpuset.mems", "1, 3") == "1,3");
    CHECK(normal_value("cpuset.cpus", "").empty());
}

TEST_CASE("a list that is none stays as it is", "[unit][H7]") {
    CHECK(normal_value("cpuset.cpus", "3-1") == "3-1");
    CHECK(normal_value("cpuset.cpus", "all") == "all");
}

TEST_CASE("a single io.weight is that of all devices", "[unit][H7]") {
    CHECK(normal_value("io.weight", "100") == "default 100");
    CHECK(normal_value("io.weight", "default 100") == "default 100");
    CHECK(normal_value("io.weight", "8:0 50") == "8:0 50");
}

TEST_CASE("io.max is shown with all four keys", "[unit][H7]") {
    CHECK(normal_value("io.max", "8:0 wiops=120 rbps=1M") ==
          "8:0 rbps=1048576 wbps=max riops=max wiops=120");
    CHECK(normal_value("io.max", "8:0 nonsense=1") == "8:0 nonsense=1");
}

TEST_CASE("a clamp of utilisation has two digits, and all of it is max", "[unit][H7]") {
    CHECK(normal_value("cpu.uclamp.min", "12.5") == "12.50");
    CHECK(normal_value("cpu.uclamp.max", "100") == "max");
}

TEST_CASE("other numbers lose their decoration only", "[unit][H7]") {
    CHECK(normal_value("pids.max", " 16\n") == "16");
    CHECK(normal_value("cpu.weight", "025") == "25");
    CHECK(normal_value("cpu.weight.nice", "-5") == "-5");
    CHECK(normal_value("cpuset.cpus.partition", "isolated") == "isolated");
}

TEST_CASE("a file with a line for each device shows a value as one of its lines", "[unit][H7]") {
    CHECK(shows_value("default 100\n8:0 50", "8:0 50"));
    CHECK(shows_value("67108864", "67108864"));
    CHECK(shows_value("", ""));
    CHECK_FALSE(shows_value("default 100\n8:0 500", "8:0 50"));
    CHECK_FALSE(shows_value("67108864", "6710886"));
}

TEST_CASE("a field of a flat keyed file is found by its whole name", "[unit][G5]") {
    const TemporaryDirectory directory;
    directory.write("memory.events", "oom 1\noom_kill 3\noom_group_kill 0\n");
    const Cgroup node = open_node(directory);

    const auto kills = node.read_field("memory.events", "oom_kill");
    const auto absent = node.read_field("memory.events", "kill");

    REQUIRE(kills);
    CHECK(*kills == 3);
    CHECK_FALSE(absent);
}

TEST_CASE("a node is populated as its cgroup.events says", "[unit][G3]") {
    const TemporaryDirectory directory;
    const Cgroup node = open_node(directory);

    directory.write("cgroup.events", "populated 1\nfrozen 0\n");
    const auto before = node.is_populated();
    directory.write("cgroup.events", "populated 0\nfrozen 0\n");
    const auto after = node.is_populated();

    CHECK((before && *before));
    CHECK((after && !*after));
}

TEST_CASE("a process of a foreign pid namespace has no id to signal", "[unit][G4]") {
    const TemporaryDirectory directory;
    directory.write("cgroup.procs", "12\n0\n345\n");

    const auto ids = open_node(directory).process_ids();

    REQUIRE(ids);
    CHECK(*ids == std::vector<int>{12, 345});
}

TEST_CASE("a node is removed with everything below it", "[unit][G4]") {
    const TemporaryDirectory directory;
    directory.make_directory("web/a/b/c");
    directory.make_directory("web/a/d");
    directory.make_directory("web/e");
    directory.make_directory("other");

    const auto removed = open_node(directory).remove_child("web");

    CHECK(removed);
    CHECK_FALSE(std::filesystem::exists(directory.path() + "/web"));
    CHECK(std::filesystem::exists(directory.path() + "/other"));
}

TEST_CASE("a node that is deeper than the descriptors reach is removed", "[unit][G4]") {
    const TemporaryDirectory directory;
    std::string path = "web";
    for (int depth = 0; depth < 200; ++depth)
        path += "/n";
    directory.make_directory(path);
    const Cgroup node = open_node(directory);
    rlimit usual{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &usual) == 0);
    const rlimit few{.rlim_cur = 64, .rlim_max = usual.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);

    const auto removed = node.remove_child("web");
    (void)setrlimit(RLIMIT_NOFILE, &usual);

    CHECK(removed);
    CHECK_FALSE(std::filesystem::exists(directory.path() + "/web"));
}

TEST_CASE("what cannot be removed says so and stays", "[unit][G4]") {
    const TemporaryDirectory directory;
    directory.write("web/busy/file", "");

    const auto removed = open_node(directory).remove_child("web");

    CHECK_FALSE(removed);
    CHECK(std::filesystem::exists(directory.path() + "/web/busy"));
}

TEST_CASE("a node that exists already is not made again", "[unit][G1]") {
    const TemporaryDirectory directory;
    const Cgroup node = open_node(directory);

    const auto first = node.make_child("web");
    const auto second = node.make_child("web");

    REQUIRE(first);
    CHECK(first->path() == directory.path() + "/web");
    REQUIRE_FALSE(second);
    CHECK(second.error().error == EEXIST);
}

TEST_CASE("no name leads out of a node", "[unit]") {
    const TemporaryDirectory directory;
    const Cgroup node = open_node(directory);

    for (const std::string name : {"", ".", "..", "../x", "a/b"}) {
        CHECK_FALSE(node.make_child(name));
        CHECK_FALSE(node.open_child(name));
        CHECK_FALSE(node.remove_child(name));
        CHECK_FALSE(node.read(name));
        CHECK_FALSE(node.write(name, "1"));
    }
}

TEST_CASE("a link is not taken for a child node", "[unit]") {
    const TemporaryDirectory directory;
    directory.link("web", "/");

    CHECK_FALSE(open_node(directory).open_child("web"));
}

}  // namespace confinit
