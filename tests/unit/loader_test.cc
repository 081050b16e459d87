// SPDX-License-Identifier: Apache-2.0
// Units on disk: the search path, drop-ins, templates, and files that are no good ones.
#include "unit_folder.h"

#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace confinit {

TEST_CASE("the first directory that has a unit wins", "[loader]") {
    const UnitFolder folder;
    folder.write_service("b/web.toml", "/bin/b");
    CHECK(folder.program("web") == "/bin/b");

    folder.write_service("a/web.toml", "/bin/a");
    CHECK(folder.program("web") == "/bin/a");
    CHECK(folder.load("web")->files == std::vector<std::string>{folder.root() + "/a/web.toml"});
}

TEST_CASE("a unit that is nowhere is told apart from a bad one", "[loader]") {
    const UnitFolder folder;

    const auto unit = folder.load("web");

    REQUIRE(!unit);
    REQUIRE(unit.error().size() == 1);
    CHECK(unit.error().front().key == not_found_key);
    CHECK(folder.faults("web") == "there is no unit 'web' in /a, /b, /absent\n");
}

TEST_CASE("a bad name reaches no file system", "[loader][X13]") {
    const UnitFolder folder;
    folder.write_service("x.toml", "/bin/x");

    CHECK(folder.faults("../x").starts_with("'../x' is not a valid unit name: "));
    CHECK(folder.faults("").starts_with("'' is not a valid unit name: "));
    CHECK(folder.faults("a/../x").find("is not a valid unit name") != std::string::npos);
}

TEST_CASE("an instance comes from its template, or from a file of its own", "[loader]") {
    const UnitFolder folder;
    folder.write("b/web@.toml", "[service]\ncommand = ['/bin/web', '%i']\n");

    const auto one = folder.load("web@one");
    REQUIRE(one);
    CHECK(one->name == "web@one");
    CHECK(one->service->command[1] == "one");

    folder.write_service("b/web@two.toml", "/bin/two");
    CHECK(folder.program("web@two") == "/bin/two");
    CHECK(folder.faults("web@") == "'web@' is a template; name an instance, as in 'web@1'\n");
    CHECK(folder.faults("web") ==
          "there is no unit 'web' in /a, /b, /absent; /b/web@.toml is a template; did you mean an "
          "instance of it, such as 'web@1'?\n");
}

TEST_CASE("a path of a unit file is told the unit's name", "[loader][N20]") {
    const UnitFolder folder;

    for (const char* path : {"/etc/confinit/units/user.toml", "/etc/confinit/units/user", "./user"})
        CHECK(folder.faults(path).ends_with("; did you mean 'user'?\n"));
    CHECK_FALSE(folder.faults("a b").contains("did you mean"));
}

TEST_CASE("all problems of all files come at once", "[loader][H2]") {
    const UnitFolder folder;
    folder.write("a/web.toml", "[service]\ncommand = ['/a']\nuser = true\nusr = 'x'\n");
    folder.write("a/web.toml.d/1.toml", "service.user = 'x'\nservice.restart = 'maybe'\n");
    folder.write("a/web.toml.d/2.toml", "[service\n");

    const std::string faults = folder.faults("web");

    CHECK(faults.find("/a/web.toml:3:8: service.user: expected") != std::string::npos);
    CHECK(faults.find("/a/web.toml:4:1: service.usr: unknown key") != std::string::npos);
    CHECK(faults.find("/a/web.toml.d/1.toml:2:19: service.restart") != std::string::npos);
    CHECK(faults.find("/a/web.toml.d/2.toml:1:9: service: the ']'") != std::string::npos);
    CHECK(std::ranges::count(faults, '\n') == 4);
}

TEST_CASE("only a regular file is a unit file", "[loader][R1]") {
    const UnitFolder folder;
    std::filesystem::create_directory(folder.root() + "/a/directory.toml");
    REQUIRE(mkfifo((folder.root() + "/a/fifo.toml").c_str(), 0644) == 0);
    REQUIRE(symlink("loop.toml", (folder.root() + "/a/loop.toml").c_str()) == 0);
    REQUIRE(symlink("nothing", (folder.root() + "/a/dangling.toml").c_str()) == 0);
    REQUIRE(symlink("/dev/null", (folder.root() + "/a/device.toml").c_str()) == 0);
    for (const char* name : {"directory", "fifo", "loop", "dangling", "device"}) {
        folder.write_service(std::string{"b/"} + name + ".toml", "/bin/hidden");
    }

    CHECK(folder.faults("directory") == "/a/directory.toml: it is a directory and not a file\n");
    CHECK(folder.faults("fifo") == "/a/fifo.toml: it is a FIFO and not a regular file\n");
    CHECK(folder.faults("loop") ==
          "/a/loop.toml: cannot open: Too many levels of symbolic links\n");
    CHECK(folder.faults("dangling") == "/a/dangling.toml: it is a symbolic link to nothing\n");
    CHECK(folder.faults("device") == "/a/device.toml: it is a device and not a regular file\n");
}

TEST_CASE("a symbolic link to a unit file is one", "[loader]") {
    const UnitFolder folder;
    folder.write_service("elsewhere/real.toml", "/bin/real");
    REQUIRE(symlink("../elsewhere/real.toml", (folder.root() + "/a/web.toml").c_str()) == 0);

    CHECK(folder.program("web") == "/bin/real");
}

TEST_CASE("a file of 10 MB and one of random bytes are clear errors", "[loader][R1]") {
    const UnitFolder folder;
    folder.write("a/large.toml", std::string(10'000'000, '#'));
    folder.write("a/random.toml", "\x7f\x45\x4c\x46\x02\x01\xff\xfe");

    CHECK(folder.faults("large") == "/a/large.toml: it is larger than 256 KiB\n");
    CHECK(folder.faults("random").starts_with("/a/random.toml:1:6: not valid TOML: "));
}

TEST_CASE("what others can write is not trusted", "[loader][X13]") {
    const UnitFolder folder;
    folder.write("a/group.toml", minimal_service, 0664);
    folder.write("a/others.toml", minimal_service, 0646);
    folder.write("a/web.toml", minimal_service);
    folder.write("a/web.toml.d/1.toml", "service.user = 'x'\n", 0666);

    CHECK(folder.faults("group") ==
          "/a/group.toml: the file cannot be trusted: its mode is 0664, and only its owner may be "
          "able to write it\n");
    CHECK(folder.faults("others").find("mode is 0646") != std::string::npos);
    CHECK(folder.faults("web").starts_with("/a/web.toml.d/1.toml: the file cannot be trusted"));
}

TEST_CASE("a directory that others can write is not trusted", "[loader][X13]") {
    const UnitFolder folder;
    folder.write("b/web.toml", minimal_service);
    REQUIRE(chmod((folder.root() + "/a").c_str(), 0777) == 0);

    CHECK(folder.faults("web") ==
          "/a: the directory cannot be trusted: its mode is 0777, and only its owner may be able "
          "to write it\n");
}

TEST_CASE("a file of another user is not trusted", "[loader][X13]") {
    if (geteuid() != 0) return;
    const UnitFolder folder;
    const std::string path = folder.write("a/web.toml", minimal_service);
    REQUIRE(chown(path.c_str(), 1, 1) == 0);

    CHECK(folder.faults("web") ==
          "/a/web.toml: the file cannot be trusted: it belongs to user 1, and must belong to "
          "root\n");
}

TEST_CASE("a file elsewhere is checked by its text and the drop-ins beside it", "[loader]") {
    const UnitFolder folder;
    const std::string path = folder.write("home/web.toml", minimal_service, 0666);
    CHECK(folder.faults_of(folder.check(path)) == "");

    folder.write("a/web.toml.d/1.toml", "service.usr = 'x'\n");
    CHECK(folder.faults_of(folder.check(path)) == "");

    folder.write("home/web.toml.d/1.toml", "service.usr = 'x'\n");
    CHECK(folder.faults_of(folder.check(path)) ==
          "/home/web.toml.d/1.toml:1:9: service.usr: unknown key; did you mean 'user'?\n");
}

TEST_CASE("an installed file is checked as it would be loaded", "[loader][H2]") {
    const UnitFolder folder;
    const std::string path = folder.write("b/web.toml", minimal_service, 0666);
    CHECK(folder.faults_of(folder.check(path)) == folder.faults("web"));
    CHECK(folder.faults("web") != "");

    REQUIRE(chmod(path.c_str(), 0644) == 0);
    folder.write("a/web.toml.d/1.toml", "service.usr = 'x'\n");
    CHECK(folder.faults_of(folder.check(path)) == folder.faults("web"));
    CHECK(folder.faults("web") != "");

    folder.write("a/web.toml.d/1.toml", "service.user = 'x'\n");
    CHECK(folder.faults_of(folder.check(path)) == "");
    CHECK(folder.check(path)->service->user == "x");
}

TEST_CASE("a template file is checked with an instance", "[loader]") {
    const UnitFolder folder;
    const std::string path = folder.write("b/web@.toml", "service.command = ['/bin/%i']\n");

    CHECK(folder.check(path)->service->command.front() == "/bin/instance");
}

TEST_CASE("paths that are no unit files are told so", "[loader]") {
    const UnitFolder folder;
    const std::string drop_in = folder.write("b/web.toml.d/1.toml", "");

    CHECK(folder.faults_of(folder.check("/etc/passwd")) ==
          "/etc/passwd: the name of a unit file ends in '.toml'\n");
    CHECK(folder.faults_of(folder.check(folder.root() + "/b/no.toml")) ==
          "/b/no.toml: cannot open: No such file or directory\n");
    CHECK(folder.faults_of(folder.check(folder.root() + "/no/web.toml")) ==
          "/no/web.toml: cannot open: No such file or directory\n");
    CHECK(folder.faults_of(folder.check(folder.root() + "/b/a b.toml"))
              .find("'a b' is not a valid unit name") != std::string::npos);
    CHECK(folder.faults_of(folder.check(drop_in)) ==
          "/b/web.toml.d/1.toml: it is a drop-in; check the unit it belongs to\n");
}

TEST_CASE("the names of units are those of all directories", "[loader]") {
    const UnitFolder folder;
    folder.write("a/web.toml", "");
    folder.write("b/web.toml", "");
    folder.write("b/heat@.toml", "");
    folder.write("b/a b.toml", "");
    folder.write("b/.hidden.toml", "");
    folder.write("b/web.toml.d/1.toml", "");
    folder.write("b/notes.txt", "");

    CHECK(list_unit_names(folder.path()) == std::vector<std::string>{"heat@", "web"});
}

TEST_CASE("a unit without a service that hides one is warned of", "[loader][N19]") {
    const UnitFolder folder;
    const std::string hidden = folder.write_service("b/web.toml", "/bin/web");
    const std::string path = folder.write("a/web.toml", "[cgroup]\npids.max = 5\n");
    const std::vector<std::string> warning{
        path + ": it has no [service] and hides " + hidden +
        ", which has one, so that nothing runs; a drop-in web.toml.d/*.toml changes single keys"};

    CHECK(folder.load("web")->warnings == warning);
    CHECK(folder.check(path)->warnings == warning);
    // The other one hides nothing.
    CHECK(folder.check(hidden)->warnings.empty());
    folder.write("a/web.toml", "[process]\nnice = 5\n");
    CHECK(folder.faults("web").find("/a/web.toml: it has no [service] and hides /b/web.toml") !=
          std::string::npos);

    folder.write("a/web.toml", "[cgroup]\npids.max = 5\n");
    folder.write("b/web.toml.d/50.toml", "[service]\ncommand = ['/bin/web']\nuser = 'nobody'\n");
    CHECK(folder.load("web")->warnings.empty());
    folder.write("a/default.toml", "");
    folder.write("b/default.toml", "unit.wants = ['web']\n");
    CHECK(folder.load("default")->warnings.empty());

    folder.write_service("b/heat@.toml", "/bin/heat");
    folder.write("a/heat@one.toml", "");
    CHECK(folder.load("heat@one")->warnings.size() == 1);
    CHECK(folder.load("heat@two")->warnings.empty());
}

}  // namespace confinit
