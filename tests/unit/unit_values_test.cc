// SPDX-License-Identifier: Apache-2.0
// What the values of unit keys become: the kernel's units and forms.
#include "capability_bit.h"
#include "unit_scene.h"

#include <csignal>
#include <sys/resource.h>

namespace confinit {
namespace {

std::string setting(const Unit& unit, std::string_view file) {
    for (const CgroupSetting& one : unit.cgroup) {
        if (one.file == file) return one.value;
    }
    return "absent";
}

std::string cgroup_value(std::string_view key, std::string_view value) {
    const Unit unit = good_service("[cgroup]\n" + std::string{key} + " = " + std::string{value});
    return setting(unit, key);
}

}  // namespace

TEST_CASE("an empty service has the documented defaults", "[unit]") {
    const Unit unit = good(minimal_service);

    REQUIRE(unit.service);
    CHECK(unit.name == "web");
    CHECK(unit.files == std::vector<std::string>{"web.toml"});
    CHECK(unit.service->command == std::vector<std::string>{"/bin/true"});
    CHECK(unit.service->type == ServiceType::exec);
    CHECK(unit.service->user == "root");
    CHECK_FALSE(unit.service->group);
    CHECK(unit.service->restart == RestartMode::no);
    CHECK(unit.service->stop_signal == SIGTERM);
    CHECK(unit.cgroup.empty());
    CHECK_FALSE(unit.capabilities.bounding);
    CHECK_FALSE(unit.seccomp);
    CHECK(unit.mounts.is_empty());
    CHECK(unit.warnings.empty());
}

TEST_CASE("cpu.max becomes a quota and a period", "[unit]") {
    CHECK(cgroup_value("cpu.max", "'50%'") == "50000 100000");
    CHECK(cgroup_value("cpu.max", "'150%'") == "150000 100000");
    CHECK(cgroup_value("cpu.max", "'max'") == "max 100000");
    CHECK(cgroup_value("cpu.max", "'20000 50000'") == "20000 50000");
    CHECK(cgroup_value("cpu.max", "'max 50000'") == "max 50000");
    CHECK(is_refused_in_service("[cgroup]\ncpu.max = '20000 999'"));
    CHECK(is_refused_in_service("[cgroup]\ncpu.max = '999 100000'"));
    CHECK(is_refused_in_service("[cgroup]\ncpu.max = '20000 1000001'"));
    CHECK(is_refused_in_service("[cgroup]\ncpu.max = 50000"));
    CHECK(is_refused_in_service("[cgroup]\ncpu.max = '50 %'"));
}

TEST_CASE("memory sizes become bytes and percentages stay", "[unit]") {
    CHECK(cgroup_value("memory.max", "'64M'") == "67108864");
    CHECK(cgroup_value("memory.max", "4096") == "4096");
    CHECK(cgroup_value("memory.max", "'max'") == "max");
    CHECK(cgroup_value("memory.max", "'010%'") == "10%");
    CHECK(cgroup_value("memory.min", "'1G'") == "1073741824");
    CHECK(cgroup_value("memory.swap.max", "'1K'") == "1024");
    CHECK(is_refused_in_service("[cgroup]\nmemory.max = '0%'"));
    CHECK(is_refused_in_service("[cgroup]\nmemory.max = '99999999999G'"));
}

TEST_CASE("the other cgroup keys take what the kernel takes", "[unit]") {
    CHECK(cgroup_value("cpu.weight", "10000") == "10000");
    CHECK(cgroup_value("pids.max", "'max'") == "max");
    CHECK(cgroup_value("pids.max", "'15%'") == "15%");
    CHECK(cgroup_value("cpuset.cpus", "'0'") == "0");
    CHECK(cgroup_value("memory.oom.group", "0") == "0");
    CHECK(cgroup_value("memory.oom.group", "true") == "1");
    for (const char* cpus : {"''", "'0,'", "'1-'", "'-1'", "'0-1-2'", "'9999'", "'0 1'"}) {
        INFO(cpus);
        CHECK(is_refused_in_service(std::string{"[cgroup]\ncpuset.cpus = "} + cpus));
    }
}

TEST_CASE("cgroup settings come in the order of the key table, whatever the file's", "[unit]") {
    const Unit unit = good_service("[cgroup]\npids.max = 9\nmemory.max = '1M'\ncpu.weight = 5");

    REQUIRE(unit.cgroup.size() == 4);
    CHECK(unit.cgroup[0].file == "cpu.weight");
    CHECK(unit.cgroup[1].file == "memory.max");
    CHECK(unit.cgroup[2].file == "pids.max");
}

TEST_CASE("a service under memory.max is killed as a group unless the unit says not",
          "[unit][G5]") {
    CHECK(setting(good_service("[cgroup]\nmemory.max = '1M'"), "memory.oom.group") == "1");
    CHECK(setting(good("cgroup.memory = { max = '1M', oom.group = false }\n" +
                       std::string{minimal_service}),
                  "memory.oom.group") == "0");
    CHECK(setting(good("cgroup.memory.max = 'max'\n" + std::string{minimal_service}),
                  "memory.oom.group") == "absent");
}

TEST_CASE("capability sets are names, exceptions or all", "[unit]") {
    const auto bounding = [](const std::string& value) {
        return good_service("[capabilities]\nbounding = " + value).capabilities.bounding;
    };

    CHECK(bounding("[]") == 0U);
    CHECK(bounding("['net_raw', 'CAP_CHOWN']") == (bit(2) | bit(0)));
    CHECK(bounding("['Net_Raw']") == bit(2));
    CHECK(bounding("'all'") == ~0ULL);
    CHECK(bounding("['all']") == ~0ULL);
    CHECK(bounding("['~net_raw', '~CAP_CHOWN']") == ~(bit(2) | bit(0)));
    CHECK(is_refused_in_service("[capabilities]\nbounding = ['~net_raw', 'chown']"));
    CHECK(is_refused_in_service("[capabilities]\nbounding = ['all', 'chown']"));
    CHECK(is_refused_in_service("[capabilities]\nbounding = ['~~net_raw']"));
    CHECK(is_refused_in_service("[capabilities]\nbounding = ['']"));
}

TEST_CASE("a misspelled capability names the nearest one", "[unit][H2]") {
    CHECK(faults(std::string{minimal_service} + "[capabilities]\nambient = ['CAP_NET_RAV']") ==
          "web.toml:4:12: capabilities.ambient[0]: there is no capability 'CAP_NET_RAV'; did you "
          "mean 'net_raw'?\n");
}

TEST_CASE("securebits are joined to one mask", "[unit]") {
    const Unit unit = good_service("[capabilities]\nsecurebits = ['noroot', 'noroot-locked']");

    CHECK(unit.capabilities.securebits == 3);
}

TEST_CASE("a namespace's table means a new one", "[unit]") {
    const Unit unit = good_service(
        "[namespaces]\npid = { pid1 = 'self' }\nuts = { hostname = 'box' }\nnet = true");

    CHECK(unit.namespaces.pid);
    CHECK(unit.namespaces.pid1_is_service);
    CHECK(unit.namespaces.uts);
    CHECK(unit.namespaces.hostname == "box");
    CHECK(unit.namespaces.net);
    CHECK_FALSE(unit.namespaces.mount);
    CHECK(unit.declared.find("namespaces.pid")->second == "{ pid1 = \"self\" }");
}

TEST_CASE("a user namespace without maps has one id, nobody outside", "[unit]") {
    const Unit unit = good_service("[namespaces]\nuser = true");

    CHECK(unit.namespaces.uid_map == std::vector<IdMap>{{0, 65534, 1}});
    CHECK(unit.namespaces.gid_map == std::vector<IdMap>{{0, 65534, 1}});
    CHECK_FALSE(unit.namespaces.allow_setgroups);
}

TEST_CASE("a user namespace takes the maps of the kernel", "[unit]") {
    const Unit unit = good_service(
        "[namespaces.user]\nuid_map = ['0 100000 1000', '1000 5 1']\n"
        "gid_map = ['0 100000 65536']\nsetgroups = 'allow'");

    CHECK(unit.namespaces.user);
    CHECK(unit.namespaces.uid_map == std::vector<IdMap>{{0, 100000, 1000}, {1000, 5, 1}});
    CHECK(unit.namespaces.gid_map == std::vector<IdMap>{{0, 100000, 65536}});
    CHECK(unit.namespaces.allow_setgroups);
}

TEST_CASE("impossible id maps are refused", "[unit]") {
    for (const char* map : {"['0 0 0']", "['0 4294967295 1']", "['0 0 4294967296']", "['-1 0 1']",
                            "['0 1 10', '5 100 1']", "['0 1 10', '20 5 1']", "['a b c']",
                            "['0 4294967293 1']", "['0 0 4294967293']"}) {
        INFO(map);
        CHECK(is_refused_in_service(std::string{"[namespaces.user]\ngid_map = ['0 1 1']\n"} +
                                    "uid_map = " + map));
    }
}

TEST_CASE("bind mounts are texts or tables", "[unit]") {
    const Unit unit = good_service(
        "[namespaces]\nmount = true\n[mounts]\nbind = ['/a:/b', '/c:/d:ro', "
        "{ source = '/e:f', target = '/g', read_only = true, recursive = false }]");

    const auto& bind = unit.mounts.bind;
    REQUIRE(bind.size() == 3);
    CHECK((bind[0].source == "/a" && bind[0].target == "/b"));
    CHECK((!bind[0].read_only && bind[0].recursive));
    CHECK((bind[1].target == "/d" && bind[1].read_only));
    CHECK((bind[2].source == "/e:f" && bind[2].read_only && !bind[2].recursive));
    CHECK(unit.locations.contains("mounts.bind[2]"));
}

TEST_CASE("a bind mount that is not whole is refused", "[unit]") {
    for (const char* bind :
         {"'/a:b'", "'/a:/b:wo'", "'/a:/b:ro:x'", "{ source = '/a' }",
          "{ source = '/a', target = '/b', readonly = true }", "'/proc/self/fd/3:/b'",
          "{ source = '/proc/1/root', target = '/b' }"}) {
        INFO(bind);
        CHECK(is_refused_in_service("[namespaces]\nmount = true\n[mounts]\nbind = [" +
                                    std::string{bind} + "]"));
    }
}

TEST_CASE("tmpfs mounts have a size in bytes and an octal mode", "[unit]") {
    const Unit unit = good_service(
        "[namespaces]\nmount = true\n[mounts]\n"
        "tmpfs = ['/x', { target = '/y', size = '16M', mode = '1777' }]");

    REQUIRE(unit.mounts.tmpfs.size() == 2);
    CHECK_FALSE(unit.mounts.tmpfs[0].size);
    CHECK(unit.mounts.tmpfs[0].mode == 0755);
    CHECK(unit.mounts.tmpfs[1].size == 16U << 20);
    CHECK(unit.mounts.tmpfs[1].mode == 01777);
}

TEST_CASE("the words for /proc are those of the format", "[unit][N14]") {
    const auto view = [](const char* words) {
        const MountConfig mounts =
            good_service(std::string{"[namespaces]\nmount = true\n[mounts]\nproc = "} + words)
                .mounts;
        return std::pair{mounts.proc.value(), mounts.proc_pids_only};
    };

    CHECK(view("'private'") == std::pair{ProcView::own, false});
    CHECK(view("'noaccess'") == std::pair{ProcView::noaccess, false});
    CHECK(view("'invisible'") == std::pair{ProcView::invisible, false});
    CHECK(view("'ptraceable'") == std::pair{ProcView::ptraceable, false});
    CHECK(view("'pids-only'") == std::pair{ProcView::own, true});
    CHECK(view("'inherited'") == std::pair{ProcView::inherited, false});
    CHECK(view("['pids-only']") == std::pair{ProcView::own, true});
    CHECK(view("['invisible', 'pids-only']") == std::pair{ProcView::invisible, true});
    CHECK(view("['pids-only', 'noaccess']") == std::pair{ProcView::noaccess, true});
}

TEST_CASE("a path that may be left out has a dash, and a bind a member", "[unit][N14]") {
    const Unit unit = good_service(
        "[namespaces]\nmount = true\n[mounts]\nread_only = ['/', '-/a']\nexec = ['-/b']\n"
        "bind = ['-/c:/d:ro', '/e:/f', { source = '/g', target = '/h', optional = true }]\n");

    CHECK(unit.mounts.read_only == std::vector<std::string>{"/", "/a"});
    CHECK(unit.mounts.bind[0].source == "/c");
    CHECK(unit.optional_entries == std::vector<std::string>{"mounts.read_only[1]", "mounts.exec[0]",
                                                            "mounts.bind[0]", "mounts.bind[2]"});
}

TEST_CASE("filter entries have a name and perhaps an action", "[unit]") {
    const Unit unit = good_service(
        "[seccomp]\ndefault = 'EPERM'\nallow = ['@base', 'read:log']\ndeny = "
        "['chmod:kill-thread']");

    REQUIRE(unit.seccomp);
    CHECK(unit.seccomp->default_action == SeccompAction{SeccompActionKind::error, 1});
    CHECK(unit.seccomp->allow[0].name == "@base");
    CHECK_FALSE(unit.seccomp->allow[0].action);
    CHECK(unit.seccomp->allow[1].action == SeccompAction{SeccompActionKind::log});
    CHECK(unit.seccomp->deny[0].action == SeccompAction{SeccompActionKind::kill_thread});
}

TEST_CASE("misspelled system calls, sets and actions name the nearest word", "[unit][H2]") {
    CHECK(faults(std::string{minimal_service} +
                 "[seccomp]\nallow = ['chmodd:EPREM', '@mout', 'read:kill']") ==
          "web.toml:4:10: seccomp.allow[0]: there is no system call 'chmodd'; did you mean "
          "'chmod'?\n"
          "web.toml:4:10: seccomp.allow[0]: there is no action 'EPREM'; did you mean 'EPERM'?\n"
          "web.toml:4:26: seccomp.allow[1]: there is no set '@mout'; did you mean '@mount'?\n"
          "web.toml:4:35: seccomp.allow[2]: there is no action 'kill'; did you mean "
          "'kill-process'?\n");
    CHECK(faults(std::string{minimal_service} + "[seccomp]\nallow = ['~@mount']") ==
          "web.toml:4:10: seccomp.allow[0]: there is no '~' here: calls that are denied are listed "
          "in seccomp.deny\n");
}

TEST_CASE("rlimits are soft and hard numbers", "[unit]") {
    const Unit unit = good_service(
        "[process]\nrlimits = { nofile = '1024:4096', core = 0, stack = '8M:infinity', cpu = "
        "'infinity' }");

    const auto& limits = unit.process.rlimits;
    REQUIRE(limits.size() == 4);
    CHECK((limits[0].resource == RLIMIT_CORE && limits[0].hard == 0));
    CHECK((limits[1].resource == RLIMIT_CPU && limits[1].soft == ~0ULL));
    CHECK((limits[2].resource == RLIMIT_NOFILE && limits[2].soft == 1024));
    CHECK(limits[2].hard == 4096);
    CHECK((limits[3].soft == 8U << 20 && limits[3].hard == ~0ULL));
    CHECK(unit.declared.find("process.rlimits.nofile")->second == "1024:4096");
    CHECK(is_refused_in_service("[process]\nrlimits = { nofile = '1K' }"));
    CHECK(is_refused_in_service("[process]\nrlimits = { nofile = '1:2:3' }"));
    CHECK(is_refused_in_service("[process]\nrlimits = { nofile = 'infinity:5' }"));
}

TEST_CASE("a misspelled limit names the nearest one", "[unit][H2]") {
    CHECK(faults(std::string{minimal_service} + "[process]\nrlimits.nofiles = 5") ==
          "web.toml:4:9: process.rlimits.nofiles: unknown key; did you mean 'nofile'?\n");
}

TEST_CASE("signals are known with and without SIG", "[unit]") {
    const auto signal = [](const char* name) {
        return good("[service]\ncommand = ['/a']\nstop_signal = '" + std::string{name} + "'")
            .service->stop_signal;
    };

    CHECK(signal("SIGTERM") == SIGTERM);
    CHECK(signal("HUP") == SIGHUP);
    CHECK(good("[service]\ncommand = ['/a']\nreload = 'SIGUSR1'").service->reload_signal ==
          SIGUSR1);
    CHECK(faults("service.command = ['/a']\nservice.stop_signal = 'SIGTEMR'") ==
          "web.toml:2:23: service.stop_signal: expected a signal name such as \"SIGTERM\"; got "
          "'SIGTEMR'; did you mean 'SIGTERM'?\n");
}

TEST_CASE("account names can never be mistaken for ids", "[unit]") {
    for (const char* user :
         {"'0day'", "'-1'", "'65535'", "'4294967295'", "'4294967293'", "'4294967292'", "''",
          "'a b'", "'a/b'", "-1", "'99999999999999999999'", "'.x'"}) {
        INFO(user);
        CHECK(is_refused("service.command = ['/a']\nservice.user = " + std::string{user}));
    }
    for (const char* user : {"'root'", "'_apt'", "'systemd-network'", "'0'", "'4294967294'", "0"}) {
        INFO(user);
        CHECK_FALSE(is_refused("service.command = ['/a']\nservice.user = " + std::string{user}));
    }
}

TEST_CASE("a command is an array that begins with an absolute path", "[unit]") {
    CHECK(faults("[service]\ncommand = 'dd'") ==
          "web.toml:2:11: service.command: expected an array of texts, the first one the absolute "
          "path of a program; got 'dd'; did you mean '[\"dd\"]'?\n");
    CHECK(faults("[service]\ncommand = []") ==
          "web.toml:2:11: service.command: a command needs a program\n");
    CHECK(faults("[service]\ncommand = ['dd', 1, true]") ==
          "web.toml:2:12: service.command[0]: 'dd' is not an absolute path\n"
          "web.toml:2:18: service.command[1]: expected a text, and an absolute path first; got 1\n"
          "web.toml:2:21: service.command[2]: expected a text, and an absolute path first; got "
          "true\n");
}

TEST_CASE("paths are absolute and normalised", "[unit]") {
    for (const char* path : {"a", "", "/a/", "//a", "/a//b", "/./a", "/a/..", "/a\\nb"}) {
        INFO(path);
        CHECK(is_refused("service.command = ['/a']\nservice.working_directory = \"" +
                         std::string{path} + "\""));
    }
}

TEST_CASE("a path through a process's descriptors is refused", "[unit][X4]") {
    for (const char* path :
         {"/proc/self/fd/3", "/proc/thread-self/cwd", "/proc/1/root", "/dev/fd/3", "/proc/self"}) {
        INFO(path);
        CHECK(is_refused("service.command = ['/a']\nservice.working_directory = '" +
                         std::string{path} + "'"));
    }
    CHECK_FALSE(is_refused("service.command = ['/a']\nservice.working_directory = '/proc/sys'"));
}

TEST_CASE("durations are texts, and their bounds keep clocks from overflowing", "[unit]") {
    const Unit unit = good("service.command = ['/a']\nservice.stop_timeout = '1min 30s'");
    CHECK(unit.service->stop_timeout == std::chrono::seconds{90});

    CHECK(is_refused("service.command = ['/a']\nservice.stop_timeout = '4000d'"));
    CHECK(is_refused("service.command = ['/a']\nservice.stop_timeout = '-1s'"));
    CHECK(is_refused("service.command = ['/a']\nservice.stop_timeout = 'infinity'"));
}

}  // namespace confinit
