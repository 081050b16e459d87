// SPDX-License-Identifier: Apache-2.0
// Stamps of unit files: what changes them, and what does not.
#include "unit/unit_stamp.h"
#include "temporary_directory.h"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace confinit {
namespace {

// Two unit directories, "a" before "b", and one that is not there.
class UnitFolder {
public:
    UnitFolder() {
        path_ = {folder_.make_directory("a"), folder_.make_directory("b"), root() + "/absent"};
    }

    std::string write(const std::string& name, std::string_view text) const {
        return folder_.write(name, text);
    }
    std::string write_service(const std::string& name, const std::string& program) const {
        return write(name, "[service]\ncommand = ['" + program + "']\n");
    }

    // Two changes in one step of the kernel's clock bear the same time; these are in two.
    void make_old() const {
        const auto time = std::filesystem::file_time_type::clock::now() - std::chrono::hours{1};
        for (const auto& entry : std::filesystem::recursive_directory_iterator{root()})
            std::filesystem::last_write_time(entry, time);
    }

    const std::string& root() const { return folder_.path(); }
    const std::vector<std::string>& path() const { return path_; }

private:
    TemporaryDirectory folder_;
    std::vector<std::string> path_;
};

}  // namespace

TEST_CASE("a stamp holds until a file of the unit changes", "[loader][N12]") {
    const UnitFolder folder;
    const std::string file = folder.write_service("b/web.toml", "/bin/web");
    folder.write("b/web.toml.d/10-a.toml", "[service]\nuser = 'nobody'\n");
    folder.make_old();
    const auto stamp = UnitStamp::take("web", folder.path());
    const auto holds = [&] {
        return stamp.holds(mark_of_directories(folder.path()));
    };
    REQUIRE(stamp.has_main_file());
    REQUIRE(holds());

    SECTION("written") {
        folder.write_service("b/web.toml", "/bin/other");
    }
    SECTION("replaced by one of the same size and times") {
        const auto time = std::filesystem::last_write_time(file);
        std::filesystem::copy_file(file, folder.root() + "/copy");
        std::filesystem::last_write_time(folder.root() + "/copy", time);
        std::filesystem::rename(folder.root() + "/copy", file);
    }
    SECTION("another mode") {
        chmod(file.c_str(), 0600);
    }
    SECTION("removed") {
        std::filesystem::remove(file);
    }
    SECTION("hidden by an earlier directory") {
        folder.write_service("a/web.toml", "/bin/web");
    }
    SECTION("a drop-in written") {
        folder.write("b/web.toml.d/10-a.toml", "[unit]\n");
    }
    SECTION("a drop-in more") {
        folder.write("b/web.toml.d/20-b.toml", "[unit]\n");
    }
    SECTION("a drop-in removed") {
        std::filesystem::remove(folder.root() + "/b/web.toml.d/10-a.toml");
    }
    SECTION("drop-ins in another directory") {
        folder.write("a/web.toml.d/10-b.toml", "[unit]\n");
    }
    CHECK_FALSE(holds());
    CHECK_FALSE(UnitStamp::take("web", folder.path()).is_same(stamp));
}

TEST_CASE("a stamp is the same when only other units come and go", "[loader][N12]") {
    const UnitFolder folder;
    folder.write("b/web@.toml", "[service]\ncommand = ['/bin/web', '%i']\n");
    const auto stamp = UnitStamp::take("web@1", folder.path());

    folder.write_service("b/db.toml", "/bin/db");

    CHECK(stamp.has_main_file());
    CHECK(UnitStamp::take("web@1", folder.path()).is_same(stamp));
    CHECK_FALSE(UnitStamp::take("../web", folder.path()).has_main_file());
    CHECK_FALSE(UnitStamp::take("nosuch", folder.path()).has_main_file());
}

}  // namespace confinit
