// SPDX-License-Identifier: Apache-2.0
// [directories], mounts.overlay and mounts.root_image as they are read.
#include "unit_scene.h"

#include <catch2/catch.hpp>

namespace confinit {
namespace {

std::string fault_of(std::string_view text) {
    return faults(std::string{minimal_service} + std::string{text});
}

std::string overlay_fault(std::string_view table) {
    return fault_of("[namespaces]\nmount = true\n[mounts]\noverlay = [" + std::string{table} +
                    "]\n");
}

}  // namespace

TEST_CASE("a service's directories are names, and modes where they are given", "[unit][H16]") {
    const Unit unit = good_service(
        "[directories]\n"
        "state = ['web', { name = 'web/%i', mode = '0700' }]\n"
        "cache = ['web']\nruntime = ['web']\nlogs = ['web']\n"
        "configuration = ['web']\nchown = 'recursive'\n");

    REQUIRE(unit.directories.state.size() == 2);
    CHECK(unit.directories.state[0].name == "web");
    CHECK(unit.directories.state[0].mode == 0755);
    CHECK(unit.directories.state[1].mode == 0700);
    CHECK(unit.directories.cache.size() == 1);
    CHECK(unit.directories.runtime.size() == 1);
    CHECK(unit.directories.logs.size() == 1);
    CHECK(unit.directories.configuration.size() == 1);
    CHECK(unit.directories.chown_recursively);
    CHECK_FALSE(good(minimal_service).directories.chown_recursively);
}

TEST_CASE("a directory may have an owner of its own, and a mode that packages use", "[unit][N17]") {
    const Unit unit = good_service(
        "[directories]\nlogs = [{ name = 'web', mode = '2750', user = 'root', group = 'adm' }]\n");

    REQUIRE(unit.directories.logs.size() == 1);
    CHECK(unit.directories.logs[0].mode == 02750);
    CHECK(unit.directories.logs[0].user == "root");
    CHECK(unit.directories.logs[0].group == "adm");
}

TEST_CASE("a directory outside of its place is refused with its place in the file",
          "[unit][H2][H16]") {
    CHECK(fault_of("[directories]\nstate = ['/var/lib/web']\n")
              .starts_with("web.toml:4:10: directories.state[0]: '/var/lib/web' is an absolute"));
    for (const char* name : {"'..'", "'a/../b'", "'.'", "'a//b'", "'a/'", "''", "'a:b'", "7",
                             "{ mode = '0755' }", "{ name = 'a', mode = '8' }",
                             "{ name = 'a', mode = '04755' }", "{ name = 'a', owner = 'b' }",
                             "{ name = 'a', user = 7 }", "{ name = 'a', group = '' }"}) {
        INFO(name);
        CHECK(fault_of("[directories]\nstate = [" + std::string{name} + "]\n")
                  .starts_with("web.toml:4:"));
    }
    CHECK(fault_of("[directories]\nstate = ['a', 'b', 'a']\n").find("'a' is listed twice") !=
          std::string::npos);
    CHECK(fault_of("[directories]\nchown = 'recursiv'\n").find("did you mean 'recursive'?") !=
          std::string::npos);
    CHECK(fault_of("[directories]\nstates = ['a']\n").find("did you mean") != std::string::npos);
}

TEST_CASE("directories belong to a service", "[unit]") {
    CHECK(faults("[directories]\nstate = ['a']\n").find("directories") != std::string::npos);
}

TEST_CASE("an overlay has a target, layers, and perhaps something that is written to", "[unit]") {
    const Unit unit = good_service(
        "[namespaces]\nmount = true\n[mounts]\noverlay = [\n"
        "{ target = '/srv', lower = ['/a', '/b'] },\n"
        "{ target = '/t', lower = ['/a'], upper = 'tmpfs', size = '1M' },\n"
        "{ target = '/d', lower = ['/a'], upper = '/u', work = '/w' }]\n");

    const auto& overlays = unit.mounts.overlay;
    REQUIRE(overlays.size() == 3);
    CHECK(overlays[0].lower == std::vector<std::string>{"/a", "/b"});
    CHECK_FALSE(overlays[0].upper);
    CHECK_FALSE(overlays[0].upper_in_memory);
    CHECK(overlays[1].upper_in_memory);
    CHECK_FALSE(overlays[1].upper);
    CHECK(overlays[1].size == std::uint64_t{1} << 20);
    CHECK(overlays[2].upper == "/u");
    CHECK(overlays[2].work == "/w");
}

TEST_CASE("an overlay that no kernel would mount is refused", "[unit][H2]") {
    CHECK(overlay_fault("{ target = '/t', lower = ['/a'] }")
              .starts_with("web.toml:6:12: mounts.overlay[0]: one lower alone is a bind mount"));
    for (const char* table :
         {"{ lower = ['/a', '/b'] }", "{ target = '/t' }", "{ target = '/t', lower = [] }",
          "{ target = 't', lower = ['/a', '/b'] }", "{ target = '/t', lower = ['a', '/b'] }",
          "{ target = '/', lower = ['/a', '/b'] }", "'/t'",
          "{ target = '/t', lower = ['/a'], upper = '/u' }",
          "{ target = '/t', lower = ['/a', '/b'], work = '/w' }",
          "{ target = '/t', lower = ['/a'], upper = 'tmpfs', work = '/w' }",
          "{ target = '/t', lower = ['/a'], upper = '/u', work = '/w', size = '1M' }",
          "{ target = '/t', lower = ['/a', '/b'], uper = '/u' }",
          "{ target = '/t', lower = ['/a', '/b'] }, { target = '/t', lower = ['/a', '/b'] }"}) {
        INFO(table);
        CHECK(overlay_fault(table).starts_with("web.toml:6:"));
    }
}

TEST_CASE("a root image is one file, in place of a root directory", "[unit]") {
    const Unit unit = good_service("[namespaces]\nmount = true\n[mounts]\nroot_image = '/a.img'\n");
    CHECK(unit.mounts.root_image == "/a.img");
    CHECK(unit.mounts.has_own_root());
    CHECK(fault_of("[namespaces]\nmount = true\n[mounts]\nroot = '/a'\nroot_image = '/b'\n")
              .find("stands in place of mounts.root") != std::string::npos);
    CHECK(fault_of("[mounts]\nroot_image = '/b'\n").find("needs namespaces.mount = true") !=
          std::string::npos);
}

TEST_CASE("a mount at the place of a directory is refused with both keys", "[unit][H4]") {
    const std::string directory = "[directories]\nstate = ['web']\n[namespaces]\nmount = true\n";
    const auto fault = [&](std::string_view mount) {
        return fault_of(directory + "[mounts]\n" + std::string{mount} + "\n");
    };
    const std::string listed = "'/var/lib/web' is listed already, as ";
    CHECK(fault("tmpfs = ['/var/lib/web']").contains(listed + "mounts.tmpfs[0]"));
    CHECK(fault("bind = ['/srv:/var/lib/web']").contains(listed + "mounts.bind[0]"));
    CHECK(fault("overlay = [{ target = '/var/lib/web', lower = ['/a', '/b'] }]")
              .contains(listed + "mounts.overlay[0]"));
    CHECK(fault("inaccessible = ['/var/lib/web']").contains(listed + "mounts.inaccessible[0]"));
    CHECK(fault("tmpfs = ['/var/lib']") == "");
    CHECK(fault("read_only = ['/var/lib/web']") == "");
}

TEST_CASE("the host's root is no root of the service's own", "[unit][H4]") {
    CHECK(fault_of("[namespaces]\nmount = true\n[mounts]\nroot = '/'\n")
              .contains("mounts.root: '/' is the host's root, which the service has without this "
                        "key: leave it out"));
}

}  // namespace confinit
