// SPDX-License-Identifier: Apache-2.0
// Users and groups from passwd and group files, damaged ones among them.
#include "launch/plan/user_database.h"

#include "temporary_directory.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <stop_token>
#include <sys/stat.h>
#include <thread>

namespace confinit {
namespace {

constexpr std::string_view passwd_text =
    "root:x:0:0:root:/root:/bin/bash\n"
    "# a remark\n"
    "+nis\n"
    "broken:x:abc:1:::\n"
    "short:x:5:5\n"
    "web:x:33:34:Web:/var/www:/usr/sbin/nologin\n"
    "web:x:0:0:again:/:/bin/sh\n"
    "all:x:4294967295:0::/:/bin/sh\n"
    ":x:77:77::/:\n";

constexpr std::string_view group_text =
    "root:x:0:\n"
    "video:x:44:web,other\n"
    "broken:x:-1:\n"
    "toomany:x:9::\n";

}  // namespace

TEST_CASE("a user has ids, home and shell", "[unit]") {
    const UserDatabase database = UserDatabase::parse(passwd_text, group_text);

    const UserEntry* user = database.find_user("web");

    REQUIRE(user != nullptr);
    CHECK(user->uid == 33);
    CHECK(user->gid == 34);
    CHECK(user->home == "/var/www");
    CHECK(user->shell == "/usr/sbin/nologin");
    CHECK(database.find_user(33) == user);
}

TEST_CASE("the first of two entries with one name counts", "[unit]") {
    const UserDatabase database = UserDatabase::parse(passwd_text, group_text);

    CHECK(database.find_user("web")->uid == 33);
}

TEST_CASE("lines without the format give no user", "[unit]") {
    const UserDatabase database = UserDatabase::parse(passwd_text, group_text);

    for (const std::string_view name : {"broken", "short", "+nis", "all", "", "# a remark"}) {
        CHECK(database.find_user(name) == nullptr);
    }
    CHECK(database.find_user(77) == nullptr);
}

TEST_CASE("a group has its id, and damaged lines give none", "[unit]") {
    const UserDatabase database = UserDatabase::parse(passwd_text, group_text);

    REQUIRE(database.find_group("video") != nullptr);
    CHECK(database.find_group("video")->gid == 44);
    CHECK(database.find_group("broken") == nullptr);
    CHECK(database.find_group("toomany") == nullptr);
}

TEST_CASE("the groups of an account are those that list it", "[unit][N17]") {
    const UserDatabase database = UserDatabase::parse(
        "", "adm:x:4:web,root\nweb:x:33:\nssl-cert:x:110:web\nall:x:9:webber\n");

    const auto groups = database.groups_of("web");

    REQUIRE(groups.size() == 2);
    CHECK(groups[0]->name == "adm");
    CHECK(groups[1]->name == "ssl-cert");
    CHECK(database.groups_of("").empty());
}

TEST_CASE("the nearest name is found for a mistyped one", "[unit][H4]") {
    const UserDatabase database = UserDatabase::parse(passwd_text, group_text);

    CHECK(database.nearest_user("wbe") == "web");
    CHECK(database.nearest_group("vido") == "video");
    CHECK_FALSE(database.nearest_user("postgresql-exporter"));
}

TEST_CASE("the id that means no change is no id", "[unit]") {
    CHECK(parse_id("0") == 0);
    CHECK(parse_id("4294967294") == 4294967294U);
    CHECK_FALSE(parse_id("4294967295"));
    CHECK_FALSE(parse_id("18446744073709551615"));
    CHECK_FALSE(parse_id("-1"));
    CHECK_FALSE(parse_id("1a"));
    CHECK_FALSE(parse_id(""));
}

TEST_CASE("a root directory's own files are read", "[unit][X7]") {
    const TemporaryDirectory root;
    root.write("etc/passwd", "inner:x:700:701::/:/bin/sh\n");
    root.write("etc/group", "inner:x:701:\n");

    const auto database = UserDatabase::load(root.path());

    REQUIRE(database);
    CHECK(database->find_user("inner") != nullptr);
    CHECK(database->find_user("root") == nullptr);
}

TEST_CASE("a root directory's link does not lead to the host's file", "[unit][X7]") {
    const TemporaryDirectory root;
    root.link("etc/passwd", "/shadow/passwd");
    root.link("etc/group", "../../../../etc/group-of-root");
    root.write("shadow/passwd", "linked:x:700:700::/:/bin/sh\n");
    root.write("etc/group-of-root", "linked:x:700:\n");

    const auto database = UserDatabase::load(root.path());

    REQUIRE(database);
    CHECK(database->find_user("linked") != nullptr);
    CHECK(database->find_group("linked") != nullptr);
}

// openat2(2) gives up with EAGAIN where a rename anywhere may have moved what ".." leads to.
TEST_CASE("files are found while others are renamed", "[unit][X7]") {
    const TemporaryDirectory root;
    std::string way = "..";
    for (int i = 0; i < 20; ++i)
        way += "/shadow/..";
    root.link("etc/passwd", way + "/shadow/passwd");
    root.write("shadow/passwd", "linked:x:700:700::/:/bin/sh\n");
    root.write("etc/group", "linked:x:700:\n");
    root.make_directory("moved");
    const std::string one = root.path() + "/moved";
    const std::string other = root.path() + "/elsewhere";
    std::jthread renames{[&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            (void)rename(one.c_str(), other.c_str());
            (void)rename(other.c_str(), one.c_str());
        }
    }};

    unsigned failures = 0;
    for (int i = 0; i < 2000; ++i) {
        if (!UserDatabase::load(root.path())) ++failures;
    }

    CHECK(failures == 0);
}

TEST_CASE("a root directory without the files has the host's", "[unit]") {
    const TemporaryDirectory root;

    const auto database = UserDatabase::load(root.path());

    REQUIRE(database);
    REQUIRE(database->find_user("root") != nullptr);
    CHECK(database->find_user("root")->uid == 0);
}

TEST_CASE("the files that were read are known", "[unit][X7]") {
    const TemporaryDirectory root;
    root.write("etc/passwd", "inner:x:700:701::/:/bin/sh\n");

    const auto database = UserDatabase::load(root.path());

    REQUIRE(database);
    CHECK(database->passwd_file() == root.path() + "/etc/passwd");
    CHECK(database->group_file() == "/etc/group");
}

TEST_CASE("a database that is a FIFO is told as one", "[unit]") {
    const TemporaryDirectory root;
    root.make_directory("etc");
    REQUIRE(mkfifo((root.path() + "/etc/group").c_str(), 0644) == 0);

    const auto database = UserDatabase::load(root.path());

    REQUIRE_FALSE(database);
    CHECK(database.error().text() ==
          "'" + root.path() + "/etc/group': it is a FIFO and not a regular file");
}

TEST_CASE("a database that is no file is an error", "[unit]") {
    const TemporaryDirectory root;
    root.make_directory("etc/passwd");

    CHECK_FALSE(UserDatabase::load(root.path()));
}

}  // namespace confinit
