// SPDX-License-Identifier: Apache-2.0
// The callers that could read a file by owner, mode and groups.
#include "supervisor/control/visibility.h"

#include "temporary_directory.h"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {
namespace {

bool can_read(const PeerIds& caller, const std::string& path) {
    return FileRules{}.can_read(caller, path);
}

PeerIds ids(uid_t uid, gid_t gid, std::vector<gid_t> groups = {}) {
    return {.uid = uid, .gid = gid, .groups = std::move(groups)};
}

}  // namespace

TEST_CASE("a file is readable by its owner, its group and others, each by its own bits",
          "[unit][N3]") {
    const TemporaryDirectory directory;
    REQUIRE(chmod(directory.path().c_str(), 0755) == 0);
    directory.write("web.toml", "", 0640);
    const std::string path = directory.path() + "/web.toml";
    const uid_t owner = getuid();
    const gid_t group = getgid();

    CHECK(can_read(ids(owner, group + 1), path));
    CHECK(can_read(ids(owner + 1, group), path));
    CHECK(can_read(ids(owner + 1, group + 1, {group + 2, group}), path));
    CHECK_FALSE(can_read(ids(owner + 1, group + 1), path));

    // Whom a nearer class concerns gets nothing from a farther one.
    REQUIRE(chmod(path.c_str(), 0044) == 0);
    CHECK_FALSE(can_read(ids(owner, group), path));
    REQUIRE(chmod(path.c_str(), 0604) == 0);
    CHECK_FALSE(can_read(ids(owner + 1, group), path));
    CHECK(can_read(ids(owner + 1, group + 1), path));
}

TEST_CASE("a directory that cannot be searched and a link hide what is behind them", "[unit][N3]") {
    const TemporaryDirectory directory;
    REQUIRE(chmod(directory.path().c_str(), 0755) == 0);
    directory.write("units/web.toml", "", 0644);
    const std::string path = directory.path() + "/units/web.toml";
    const PeerIds other = ids(getuid() + 1, getgid() + 1);

    CHECK(can_read(other, path));
    REQUIRE(symlink("web.toml", (directory.path() + "/units/link.toml").c_str()) == 0);
    CHECK_FALSE(can_read(other, directory.path() + "/units/link.toml"));
    REQUIRE(chmod((directory.path() + "/units").c_str(), 0750) == 0);
    CHECK_FALSE(can_read(other, path));
    CHECK_FALSE(can_read(other, directory.path() + "/absent"));
    CHECK_FALSE(can_read(other, "web.toml"));
}

TEST_CASE("a file is looked at once a second, not for each who asks", "[unit][N2]") {
    const TemporaryDirectory directory;
    REQUIRE(chmod(directory.path().c_str(), 0755) == 0);
    directory.write("web.toml", "", 0644);
    const std::string path = directory.path() + "/web.toml";
    const PeerIds other = ids(getuid() + 1, getgid() + 1);
    FileRules rules;

    const auto begin = Clock::now();
    REQUIRE(rules.can_read(other, path));
    REQUIRE(chmod(path.c_str(), 0600) == 0);
    const bool is_known = rules.can_read(other, path);
    CHECK((is_known || Clock::now() - begin >= std::chrono::seconds{1}));
    while (rules.can_read(other, path))
        REQUIRE(Clock::now() - begin < std::chrono::minutes{1});
    CHECK(Clock::now() - begin >= std::chrono::seconds{1});
}

TEST_CASE("root and the supervisor's user see all, and one group the logs", "[unit][N3]") {
    Visibility visibility{.own_uid = 500, .log_group = 4};
    const std::vector<std::string> files{"/absent/web.toml"};

    for (const uid_t uid : {0U, 500U}) {
        CHECK(visibility.shows_log_to(ids(uid, 99)));
        CHECK_FALSE(visibility.find_hidden(ids(uid, 99), files));
    }
    CHECK(visibility.shows_log_to(ids(1000, 1000, {4})));
    CHECK(visibility.shows_log_to(ids(1000, 4)));
    CHECK_FALSE(visibility.shows_log_to(ids(1000, 1000)));
    CHECK_FALSE(Visibility{}.shows_log_to(ids(1000, 0, {4})));
    CHECK(visibility.find_hidden(ids(1000, 4), files) == files.front());
    CHECK_FALSE(visibility.find_hidden(ids(1000, 4), {}));
}

}  // namespace confinit
