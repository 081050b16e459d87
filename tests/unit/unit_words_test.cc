// SPDX-License-Identifier: Apache-2.0
// Words of a unit file that are slips: what the reader takes them to be meant for.
#include "unit_scene.h"

namespace confinit {
namespace {

constexpr std::string_view head = "[service]\ncommand = ['/a']\n";

// The faults of these lines, which come behind a minimal service.
std::string slip(std::string_view text) {
    return faults(std::string{head} + std::string{text});
}

}  // namespace

TEST_CASE("a dotted key in the wrong table is told with its whole name", "[unit][H2]") {
    CHECK(slip("memory.max = '64M'\npids.max = 5\n") ==
          "web.toml:3:8: service.memory.max: unknown key; did you mean 'cgroup.memory.max'?\n"
          "web.toml:4:6: service.pids.max: unknown key; did you mean 'cgroup.pids.max'?\n");
    CHECK(slip("[process]\nmemory.maxx = '3M'\n") ==
          "web.toml:4:8: process.memory.maxx: unknown key; did you mean 'cgroup.memory.max'?\n");
    CHECK(faults("memory.max = '64M'\n" + std::string{head}) ==
          "web.toml:1:8: memory.max: unknown key; did you mean 'cgroup.memory.max'?\n");
    CHECK(slip("a.b.c = 1\n") == "web.toml:3:5: service.a.b.c: unknown key\n");
    CHECK(slip("[nonsense]\na = 1\nb = 2\n") == "web.toml:3:2: nonsense: unknown table\n");
}

TEST_CASE("a key before the first table is told its table", "[unit][H2]") {
    CHECK(faults("nice = 5\n" + std::string{head}) ==
          "web.toml:1:1: nice: unknown key; did you mean 'process.nice'?\n");
}

TEST_CASE("a key without its last part is told the limit", "[unit][H2]") {
    CHECK(slip("[cgroup]\nmemory.swap = '1M'\n") ==
          "web.toml:4:8: cgroup.memory.swap: expected a table; did you mean 'memory.swap.max'?\n");
}

TEST_CASE("a directive in small letters is told the key that answers to it", "[unit][N19]") {
    CHECK(slip("restart_sec = 3\n").ends_with("did you mean 'service.restart_delay'?\n"));
    CHECK(faults("[service]\nexec_start = '/a'\n") ==
          "web.toml:2:1: service.exec_start: unknown key; did you mean 'service.command'?\n");
    CHECK(slip("pid_file = '/run/a'\n").contains("run the daemon in the foreground"));
}

TEST_CASE("a slip of a key is not told to be missing as well", "[unit][H2]") {
    CHECK(faults("[service]\ncomand = ['/a']\n") ==
          "web.toml:2:1: service.comand: unknown key; did you mean 'command'?\n");
    CHECK(slip("[mounts]\nbind = [{ soruce = '/a', target = '/b' }]\n[namespaces]\nmount = true\n")
              .find("missing") == std::string::npos);
    CHECK(slip("[mounts]\nbind = [{ target = '/b' }]\n").contains("'source' is missing"));
}

TEST_CASE("members are known in capital letters and by systemd's names", "[unit][H2]") {
    for (const char* name : {"NOFILE", "LimitNOFILE", "RLIMIT_NOFILE"}) {
        INFO(name);
        CHECK(slip("[process]\nrlimits = { " + std::string{name} + " = 1 }\n")
                  .ends_with("unknown key; did you mean 'nofile'?\n"));
    }
}

TEST_CASE("a value of systemd's comes with what does the same", "[unit][N19]") {
    CHECK(slip("type = 'forking'\n").contains("got 'forking': run the daemon in the foreground"));
    CHECK(slip("type = 'simple'\n").contains("exec counts as started when the program runs"));
    CHECK(
        slip("restart = 'on-abnormal'\n").contains("service.restart is no, on-failure or always"));
    CHECK(slip("[mounts]\nprotect = ['strict']\n").contains("did you mean 'system-strict'?"));
    CHECK(slip("[mounts]\nprotect = 'strict'\n").contains("did you mean '[\"system-strict\"]'?"));
    CHECK(slip("[seccomp]\ndefault = 'kill'\nallow = ['@base']\n")
              .ends_with("did you mean 'kill-process'?\n"));
    CHECK(slip("[seccomp]\ndefault = 'deny'\nallow = ['@base']\n")
              .ends_with("did you mean 'EPERM'?\n"));
}

TEST_CASE("numbers and texts come with the form that is meant", "[unit][H2]") {
    CHECK(slip("start_timeout = 30\n").ends_with("got 30; did you mean '30s'?\n"));
    CHECK(slip("start_timeout = '5m'\n").ends_with("did you mean '5min'?\n"));
    CHECK(slip("start_timeout = '2 hours'\n").ends_with("did you mean '2h'?\n"));
    CHECK(slip("start_timeout = 'soon'\n").ends_with("got 'soon'\n"));
    CHECK(slip("[cgroup]\nmemory.max = '64MiB'\n").ends_with("did you mean '64M'?\n"));
    CHECK(faults("[service]\ncommand = '/bin/sh -e x'\n")
              .ends_with("did you mean '[\"/bin/sh\", \"-e\", \"x\"]'?\n"));
    CHECK(slip("[unit]\nwants = 'db'\n").ends_with("did you mean '[\"db\"]'?\n"));
}

TEST_CASE("a synonym is told the key that does what it says", "[unit][H2]") {
    CHECK(slip("[cgroup]\nmemory.limit = '3M'\n") ==
          "web.toml:4:8: cgroup.memory.limit: unknown key; did you mean 'cgroup.memory.max'?\n");
    CHECK(slip("memory.limit = '3M'\n").ends_with("did you mean 'cgroup.memory.max'?\n"));
    CHECK(slip("[cgroup]\ncpu.quota = '20%'\n").ends_with("did you mean 'cgroup.cpu.max'?\n"));
    CHECK(slip("[cgroup]\npids_limit = 3\n").ends_with("did you mean 'cgroup.pids.max'?\n"));
    CHECK(slip("[namespaces]\nnetwork = true\n").ends_with("did you mean 'namespaces.net'?\n"));
    CHECK(slip("[cgroup]\ndevices = ['/dev/null']\n")
              .ends_with("did you mean 'mounts.private_dev'?\n"));
}

TEST_CASE("a limit of a process is told with its form", "[unit][H2]") {
    for (const char* name : {"nofile", "LimitNOFILE", "limit_nofile", "RLIMIT_NOFILE"}) {
        INFO(name);
        CHECK(slip(std::string{name} + " = 3\n")
                  .contains("unknown key; limits of a process are members of a table: "
                            "process.rlimits = { nofile = ... }\n"));
    }
    CHECK(slip("LimitCPU = 3\n").contains("process.rlimits = { cpu = ... }"));
    CHECK(slip("nice = 3\n").ends_with("did you mean 'process.nice'?\n"));
    CHECK_FALSE(slip("data = 3\n").contains("rlimits"));
}

TEST_CASE("a value is told how the format writes it", "[unit][H2]") {
    CHECK(slip("[cgroup]\nmemory.max = '64 M'\n").ends_with("did you mean '64M'?\n"));
    CHECK(slip("[cgroup]\nmemory.max = '64 MB'\n").ends_with("did you mean '64M'?\n"));
    for (const char* line : {"memory.max = 'infinity'", "pids.max = 'unlimited'",
                             "cpu.max = 'infinity'", "memory.swap.max = 'none'"}) {
        INFO(line);
        CHECK(slip("[cgroup]\n" + std::string{line} + "\n").ends_with("did you mean 'max'?\n"));
    }
    CHECK(slip("[process]\nrlimits = { nofile = 'unlimited' }\n")
              .ends_with("did you mean 'infinity'?\n"));
    CHECK(
        slip("[namespaces]\nmount = 'true'\n").ends_with("got 'true': write it without quotes\n"));
    CHECK(slip("[capabilities]\nno_new_privs = 'false'\n")
              .ends_with("got 'false': write it without quotes\n"));
    CHECK(slip("[cgroup]\npids.max = '16'\n").ends_with("got '16': write it without quotes\n"));
    CHECK(slip("[process]\nnice = '5'\n").ends_with("got '5': write it without quotes\n"));
    CHECK(slip("[process]\nnice = 'five'\n").ends_with("got 'five'\n"));
    CHECK(slip("[seccomp]\naddress_families = ['ipv4']\n").ends_with("did you mean 'inet'?\n"));
    CHECK(slip("[seccomp]\naddress_families = ['AF_IPv6']\n").ends_with("did you mean 'inet6'?\n"));
}

TEST_CASE("a list of forbidden calls alone is told what it needs", "[unit][N19]") {
    CHECK(slip("[seccomp]\ndeny = ['@mount']\n")
              .ends_with("so that nothing could run; default = \"allow\" lets through what 'deny' "
                         "does not name\n"));
}

TEST_CASE("a program with a prefix of systemd's is told without it", "[unit][N19]") {
    for (const std::string prefix : {"-", "+", "!", "!!", "@", ":", "-+"}) {
        INFO(prefix);
        CHECK(faults("[service]\ncommand = ['" + prefix + "/bin/a']\n") ==
              "web.toml:2:12: service.command[0]: '" + prefix +
                  "/bin/a' is not an absolute path: systemd's '" + prefix +
                  "' before a program means nothing here; did you mean '/bin/a'?\n");
    }
    CHECK(faults("[service]\ncommand = ['-a']\n").ends_with("'-a' is not an absolute path\n"));
}

TEST_CASE("a program with a blank in its name is warned of", "[unit][N20]") {
    const Unit unit = good("[service]\ncommand = ['/bin/sh -c true']\n");

    REQUIRE(unit.warnings.size() == 1);
    CHECK(
        unit.warnings[0].contains("each argument is an element of its own: "
                                  "[\"/bin/sh\", \"-c\", \"true\"]"));
    CHECK(good("[service]\ncommand = ['/opt/my app', '-x']\n").warnings.empty());
}

TEST_CASE("a capability that must be in the bounding set is named", "[unit][H8]") {
    CHECK(slip("[capabilities]\nbounding = []\nambient = ['net_raw', 'chown']\n") ==
          "web.toml:5:11: capabilities.ambient: 'chown', 'net_raw' must be in "
          "capabilities.bounding as well\n");
}

}  // namespace confinit
