// SPDX-License-Identifier: Apache-2.0
// Every key of a unit file: a good value, a bad one, and what its documentation must have.
#include "unit/keys.h"

#include "source_paths.h"
#include "unit_scene.h"

#include <algorithm>

namespace confinit {
namespace {

// `context` is what the good value needs beside it. The bad value is of the right table but is
// refused at its own place.
struct KeyCase {
    std::string_view path;
    std::string_view good;
    std::string_view bad;
    std::string_view context = "";
};

constexpr std::string_view in_mount_namespace = "namespaces.mount = true\n";

constexpr KeyCase key_cases[] = {
    {"unit.description", "'a web server'", "7"},
    {"unit.documentation", "['man:nginx(8)']", "'man:nginx(8)'"},
    {"unit.requires", "['net', 'heat@1']", "['../x']"},
    {"unit.wants", "['net']", "['web']"},
    {"unit.after", "['net']", "['net.toml']"},
    {"unit.before", "[]", "['heat@']"},
    {"unit.conflicts", "['other']", "'other'"},
    {"unit.wanted_by", "['default']", "['a b']"},
    {"unit.required_by", "['net', 'heat@1']", "['web']"},
    {"unit.optional", "['cgroup.io.weight', 'seccomp']", "['service.user']"},
    {"service.type", "'oneshot'", "'forking'"},
    {"service.command", "['/bin/echo', '']", "['echo']"},
    {"service.user", "'www-data'", "'0day'"},
    {"service.group", "33", "4294967295"},
    {"service.supplementary_groups", "['adm', '4']", "['a:b']"},
    {"service.working_directory", "'/srv/web'", "'/proc/self/fd/7'"},
    {"service.environment", "{ LANG = 'C.UTF-8' }", "{ 'A=B' = 'x' }"},
    {"service.pass_environment", "['LANG', '*']", "['A=B']"},
    {"service.tty", "'/dev/console'", "'/tmp/tty'"},
    {"service.restart", "'always'", "'yes'"},
    {"service.restart_delay", "'1s'", "1"},
    {"service.restart_max_delay", "'2min'", "'50ms'"},
    {"service.restart_limit", "5", "0", "service.restart = 'always'\n"},
    {"service.essential", "true", "1"},
    {"log.forward", "'json'", "'yes'"},
    {"service.start_timeout", "'1min 30s'", "'0s'"},
    {"service.stop_timeout", "'250ms'", "'5 apples'"},
    {"service.stop_signal", "'SIGINT'", "'SIGFOO'"},
    {"service.kill_mode", "'mixed'", "'process'"},
    {"service.reload", "'SIGHUP'", "'reload'"},
    {"service.operator", "true", "'yes'"},
    {"service.deputy", "true", "1"},
    {"service.ready", "'fd:3'", "'fd:2'"},
    {"service.watchdog", "'30s'", "'0s'"},
    {"cgroup.group", "'all'", "'web'"},
    {"cgroup.delegate", "['cpu', 'memory']", "['cpus']", "service.user = 'nobody'\n"},
    {"cgroup.memory_stall_timeout", "'30s'", "30"},
    {"cgroup.threaded", "true", "'yes'", "cgroup.delegate = true\nservice.user = 'nobody'\n"},
    {"cgroup.cpu.weight", "25", "0"},
    {"cgroup.cpu.max", "'50%'", "'0%'"},
    {"cgroup.cpuset.cpus", "'0-3,6'", "'3-0'"},
    {"cgroup.memory.min", "'1M'", "'1MB'"},
    {"cgroup.memory.low", "4096", "-1"},
    {"cgroup.memory.high", "'10%'", "'110%'"},
    {"cgroup.memory.max", "'64M'", "true"},
    {"cgroup.memory.swap.max", "0", "'10%'"},
    {"cgroup.memory.oom.group", "true", "2"},
    {"cgroup.pids.max", "16", "'16'"},
    {"cgroup.cpu.weight.nice", "-5", "20"},
    {"cgroup.cpu.idle", "true", "'yes'"},
    {"cgroup.cpu.max.burst", "'10ms'", "10", "cgroup.cpu.max = '50%'\n"},
    {"cgroup.cpu.uclamp.min", "'20%'", "'200%'"},
    {"cgroup.cpu.uclamp.max", "'max'", "50"},
    {"cgroup.cpuset.mems", "'0'", "'a'"},
    {"cgroup.cpuset.cpus.exclusive", "'2-3'", "'3-2'"},
    {"cgroup.cpuset.cpus.partition", "'isolated'", "'alone'"},
    {"cgroup.memory.swap.high", "'1M'", "'10%'"},
    {"cgroup.memory.zswap.max", "0", "-1"},
    {"cgroup.memory.zswap.writeback", "false", "'off'"},
    {"cgroup.max.descendants", "100", "-1"},
    {"cgroup.max.depth", "'max'", "'none'"},
    {"cgroup.io.max", "{ '/dev/vda' = 'rbps=1M wiops=100' }", "{ '/dev/vda' = 'rbsp=1M' }"},
    {"cgroup.io.latency", "{ '254:0' = '10ms' }", "{ 'vda' = '10ms' }"},
    {"cgroup.hugetlb.64KB.max", "0", "'x'"},
    {"cgroup.hugetlb.2MB.max", "'64M'", "'64MB'"},
    {"cgroup.hugetlb.32MB.max", "'max'", "true"},
    {"cgroup.hugetlb.1GB.max", "'1G'", "-1"},
    {"cgroup.rdma.max", "{ mlx5_0 = 'hca_handle=2' }", "{ mlx5_0 = 2 }"},
    {"cgroup.misc.max", "{ sev = 10 }", "{ sev = -1 }"},
    {"cgroup.raw", "{ 'memory.reclaim' = '1M' }", "{ 'memory.max' = '1M' }"},
    {"cgroup.io.weight", "10000", "10001"},
    {"capabilities.bounding", "['net_raw']", "['net_rav']"},
    {"capabilities.ambient", "'all'", "'net_raw'"},
    {"capabilities.securebits", "['noroot']", "['no-root']"},
    {"capabilities.no_new_privs", "true", "1"},
    {"namespaces.mount", "true", "'yes'"},
    {"namespaces.pid", "true", "'unit:'"},
    {"namespaces.pid.pid1", "'self'", "'init'"},
    {"namespaces.net", "'/run/netns/a'", "'/run//a'"},
    {"namespaces.ipc", "'unit:db'", "{}"},
    {"namespaces.uts", "{ hostname = 'web' }", "0"},
    {"namespaces.uts.hostname", "'web-1.example'", "'-web'"},
    {"namespaces.cgroup", "true", "[]"},
    {"namespaces.time", "{ boottime = '+30d' }", "'+30d'"},
    {"namespaces.time.boottime", "'-1h'", "'30'"},
    {"namespaces.time.monotonic", "'+250ms'", "60"},
    {"namespaces.user", "true", "'self'"},
    {"namespaces.user.ids", "'subid:alice'", "'subid:'"},
    {"namespaces.user.uid_map", "['0 100000 65536']", "['0 100000']",
     "namespaces.user.gid_map = ['0 1 1']\n"},
    {"namespaces.user.gid_map", "['0 1000 1']", "[]", "namespaces.user.uid_map = ['0 1 1']\n"},
    {"namespaces.user.setgroups", "'allow'", "true"},
    {"mounts.propagation", "'private'", "'master'", in_mount_namespace},
    {"mounts.root", "'/srv/root'", "'srv'", in_mount_namespace},
    {"mounts.read_only", "['/']", "['/a/../b']", in_mount_namespace},
    {"mounts.read_write", "['/var/lib/web']", "['/a/']", in_mount_namespace},
    {"mounts.inaccessible", "['/home']", "['/a//b']", in_mount_namespace},
    {"mounts.no_exec", "['/']", "['a']", in_mount_namespace},
    {"mounts.exec", "['/usr']", "'/usr'", in_mount_namespace},
    {"mounts.protect", "['system-full', 'clock']", "['sytem']", in_mount_namespace},
    {"mounts.bind", "['/a:/b']", "['/a']", in_mount_namespace},
    {"mounts.tmpfs", "['/run/web']", "[{ size = '1M' }]", in_mount_namespace},
    {"mounts.private_tmp", "true", "'true'", in_mount_namespace},
    {"mounts.private_dev", "true", "1", in_mount_namespace},
    {"mounts.root_image", "'/srv/web.squashfs'", "'web.squashfs'", in_mount_namespace},
    {"mounts.overlay", "[{ target = '/srv', lower = ['/a'], upper = 'tmpfs' }]",
     "[{ target = '/srv', lower = ['/a'] }]", in_mount_namespace},
    {"directories.state", "['web', { name = 'a/b', mode = '0700' }]", "['/var/lib/web']"},
    {"directories.cache", "['web']", "['../web']"},
    {"directories.runtime", "['web']", "[{ mode = '0700' }]"},
    {"directories.logs", "['web']", "'web'"},
    {"directories.configuration", "['web']", "['web', 'web']"},
    {"directories.chown", "'recursive'", "true"},
    {"mounts.proc", "'pids-only'", "'hidden'", in_mount_namespace},
    {"seccomp.default", "'ENOSYS'", "'kill'", "seccomp.allow = ['@base']\n"},
    {"seccomp.allow", "['@base', 'chmod:EPERM']", "['chmodd']"},
    {"seccomp.deny", "['chmod', '@mount:EPERM']", "['chmod:allow']", "seccomp.default = 'allow'\n"},
    {"seccomp.rules", "[{ syscalls = ['chmod'], action = 'EPERM' }]", "[{ action = 'EPERM' }]",
     "seccomp.default = 'allow'\n"},
    {"seccomp.profile", "'" CONFINIT_SOURCE "/tests/fuzz/corpus/profile/docker.json'",
     "'/no/such/profile.json'"},
    {"seccomp.address_families", "['unix', 'AF_INET']", "['unixx']"},
    {"seccomp.namespaces", "['user']", "['usr']"},
    {"seccomp.memory_deny_write_execute", "true", "'yes'"},
    {"seccomp.suid_sgid", "false", "'no'"},
    {"seccomp.realtime", "false", "0"},
    {"seccomp.personality", "false", "'linux'"},
    {"seccomp.architectures", "['native']", "['x86']"},
    {"process.umask", "'0077'", "77"},
    {"process.nice", "-5", "20"},
    {"process.rlimits", "{ nofile = '1024:4096' }", "{ nofile = '2:1' }"},
    {"process.oom_score_adj", "-1000", "1001"},
    {"process.scheduling", "'fifo:50'", "'fifo'"},
    {"process.io_priority", "'best-effort:4'", "'idle:4'"},
    {"process.cpu_affinity", "'0-3,6'", "'3-0'"},
    {"process.keyring", "'inherit'", "'shared'"},
};

// Dotted keys at the top of the file, so that every case is one line of its own.
std::string unit_text(const KeyCase& key_case, std::string_view value) {
    constexpr std::string_view cgroup = "cgroup.";
    std::string path{key_case.path};
    if (is_quoted_key(path)) path = "cgroup.'" + path.substr(cgroup.size()) + "'";
    std::string text = path + " = " + std::string{value} + "\n";
    text += key_case.context;
    if (key_case.path != "service.command") text += "service.command = ['/bin/true']\n";
    return text;
}

}  // namespace

TEST_CASE("every key of the table has a case here", "[unit][H2]") {
    for (const Key* key : all_keys()) {
        INFO(key->path);
        CHECK(std::ranges::find(key_cases, key->path, &KeyCase::path) != std::end(key_cases));
    }
    CHECK(std::size(key_cases) == all_keys().size());
}

TEST_CASE("every key takes a good value and notes its place and text", "[unit]") {
    for (const KeyCase& key_case : key_cases) {
        const Unit unit = good(unit_text(key_case, key_case.good));

        INFO(key_case.path);
        REQUIRE(unit.locations.contains(key_case.path));
        CHECK(unit.locations.find(key_case.path)->second.line == 1);
        CHECK(unit.locations.find(key_case.path)->second.column ==
              key_case.path.size() + (is_quoted_key(key_case.path) ? 6 : 4));
        CHECK(unit.declared.contains(key_case.path));
    }
}

TEST_CASE("every key refuses a bad value at its line and by its name", "[unit][H2]") {
    for (const KeyCase& key_case : key_cases) {
        const auto unit = parse(unit_text(key_case, key_case.bad));

        INFO(key_case.path);
        REQUIRE(!unit);
        for (const std::string& text : texts(unit.error())) {
            INFO(text);
            CHECK(text.starts_with("web.toml:1:"));
            CHECK(text.find(std::string{": "} + std::string{key_case.path}) != std::string::npos);
        }
        CHECK(unit.error().size() == 1);
    }
}

TEST_CASE("every key refuses a value of a type that it cannot have", "[unit][H2]") {
    for (const KeyCase& key_case : key_cases) {
        for (const std::string_view value :
             {"1979-05-27", "1.5", "[[]]", "[1.5]", "\"a\\u0000b\""}) {
            INFO(key_case.path << " = " << value);
            CHECK_FALSE(parse(unit_text(key_case, value)));
        }
    }
}

TEST_CASE("every key is documented, and a key stands before those below it", "[unit]") {
    std::vector<std::string_view> seen;
    for (const Key* key : all_keys()) {
        INFO(key->path);
        CHECK_FALSE(key->form.empty());
        CHECK_FALSE(key->fallback.empty());
        CHECK(key->documentation.ends_with('.'));
        CHECK_FALSE(key->operation.empty());
        CHECK_FALSE(key->source.empty());
        CHECK(std::ranges::find(seen, key->path) == seen.end());
        for (const std::string_view earlier : seen) {
            CHECK_FALSE(earlier.starts_with(std::string{key->path} + "."));
        }
        seen.push_back(key->path);
    }
}

TEST_CASE("a choice names all its words", "[unit]") {
    CHECK(faults("service.command = ['/a']\nservice.restart = 'yes'") ==
          "web.toml:2:19: service.restart: expected one of no, on-failure, always; got 'yes'\n");
    CHECK(faults("service.command = ['/a']\nservice.type = 'exce'") ==
          "web.toml:2:16: service.type: expected one of exec, notify, oneshot; got 'exce'; did you "
          "mean "
          "'exec'?\n");
}

TEST_CASE("keys are found by their whole path", "[unit]") {
    REQUIRE(find_key("cgroup.memory.max") != nullptr);
    CHECK(find_key("cgroup.memory.max")->systemd == "MemoryMax=");
    CHECK(find_key("cgroup.memory") == nullptr);
    CHECK(has_keys_below("cgroup.memory"));
    CHECK(has_keys_below("namespaces.pid"));
    CHECK_FALSE(has_keys_below("cgroup.memory.max"));
    CHECK_FALSE(has_keys_below("cgroup.mem"));
}

TEST_CASE("of an optional list the entry that fails is left out", "[unit][N14]") {
    CHECK(left_out_part("mounts.bind[11]", "mounts.bind") == "mounts.bind[11]");
    CHECK(left_out_part("mounts.overlay[0].lower[1]", "mounts.overlay") == "mounts.overlay[0]");
    CHECK(left_out_part("directories.state[2]", "directories.state") == "directories.state[2]");
    CHECK(left_out_part("mounts.bind[1]", "mounts.bind[1]") == "mounts.bind[1]");
    CHECK(left_out_part("mounts.bind[11]", "mounts.bind[1]").empty());
    // A table, or a list whose entries belong together, is left out as one.
    CHECK(left_out_part("mounts.bind[1]", "mounts") == "mounts");
    CHECK(left_out_part("seccomp.allow[1]", "seccomp.allow") == "seccomp.allow");
    CHECK(left_out_part("mounts.bind", "mounts.bind") == "mounts.bind");
    CHECK(left_out_part("mounts.read_only[1]", "mounts.bind").empty());
}

}  // namespace confinit
