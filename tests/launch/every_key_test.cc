// SPDX-License-Identifier: Apache-2.0
// Every key that confines: a launch with it, the item of verify that proves it, and the launch that
// ends because the call that puts it in force fails.
//
// A key without a row here is a failure of its own: nobody adds one without its three tests. What
// is a fact and what an absence for each is asserted by the tests of its theme; the files of the
// cgroup node need a node, and have theirs in the cases of the virtual machine.
#include "every_key.h"
#include "fault.h"
#include "kernel/syscall_sets.h"
#include "launch/spawn/explain_report.h"
#include "launch/verify/verify.h"
#include "scene.h"
#include "unit/keys.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <memory>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

// The failing call is one with this value in an argument, where it is given.
struct Guard {
    long call;
    std::optional<unsigned> argument = {};
    std::uint32_t value = 0;
    int error = EIO;
    std::string_view told = {};  // the name of the call in the failure, where it is another one
};

struct Row {
    std::string_view key;
    std::string_view text;  // of the unit, after service.command; {D} is the test's directory, {N}
                            // the name of one that is not there
    Guard guard;
    std::string_view told_as = {};  // the key of the failure, where it is not this one
    std::string_view item = {};     // the key of verify's item, likewise
    bool is_launched = true;        // false where the launch needs more than a test's directory
};

// The kernel tells by this errno alone that a namespace is what it does not give.
constexpr Guard clone3{.call = SYS_clone3, .error = ENOSPC};
constexpr Guard write_map{SYS_write};
constexpr Guard load{SYS_seccomp};

constexpr std::string_view nobody = "user = \"65534\"\ngroup = \"65534\"\n";
constexpr std::string_view mapped =
    "[namespaces]\n[namespaces.user]\nuid_map = [\"0 65534 1\"]\ngid_map = [\"0 65534 1\"]\n";

// clang-format off
constexpr Row rows[] = {
    {"service.user", nobody, {SYS_setresuid}},
    {"service.group", nobody, {SYS_setresgid}},
    {"service.supplementary_groups", "supplementary_groups = [\"7\"]", {SYS_setgroups}},

    {"capabilities.bounding", "[capabilities]\nbounding = []", {SYS_prctl, 0, PR_CAPBSET_DROP}},
    {"capabilities.ambient",
     "user = \"65534\"\ngroup = \"65534\"\n[capabilities]\nambient = [\"chown\"]",
     {SYS_prctl, 0, PR_CAP_AMBIENT}},
    {"capabilities.securebits", "[capabilities]\nsecurebits = [\"noroot\"]",
     {SYS_prctl, 0, PR_SET_SECUREBITS}},
    {"capabilities.no_new_privs", "[capabilities]\nno_new_privs = true",
     {SYS_prctl, 0, PR_SET_NO_NEW_PRIVS}},

    {"namespaces.mount", "[namespaces]\nmount = true", clone3},
    {"namespaces.pid", "[namespaces]\npid = true", clone3},
    {"namespaces.pid.pid1", "[namespaces]\npid = { pid1 = \"self\" }", clone3,
     "namespaces.pid"},
    {"namespaces.net", "[namespaces]\nnet = true", {SYS_ioctl}},
    {"namespaces.ipc", "[namespaces]\nipc = true", clone3},
    {"namespaces.uts", "[namespaces]\nuts = true", clone3},
    {"namespaces.uts.hostname", "[namespaces]\nuts = { hostname = \"inside\" }",
     {SYS_sethostname}, "namespaces.uts"},
    {"namespaces.cgroup", "[namespaces]\ncgroup = true", {SYS_unshare, 0, CLONE_NEWCGROUP}},
    {"namespaces.time", "[namespaces]\ntime = true", {SYS_unshare, 0, CLONE_NEWTIME}},
    {"namespaces.time.boottime", "[namespaces]\ntime = { boottime = \"+1h\" }",
     {SYS_unshare, 0, CLONE_NEWTIME}, "namespaces.time"},
    {"namespaces.time.monotonic", "[namespaces]\ntime = { monotonic = \"+1h\" }",
     {SYS_unshare, 0, CLONE_NEWTIME}, "namespaces.time"},
    {"namespaces.user", "[namespaces]\nuser = true", clone3},
    {"namespaces.user.ids", "[namespaces]\nuser = { ids = \"identity\" }", write_map,
     "namespaces.user", "namespaces.user.uid_map"},
    {"namespaces.user.uid_map", mapped, write_map, "namespaces.user"},
    {"namespaces.user.gid_map", mapped, write_map, "namespaces.user"},
    {"namespaces.user.setgroups",
     "[namespaces]\nuser = { ids = \"identity\", setgroups = \"allow\" }", write_map,
     "namespaces.user"},

    {"mounts.propagation", "[namespaces]\nmount = true\n[mounts]\npropagation = \"private\"",
     {SYS_mount, 3, MS_PRIVATE | MS_REC}},
    {"mounts.root", "[namespaces]\nmount = true\n[mounts]\nroot = \"{D}\"", {SYS_pivot_root}},
    {"mounts.read_only", "[namespaces]\nmount = true\n[mounts]\nread_only = [\"/usr\"]",
     {SYS_mount_setattr}},
    {"mounts.read_write",
     "[namespaces]\nmount = true\n[mounts]\nread_only = [\"/usr\"]\nread_write = [\"/usr/bin\"]",
     {SYS_open_tree}},
    {"mounts.inaccessible", "[namespaces]\nmount = true\n[mounts]\ninaccessible = [\"/root\"]",
     {SYS_fsopen}},
    {"mounts.no_exec", "[namespaces]\nmount = true\n[mounts]\nno_exec = [\"/etc\"]",
     {SYS_mount_setattr}},
    {"mounts.exec",
     "[namespaces]\nmount = true\n[mounts]\nno_exec = [\"/usr\"]\nexec = [\"/usr/bin\"]",
     {SYS_open_tree}},
    {"mounts.protect", "[namespaces]\nmount = true\n[mounts]\nprotect = [\"system\"]",
     {SYS_mount_setattr}},
    {"mounts.bind", "[namespaces]\nmount = true\n[mounts]\nbind = [\"/usr:{D}/target:ro\"]",
     {SYS_open_tree}},
    {"mounts.tmpfs", "[namespaces]\nmount = true\n[mounts]\ntmpfs = [\"{D}/target\"]",
     {SYS_fsopen}},
    {"mounts.overlay",
     "[namespaces]\nmount = true\n[mounts]\n"
     "overlay = [{ target = \"{D}/target\", lower = [\"/usr\", \"/etc\"] }]",
     {SYS_fsopen}},
    {"mounts.root_image", "[namespaces]\nmount = true\n[mounts]\nroot_image = \"/etc/passwd\"",
     {SYS_pread64}, {}, {}, false},
    {"mounts.private_tmp", "[namespaces]\nmount = true\n[mounts]\nprivate_tmp = true",
     {SYS_fsopen}},
    {"mounts.private_dev", "[namespaces]\nmount = true\n[mounts]\nprivate_dev = true",
     {SYS_fsopen}},
    {"mounts.proc", "[namespaces]\nmount = true\npid = true\n[mounts]\nproc = \"invisible\"",
     {SYS_fsopen}},

    {"directories.state", "[directories]\nstate = [\"{N}\"]", {SYS_mkdirat}},
    {"directories.cache", "[directories]\ncache = [\"{N}\"]", {SYS_mkdirat}},
    {"directories.runtime", "[directories]\nruntime = [\"{N}\"]", {SYS_mkdirat}},
    {"directories.logs", "[directories]\nlogs = [\"{N}\"]", {SYS_mkdirat}},
    {"directories.configuration", "[directories]\nconfiguration = [\"{N}\"]", {SYS_mkdirat}},
    {"directories.chown", "[directories]\nstate = [\"{N}\"]\nchown = \"recursive\"",
     {SYS_mkdirat}, "directories.state", "directories.state"},

    {"seccomp.default", "[seccomp]\ndefault = \"EPERM\"\nallow = [\"@system-service\"]", load,
     "seccomp", "seccomp"},
    {"seccomp.allow", "[seccomp]\nallow = [\"@system-service\"]", load, "seccomp", "seccomp"},
    {"seccomp.deny", "[seccomp]\ndefault = \"allow\"\ndeny = [\"chmod\"]", load, "seccomp",
     "seccomp"},
    {"seccomp.rules",
     "[seccomp]\ndefault = \"allow\"\n"
     "rules = [{ syscalls = [\"ioctl\"], action = \"EPERM\", "
     "args = [{ index = 1, op = \"eq\", value = 0x5412 }] }]",
     load, "seccomp", "seccomp"},

    {"seccomp.profile", "[seccomp]\nprofile = \"{D}/profile.json\"", load, "seccomp", "seccomp"},
    {"seccomp.address_families", "[seccomp]\naddress_families = [\"unix\"]", load, "seccomp"},
    {"seccomp.namespaces", "[seccomp]\nnamespaces = false", load, "seccomp"},
    {"seccomp.memory_deny_write_execute", "[seccomp]\nmemory_deny_write_execute = true", load,
     "seccomp"},
    {"seccomp.suid_sgid", "[seccomp]\nsuid_sgid = false", load, "seccomp"},
    {"seccomp.realtime", "[seccomp]\nrealtime = false", load, "seccomp"},
    {"seccomp.personality", "[seccomp]\npersonality = false", load, "seccomp"},
    {"seccomp.architectures",
     "[seccomp]\ndefault = \"allow\"\narchitectures = [\"native\"]", load, "seccomp", "seccomp"},

    {"process.umask", "[process]\numask = \"0027\"", {SYS_umask}},
    {"process.nice", "[process]\nnice = 5", {SYS_setpriority}},
    {"process.rlimits", "[process]\nrlimits = { core = 0 }", {SYS_prlimit64, 1, RLIMIT_CORE}},
    {"process.oom_score_adj", "[process]\noom_score_adj = 100", {SYS_openat2}},
    {"process.scheduling", "[process]\nscheduling = \"batch\"", {SYS_sched_setscheduler}},
    {"process.io_priority", "[process]\nio_priority = \"best-effort:6\"", {SYS_ioprio_set}},
    {"process.cpu_affinity", "[process]\ncpu_affinity = \"0\"", {SYS_sched_setaffinity}},
    {"process.keyring", "[process]\nkeyring = \"private\"", {SYS_keyctl}},
};
// clang-format on

const Row& any_row() {
    return rows[GENERATE(range(std::size_t{0}, std::size(rows)))];
}

}  // namespace

TEST_CASE("every key that confines has its row of tests", "[launch][H3][H7]") {
    for (const Key* key : all_keys()) {
        if (!confines(key->path)) continue;
        INFO(key->path);
        CHECK(std::ranges::find(rows, key->path, &Row::key) != std::end(rows));
    }
}

TEST_CASE("every key that confines is in force and proven so", "[launch][H7]") {
    const Row& row = any_row();
    INFO(row.key);
    if (!row.is_launched) return;
    const Subject subject{row.key, row.text};

    Launch launch{subject.plan()};
    launch.wait_for_execution();
    INFO((launch.failed ? explain(subject.plan(), *launch.failed).text() : ""));
    REQUIRE_FALSE(launch.failed);
    launch.wait_for_line("waiting=ready");
    const auto items = verify(subject.unit(), subject.plan(), launch.main.pid(), nullptr);
    launch.signal(SIGTERM);
    launch.finish();

    const std::string_view wanted = row.item.empty() ? row.key : row.item;
    CHECK(std::ranges::any_of(
        items, [&](const VerifyItem& item) { return is_key_within(item.key, wanted); }));
    for (const VerifyItem& item : items) {
        INFO(item.key << ": declared " << item.declared << ", in force " << item.in_force);
        const bool is_proven =
            item.result == VerifyResult::same || item.result == VerifyResult::unseen;
        CHECK(is_proven);
    }
}

TEST_CASE("a key that cannot be put in force means no service", "[launch][H3][H4]") {
    const Row& row = any_row();
    INFO(row.key);
    const Subject subject{row.key, row.text};
    const Fault fault{.call = row.guard.call,
                      .action = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(row.guard.error),
                      .argument = row.guard.argument,
                      .value = row.guard.value};

    Error failure;
    std::unique_ptr<Launch> launch;
    run_with_fault(fault, [&](const Fd&) {
        auto spawned = spawn(subject.plan(), -1, {});
        if (spawned) {
            launch = std::make_unique<Launch>(std::move(*spawned));
        } else {
            failure = std::move(spawned).error();
        }
    });
    if (launch) {
        launch->wait_for_hang_up();
        REQUIRE(launch->failed);
        CHECK_FALSE((launch->is_executing && row.guard.call != SYS_seccomp));
        failure = explain(subject.plan(), *launch->failed);
    }

    INFO(failure.text());
    CHECK(is_key_within(failure.key, row.told_as.empty() ? row.key : row.told_as));
    CHECK(failure.error == row.guard.error);
    const std::string call = syscall_name(static_cast<int>(row.guard.call));
    CHECK(failure.call == (row.guard.told.empty() ? call : row.guard.told));
}

}  // namespace confinit::testing
