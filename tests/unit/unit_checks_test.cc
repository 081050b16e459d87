// SPDX-License-Identifier: Apache-2.0
// What keys need of one another, and what is only warned of.
#include "unit/reader.h"
#include "unit_scene.h"

#include <algorithm>

namespace confinit {
namespace {

std::string service_faults(std::string_view text) {
    return faults(std::string{minimal_service} + std::string{text});
}

}  // namespace

TEST_CASE("a service without a command is refused", "[unit]") {
    CHECK(faults("# nothing\n[service]\nuser = 'root'\n") ==
          "web.toml:2:1: service: 'command' is missing\n");
}

TEST_CASE("a unit without a service is a target and has nothing to confine", "[unit]") {
    CHECK(faults("unit.wants = ['a']\n") == "");
    CHECK(faults("") == "");
    CHECK(faults("[unit]\nwants = ['a']\n[process]\nnice = 5\n") ==
          "web.toml:3:1: process: a unit without [service] runs no process that this could apply "
          "to\n");
}

TEST_CASE("mounts need a mount namespace", "[unit]") {
    CHECK(
        service_faults("[mounts]\nread_only = ['/']\nprivate_tmp = true\nprivate_dev = false\n") ==
        "web.toml:4:13: mounts.read_only: needs namespaces.mount = true\n"
        "web.toml:5:15: mounts.private_tmp: needs namespaces.mount = true\n");
    CHECK(service_faults("[mounts]\nproc = 'private'\n") ==
          "web.toml:4:8: mounts.proc: needs namespaces.mount = true\n");
    CHECK(service_faults("[mounts]\nproc = 'inherited'\nprivate_tmp = false\n") == "");
    CHECK(service_faults("[namespaces]\nmount = true\n[mounts]\nprivate_tmp = true\n") == "");
}

TEST_CASE("a service cannot do without its root", "[unit][H3]") {
    CHECK(service_faults("[namespaces]\nmount = true\n[mounts]\ninaccessible = ['/srv', '/']\n") ==
          "web.toml:6:25: mounts.inaccessible[1]: a service cannot do without its root; tmpfs = "
          "[\"/\"] gives an empty one\n");
}

TEST_CASE("a key that is wrong itself is not blamed for what it leads to", "[unit]") {
    CHECK(service_faults("[namespaces]\nmount = 'yes'\n[mounts]\nprivate_tmp = true\n") ==
          "web.toml:4:9: namespaces.mount: expected true, false, \"unit:NAME\" or \"/path\"; got "
          "'yes'\n");
    CHECK(faults("[service]\ncommand = 5\n").find("is missing") == std::string::npos);
}

TEST_CASE("an operator that its unit confines is warned of", "[unit][N3]") {
    const std::string head = std::string{minimal_service} + "operator = true\n";
    const auto warning = [](const std::string& text) {
        const Unit unit = good(text);
        const auto found = std::ranges::find_if(unit.warnings, [](const std::string& line) {
            return line.find("service.operator") != std::string::npos;
        });
        return found == unit.warnings.end() ? std::string{} : *found;
    };

    CHECK(warning(head) == "");
    for (const char* wall :
         {"[capabilities]\nbounding = ['~sys_admin']\n", "[namespaces]\nnet = true\n",
          "[seccomp]\nrealtime = false\n", "[cgroup]\nmemory.max = '64M'\n"}) {
        INFO(wall);
        CHECK(warning(head + wall).find("web.toml:3:12: service.operator: an operator can ask") ==
              0);
        CHECK(warning(std::string{minimal_service} + wall) == "");
    }
    const auto shut_out = warning(head + "[capabilities]\nbounding = ['chown']\n");
    CHECK(shut_out.find("asks for cap_dac_override") != std::string::npos);
    CHECK(warning(head + "user = 'nobody'\n").find("it allows nothing") != std::string::npos);
    CHECK(warning(head + "[namespaces]\nuser = true\n").find("it allows nothing") !=
          std::string::npos);
    CHECK(warning(head + "[namespaces]\nuser = { ids = 'identity' }\n").find("an operator can") !=
          std::string::npos);
}

TEST_CASE("capabilities that nobody in the service has are warned of", "[unit][H8][X17]") {
    const auto warnings = [](const std::string& text) {
        std::string all;
        for (const std::string& line : good(std::string{minimal_service} + text).warnings) {
            if (line.find("capabilities.ambient gives it") != std::string::npos) all += line;
        }
        return all;
    };
    const std::string user = "user = 'nobody'\n";
    const std::string bounding = "[capabilities]\nbounding = ['chown']\n";
    const std::string filter = "[seccomp]\nallow = ['@base']\n";

    CHECK(warnings(user + bounding + "no_new_privs = true\n") ==
          "web.toml:5:12: capabilities.bounding: nobody in it has 'chown': the user is not root, "
          "and no_new_privs rules out every other way; capabilities.ambient gives it");
    CHECK(warnings(user + bounding + filter).find("the filter, by no_new_privs,") !=
          std::string::npos);
    CHECK(warnings(user + bounding +
                   "[namespaces]\nmount = true\n[mounts]\nprotect = ['kernel-modules']\n") != "");
    CHECK(warnings(user + bounding) == "");
    CHECK(warnings(bounding + filter) == "");
    CHECK(warnings(user + bounding + "ambient = ['chown']\n" + filter) == "");
    CHECK(warnings(user + "[capabilities]\nbounding = []\n" + filter) == "");
    CHECK(warnings(user + "[capabilities]\nbounding = ['~chown']\n" + filter) == "");
    CHECK(warnings(user + "[capabilities]\nbounding = 'all'\n" + filter) == "");
}

TEST_CASE("a limit of less than a page is warned of", "[unit][G6]") {
    const auto warnings = [](const std::string& value) {
        return good(std::string{minimal_service} + "user = 'nobody'\n[cgroup]\nmemory.max = " +
                    value + "\nmemory.oom.group = true\n")
            .warnings;
    };

    CHECK(warnings("64") ==
          std::vector<std::string>{
              "web.toml:5:14: cgroup.memory.max: less than a page, so that the kernel takes it for "
              "0: a number alone is one of bytes; did you mean \"64M\"?"});
    CHECK(warnings("4095").size() == 1);
    CHECK(warnings("4096").empty());
    CHECK(warnings("0").empty());
    CHECK(warnings("'10%'").empty());
    CHECK(warnings("'max'").empty());
}

TEST_CASE("ambient capabilities must be in the bounding set", "[unit][H8]") {
    CHECK(service_faults("[capabilities]\nbounding = ['chown']\nambient = ['net_raw']\n") ==
          "web.toml:5:11: capabilities.ambient: 'net_raw' must be in "
          "capabilities.bounding as well\n");
    CHECK(service_faults("[capabilities]\nbounding = ['~chown']\nambient = ['net_raw']\n") == "");
    CHECK(service_faults("[capabilities]\nambient = ['net_raw']\n") == "");
}

TEST_CASE("a filter of which every key is left out is no filter", "[unit][H3]") {
    const std::string head =
        "unit.optional = ['seccomp.realtime']\n" + std::string{minimal_service};
    const Unit only = good(head + "[seccomp]\nrealtime = false\n");
    const Unit more = good(head + "[seccomp]\nrealtime = false\npersonality = false\n");
    const std::vector<std::string> keys = {"seccomp.realtime"};

    const auto without = without_keys(only, keys, test_vocabulary());
    const auto rest = without_keys(more, keys, test_vocabulary());

    REQUIRE(without.has_value());
    CHECK_FALSE(without->seccomp.has_value());
    REQUIRE(rest.has_value());
    REQUIRE(rest->seccomp.has_value());
    CHECK(rest->seccomp->realtime);
    CHECK_FALSE(rest->seccomp->personality);
}

TEST_CASE("a filter and no_new_privs = false are refused together", "[unit][H17]") {
    CHECK(service_faults("[capabilities]\nno_new_privs = false\n[seccomp]\ndefault = 'allow'\n")
              .starts_with("web.toml:4:16: capabilities.no_new_privs: a system call filter needs"));
    CHECK(service_faults("[capabilities]\nno_new_privs = false\n") == "");
    CHECK(service_faults("[capabilities]\nno_new_privs = true\n[seccomp]\ndefault = 'allow'\n") ==
          "");
}

TEST_CASE("a filter that allows nothing is refused", "[unit]") {
    CHECK(service_faults("[seccomp]\ndeny = ['chmod']\n")
              .starts_with("web.toml:3:1: seccomp: by default every system call is forbidden"));
    CHECK(service_faults("[seccomp]\ndefault = 'log'\ndeny = ['chmod']\n") == "");
}

TEST_CASE("id maps come in pairs", "[unit]") {
    CHECK(service_faults("[namespaces]\nuser = { uid_map = ['0 1 1'] }\n") ==
          "web.toml:4:20: namespaces.user.uid_map: needs a gid_map beside it\n");
}

TEST_CASE("a preset with a filter needs no_new_privs", "[unit][H17]") {
    const std::string text =
        "[namespaces]\nmount = true\n[capabilities]\nno_new_privs = false\n[mounts]\n";
    CHECK(service_faults(text + "protect = ['system', 'clock']\n") ==
          "web.toml:6:16: capabilities.no_new_privs: the system call filter of mounts.protect "
          "'clock' needs no_new_privs\n");
    CHECK(service_faults(text + "protect = ['system']\n") == "");
}

TEST_CASE("one path cannot have two kinds of access or two mounts", "[unit]") {
    const std::string mount = "[namespaces]\nmount = true\n[mounts]\n";
    CHECK(service_faults(mount + "read_only = ['/a', '/b']\nread_write = ['/b']\n") ==
          "web.toml:7:15: mounts.read_write[0]: '/b' is listed already, as mounts.read_only[1]\n");
    CHECK(service_faults(mount + "bind = ['/x:/a']\ntmpfs = ['/a']\n") ==
          "web.toml:7:10: mounts.tmpfs[0]: '/a' is listed already, as mounts.bind[0]\n");
    CHECK(service_faults(mount + "bind = ['/x:/a']\nread_only = ['/a']\n") == "");
}

TEST_CASE("a unit cannot need what it conflicts with, nor itself", "[unit]") {
    CHECK(faults("[unit]\nrequires = ['a']\nconflicts = ['a']\n") ==
          "web.toml:3:13: unit.conflicts: 'a' is also needed by this unit\n");
    CHECK(faults("[unit]\nafter = ['web']\n") ==
          "web.toml:2:10: unit.after[0]: a unit cannot depend on itself\n");
    CHECK(faults("[unit]\nafter = ['db.toml']\n") ==
          "web.toml:2:10: unit.after[0]: unit names are written without '.toml'; did you mean "
          "'db'?\n");
}

TEST_CASE("restart keys agree with one another", "[unit]") {
    CHECK(service_faults("type = 'oneshot'\nrestart = 'always'\n")
              .starts_with("web.toml:4:11: service.restart: a oneshot service"));
    CHECK(service_faults("restart_delay = '10s'\nrestart_max_delay = '1s'\n") ==
          "web.toml:4:21: service.restart_max_delay: it is shorter than service.restart_delay\n");
    CHECK(service_faults("restart_limit = 5\n") ==
          "web.toml:3:17: service.restart_limit: nothing is tried again by this unit: "
          "service.restart is \"no\"\n");
    CHECK(good_service("restart_delay = '5min'\n").service->restart_max_delay ==
          std::chrono::minutes{5});
}

TEST_CASE("what is unlikely to be meant is warned of", "[unit][G6]") {
    CHECK(good_service("user = 'nobody'\n[cgroup]\nmemory.high = '1M'\n").warnings ==
          std::vector<std::string>{
              "web.toml:5:15: cgroup.memory.high: without memory.max a service that needs more can "
              "stall for ever"});
    CHECK(good_service("user = 'nobody'\n[cgroup]\nmemory.high = '1M'\nmemory.max = '2M'\n")
              .warnings.empty());
    CHECK(good_service("[namespaces]\npid = true\n").warnings.size() == 1);
    CHECK(good_service("[namespaces]\npid = true\nmount = true\n").warnings.empty());
    CHECK(good_service("[namespaces]\nuser = true\n[capabilities]\nambient = ['chown']\n")
              .warnings.size() == 1);
}

TEST_CASE("a unit with limits and without a service is a group", "[unit][G5]") {
    const Unit group = good("[cgroup]\nmemory.max = '64M'\ngroup = 'all'\n");
    CHECK(is_group(group));
    CHECK(group.cgroup_place.group == "all");
    CHECK(group.unit.requires_units == std::vector<std::string>{"all"});
    CHECK(group.unit.after == std::vector<std::string>{"all"});
    // Its members are killed one service at a time.
    CHECK(group.cgroup.size() == 1);
    CHECK(is_group(good("[cgroup]\n")));
    CHECK_FALSE(is_group(good("[unit]\n")));
    CHECK_FALSE(is_group(good_service("[cgroup]\nmemory.max = '64M'\n")));
}

TEST_CASE("a group is a unit's name, and another unit's", "[unit][H2]") {
    const Unit member = good_service("[cgroup]\ngroup = 'all'\n");
    CHECK(member.cgroup_place.group == "all");
    CHECK(member.unit.requires_units == std::vector<std::string>{"all"});
    CHECK(member.unit.after == std::vector<std::string>{"all"});
    CHECK(service_faults("[cgroup]\ngroup = 'web'\n") ==
          "web.toml:4:9: cgroup.group: a unit cannot depend on itself\n");
    CHECK(service_faults("[cgroup]\ngroup = 'all/api'\n")
              .starts_with("web.toml:4:9: cgroup.group: a group is named by its unit alone"));
    CHECK(service_faults("[cgroup]\ngroup = 5\n").starts_with("web.toml:4:9: cgroup.group: "));
}

TEST_CASE("a subtree is a service's own, and has a size", "[unit][G8]") {
    const Unit unit = good_service("user = 'nobody'\n[cgroup]\ndelegate = ['cpu', 'memory']\n");
    CHECK(unit.cgroup_place.delegate);
    CHECK(unit.cgroup_place.delegated_controllers == std::vector<std::string>{"cpu", "memory"});
    REQUIRE(unit.cgroup.size() == 2);
    CHECK(unit.cgroup[0].file == "cgroup.max.descendants");
    CHECK(unit.cgroup[1].file == "cgroup.max.depth");
    CHECK(
        good_service("user = 'nobody'\n[cgroup]\ndelegate = true\nmax.depth = 2\n").cgroup.size() ==
        2);
    CHECK(good_service("[cgroup]\ndelegate = false\n").cgroup.empty());
    CHECK(faults("[cgroup]\ndelegate = true\n") ==
          "web.toml:2:12: cgroup.delegate: a group runs no process that this could apply to\n");
    CHECK(service_faults("[cgroup]\ndelegate = ['memry']\n") ==
          "web.toml:4:13: cgroup.delegate[0]: expected a controller such as \"memory\"; got "
          "'memry'; did you mean 'memory'?\n");
    CHECK(service_faults("[cgroup]\ndelegate = 5\n").starts_with("web.toml:4:12: "));
}

TEST_CASE("a threaded subtree is a delegated one with threaded controllers", "[unit]") {
    CHECK(good_service("user = 'nobody'\n[cgroup]\ndelegate = true\nthreaded = true\n")
              .cgroup_place.threaded);
    CHECK(service_faults("[cgroup]\nthreaded = true\n")
              .starts_with("web.toml:4:12: cgroup.threaded: needs cgroup.delegate"));
    const std::string user = "user = 'nobody'\n[cgroup]\n";
    CHECK(service_faults(user + "delegate = ['cpu', 'memory']\nthreaded = true\n")
              .starts_with("web.toml:5:12: cgroup.delegate: 'memory' does not work in a threaded"));
    CHECK(service_faults(user + "delegate = true\nthreaded = 1\n")
              .starts_with("web.toml:6:12: cgroup.threaded: expected true or false"));
}

TEST_CASE("root gets a subtree only where it does not see the limits above", "[unit][G7]") {
    CHECK(service_faults("[cgroup]\ndelegate = true\n")
              .starts_with("web.toml:4:12: cgroup.delegate: root could write the limits above"));
    CHECK(service_faults("[cgroup]\ndelegate = true\n[namespaces]\nmount = true\n") != "");
    CHECK(service_faults("[cgroup]\ndelegate = true\n[namespaces]\nmount = true\n"
                         "cgroup = true\n") == "");
    CHECK(service_faults("[cgroup]\ndelegate = true\n[namespaces]\nuser = true\n") == "");
    CHECK(service_faults("[cgroup]\ndelegate = true\n[namespaces]\nuser = 'unit:a'\n")
              .find("joined user namespace") != std::string::npos);
}

TEST_CASE("a unit that lets later mounts in below its walls is warned", "[unit][N11]") {
    const auto warnings = [](const std::string& mounts) {
        return good_service("[namespaces]\nmount = true\n[mounts]\n" + mounts).warnings;
    };
    const std::string slave = "propagation = 'slave'\n";

    REQUIRE(warnings(slave + "read_only = ['/']\n").size() == 1);
    CHECK(warnings(slave + "read_only = ['/']\n")[0].find("arrives as the host has it") !=
          std::string::npos);
    CHECK(warnings(slave + "protect = ['system']\n").size() == 1);
    CHECK(warnings(slave + "private_tmp = true\n").empty());
    CHECK(warnings("read_only = ['/']\n").empty());
}

TEST_CASE("a new user namespace has no rights over one that is joined", "[unit][H3][N19]") {
    constexpr std::string_view reason = "has no rights over a namespace that is there already";
    for (const std::string_view joined : {"net = 'unit:a'", "net = '/run/netns/blue'"}) {
        const std::string text = "[namespaces]\n" + std::string{joined} + "\n";
        CHECK(service_faults(text + "user = true\n").starts_with("web.toml:4:7: namespaces.net: "));
        CHECK(service_faults(text + "user = { ids = 'private' }\n").find(reason) !=
              std::string::npos);
        CHECK(service_faults(text + "user = 'unit:a'\n") == "");
        CHECK(service_faults(text) == "");
        CHECK(service_faults(text + "user = true\n[unit]\noptional = ['namespaces.user']\n") == "");
    }
}

}  // namespace confinit
