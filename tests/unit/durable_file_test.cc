// SPDX-License-Identifier: Apache-2.0
// Files that are written whole or not at all: what is left after a failure, and the order in which
// things reach the disk.
#include "base/durable_file.h"
#include "base/file.h"
#include "temporary_directory.h"

#include <catch2/catch.hpp>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace {

// The calls that matter for a power cut, in their order.
std::vector<std::string> calls;
int fsync_error = 0;

std::string name_of(int fd) {
    std::array<char, 4096> path{};
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t size = readlink(link.c_str(), path.data(), path.size() - 1);
    const std::string text(path.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    return text.substr(text.rfind('/') + 1);
}

}  // namespace

// In place of the C library's, for this program.
extern "C" int fsync(int fd) {
    calls.push_back("fsync " + name_of(fd));
    if (fsync_error != 0) {
        errno = fsync_error;
        return -1;
    }
    return static_cast<int>(syscall(SYS_fsync, fd));
}

extern "C" int renameat(int from_directory, const char* from, int to_directory,
                        const char* to) noexcept {
    calls.push_back(std::string{"rename to "} + to);
    return static_cast<int>(syscall(SYS_renameat2, from_directory, from, to_directory, to, 0));
}

namespace confinit {
namespace {

std::string text_of(const std::string& path) {
    return read_file(AT_FDCWD, path).value_or("absent");
}

}  // namespace

TEST_CASE("a file is on the disk before it has its name, and then the name", "[base][N15]") {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/web.toml.d/50-set.toml";
    calls.clear();

    REQUIRE(write_durably(path, "one\n"));

    REQUIRE(calls.size() == 4);
    CHECK(calls[0] == "fsync .50-set.toml.new");
    CHECK(calls[1] == "rename to 50-set.toml");
    CHECK(calls[2] == "fsync web.toml.d");
    CHECK(calls[3].starts_with("fsync confinit-test-"));
    CHECK(text_of(path) == "one\n");
    REQUIRE(write_durably(path, "two\n"));
    CHECK(text_of(path) == "two\n");

    REQUIRE(remove_durably(path));
    CHECK(list_directory(AT_FDCWD, directory.path())->empty());
    CHECK(remove_durably(path));
}

TEST_CASE("a disk that fails leaves the old file and nothing beside it", "[base][N15]") {
    const TemporaryDirectory directory;
    const std::string old = directory.write("old.toml.d/50-set.toml", "old\n");
    const std::string fresh = directory.path() + "/new.toml.d/50-set.toml";
    fsync_error = EIO;

    const auto replaced = write_durably(old, "new\n");
    const auto made = write_durably(fresh, "new\n");
    fsync_error = 0;

    REQUIRE_FALSE(replaced);
    CHECK(replaced.error().error == EIO);
    REQUIRE_FALSE(made);
    CHECK(text_of(old) == "old\n");
    CHECK(list_directory(AT_FDCWD, directory.path() + "/old.toml.d")->size() == 1);
    CHECK(list_directory(AT_FDCWD, directory.path())->size() == 1);
}

TEST_CASE("what lies under the name of the new file is not followed", "[base][N15]") {
    const TemporaryDirectory directory;
    const std::string victim = directory.write("victim", "mine\n");
    directory.link("d/.file.new", victim);

    REQUIRE(write_durably(directory.path() + "/d/file", "text\n"));

    CHECK(text_of(victim) == "mine\n");
    CHECK(text_of(directory.path() + "/d/file") == "text\n");
}

}  // namespace confinit
