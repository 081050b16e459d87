// SPDX-License-Identifier: Apache-2.0
// Mount tables: octal escapes, hidden mounts, and which mount a path lies in.
#include "kernel/mount_table.h"

#include <catch2/catch.hpp>

namespace confinit {
namespace {

MountTable parse(std::string_view text) {
    auto table = MountTable::parse(text);
    REQUIRE(table);
    return std::move(*table);
}

int id_at(const MountTable& table, std::string_view path) {
    const Mount* mount = table.find_mount(path);
    return mount == nullptr ? -1 : mount->id;
}

std::vector<int> ids_within(const MountTable& table, std::string_view path) {
    std::vector<int> ids;
    for (const Mount* mount : table.mounts_within(path))
        ids.push_back(mount->id);
    return ids;
}

constexpr std::string_view plain_table =
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
    "22 27 0:21 / /proc rw,nosuid shared:7 master:3 - proc proc rw,hidepid=invisible\n"
    "30 27 254:0 /srv/data /data ro - ext4 /dev/vda rw,discard\n"
    "31 30 0:40 / /data/cache rw - tmpfs tmpfs rw,size=4k\n";

}  // namespace

TEST_CASE("a mount has its fields, the optional ones too", "[unit][H7]") {
    const MountTable table = parse(plain_table);

    const Mount* proc = table.find_mount("/proc/self");

    REQUIRE(proc != nullptr);
    CHECK(proc->parent == 27);
    CHECK(proc->device == "0:21");
    CHECK(proc->type == "proc");
    CHECK(proc->propagation == std::vector<std::string>{"shared:7", "master:3"});
    CHECK(proc->has_option("nosuid"));
    CHECK_FALSE(proc->has_option("ro"));
    CHECK(proc->has_super_option("hidepid=invisible"));
}

TEST_CASE("a path lies in the mount with the longest target", "[unit][H7]") {
    const MountTable table = parse(plain_table);

    CHECK(id_at(table, "/") == 27);
    CHECK(id_at(table, "/etc/passwd") == 27);
    CHECK(id_at(table, "/data") == 30);
    CHECK(id_at(table, "/data/x") == 30);
    CHECK(id_at(table, "/data/cache/y") == 31);
}

TEST_CASE("a name that begins like a mount point is not below it", "[unit][H7]") {
    const MountTable table = parse(plain_table);

    CHECK(id_at(table, "/database") == 27);
    CHECK(id_at(table, "/data/cached") == 30);
}

TEST_CASE("of mounts on top of one another the last one counts", "[unit][H7]") {
    const MountTable table = parse(
        "1 0 8:1 / / rw - ext4 d rw\n"
        "2 1 0:2 / /tmp rw - tmpfs a rw\n"
        "3 2 0:3 / /tmp rw - tmpfs b rw\n");

    CHECK(id_at(table, "/tmp/x") == 3);
}

TEST_CASE("a mount that a later one covers is not seen", "[unit][H7]") {
    const MountTable table = parse(
        "1 0 8:1 / / rw - ext4 d rw\n"
        "2 1 0:2 / /a/b rw - tmpfs hidden rw\n"
        "3 1 0:3 / /a ro - tmpfs cover rw\n");

    CHECK(id_at(table, "/a/b/c") == 3);
    CHECK(ids_within(table, "/") == std::vector<int>{1, 3});
}

TEST_CASE("a root on top of the root is the root", "[unit][H7]") {
    const MountTable table = parse(
        "1 0 0:1 / / rw - rootfs rootfs rw\n"
        "2 1 0:2 / /proc rw - proc old rw\n"
        "3 1 8:1 / / ro - ext4 d rw\n"
        "4 3 0:4 / /proc rw - proc new rw\n");

    CHECK(id_at(table, "/") == 3);
    CHECK(id_at(table, "/proc") == 4);
}

TEST_CASE("the mounts within a path begin with the one that it lies in", "[unit][H7]") {
    const MountTable table = parse(plain_table);

    CHECK(ids_within(table, "/data") == std::vector<int>{30, 31});
    CHECK(ids_within(table, "/data/x") == std::vector<int>{30});
    CHECK(ids_within(table, "/usr") == std::vector<int>{27});
}

TEST_CASE("octal escapes in names are undone", "[unit][H7]") {
    const MountTable table = parse(
        "1 0 8:1 / / rw - ext4 d rw\n"
        "2 1 8:2 /a\\134b /mnt/my\\040disk\\011x rw - ext4 d rw\n");

    const Mount* mount = table.find_mount("/mnt/my disk\tx");

    REQUIRE(mount != nullptr);
    CHECK(mount->id == 2);
    CHECK(mount->root == "/a\\b");
}

TEST_CASE("a backslash without three octal digits stays", "[unit]") {
    CHECK(unescape_octal("\\04") == "\\04");
    CHECK(unescape_octal("a\\") == "a\\");
    CHECK(unescape_octal("\\089") == "\\089");
    CHECK(unescape_octal("\\0401") == " 1");
}

TEST_CASE("a short or damaged line is an error", "[unit]") {
    CHECK_FALSE(MountTable::parse("1 0 8:1 / / rw - ext4\n"));
    CHECK_FALSE(MountTable::parse("1 0 8:1 / / rw ext4 d rw\n"));
    CHECK_FALSE(MountTable::parse("x 0 8:1 / / rw - ext4 d rw\n"));
    CHECK_FALSE(MountTable::parse("\n-\n"));
}

TEST_CASE("a made-up circle of mounts ends", "[unit]") {
    const MountTable table = parse(
        "1 0 8:1 / / rw - ext4 d rw\n"
        "2 3 8:1 / /a rw - ext4 d rw\n"
        "3 2 8:1 / /a rw - ext4 d rw\n"
        "4 1 8:1 / /a rw - ext4 d rw\n"
        "1 4 8:1 / /a rw - ext4 d rw\n");

    CHECK(table.find_mount("/a/b") != nullptr);
}

TEST_CASE("two mounts of one directory show the same object", "[unit][H7]") {
    const MountTable table = parse(plain_table);
    const Mount* root = table.find_mount("/srv");
    const Mount* bind = table.find_mount("/data");
    REQUIRE((root != nullptr && bind != nullptr));

    CHECK(object_at(*root, "/srv/data/x") == object_at(*bind, "/data/x"));
    CHECK(object_at(*bind, "/data") == MountedObject{"254:0", "/srv/data"});
    CHECK(object_at(*root, "/") == MountedObject{"254:0", "/"});
}

TEST_CASE("the table of this process has a root", "[unit][H7]") {
    const auto table = MountTable::read_own();

    REQUIRE(table);
    CHECK(table->find_mount("/") != nullptr);
    const Mount* proc = table->find_mount("/proc/self/status");
    REQUIRE(proc != nullptr);
    CHECK(proc->type == "proc");
}

}  // namespace confinit
