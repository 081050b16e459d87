// SPDX-License-Identifier: Apache-2.0
// Every step of a launch made to fail: it is told exactly, and the program never runs.
#include "base/file.h"
#include "by_launcher.h"
#include "fault.h"
#include "launch/spawn/explain_report.h"
#include "scene.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <memory>
#include <net/if.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

namespace confinit::testing {

namespace {

constexpr std::uint32_t io_error = SECCOMP_RET_ERRNO | EIO;

struct Case {
    LaunchStage stage;
    long call;
    std::optional<unsigned> argument = {};
    std::uint32_t value = 0;
};

constexpr std::uint32_t clone_of_reaper = CLONE_PIDFD | SIGCHLD;
constexpr std::uint32_t terminal_flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
constexpr std::uint32_t slave = MS_SLAVE | MS_REC;

const Case cases[] = {
    {LaunchStage::separation, SYS_prctl, 0, PR_SET_DUMPABLE},
    {LaunchStage::separation, SYS_close_range, 2, 0},
    {LaunchStage::witnesses, SYS_statx},
    {LaunchStage::id_maps, SYS_recvfrom},
    {LaunchStage::streams, SYS_dup3},
    {LaunchStage::time_namespace, SYS_unshare, 0, CLONE_NEWTIME},
    {LaunchStage::time_namespace, SYS_setns, 1, CLONE_NEWTIME},
    {LaunchStage::time_namespace, SYS_openat2},
    {LaunchStage::time_namespace, SYS_fstatfs},
    {LaunchStage::join_namespaces, SYS_setns, 1, 0},
    {LaunchStage::cgroup_namespace, SYS_unshare, 0, CLONE_NEWCGROUP},
    {LaunchStage::mounts, SYS_mount, 3, slave},
    {LaunchStage::mounts, SYS_open_tree},
    {LaunchStage::mounts, SYS_move_mount},
    {LaunchStage::mounts, SYS_mount_setattr},
    {LaunchStage::mounts, SYS_fsopen},
    {LaunchStage::mounts, SYS_fsconfig},
    {LaunchStage::mounts, SYS_fsmount},
    {LaunchStage::mounts, SYS_openat2},
    {LaunchStage::mounts, SYS_mkdirat},
    {LaunchStage::mounts, SYS_symlinkat},
    {LaunchStage::mounts, SYS_fstat},
    {LaunchStage::mounts, SYS_statx},
    {LaunchStage::mounts, SYS_pivot_root},
    {LaunchStage::mounts, SYS_chdir},
    {LaunchStage::hostname, SYS_sethostname},
    {LaunchStage::network, SYS_socket},
    {LaunchStage::network, SYS_ioctl, 1, SIOCSIFFLAGS},
    {LaunchStage::reaper, SYS_clone, 0, clone_of_reaper},
    {LaunchStage::session, SYS_rt_sigaction},
    {LaunchStage::session, SYS_setsid},
    {LaunchStage::session, SYS_pidfd_open},
    {LaunchStage::keyring, SYS_keyctl},
    {LaunchStage::rlimits, SYS_prlimit64, 1, 4},
    {LaunchStage::bounding, SYS_capset},
    {LaunchStage::bounding, SYS_prctl, 0, PR_CAPBSET_DROP},
    {LaunchStage::bounding, SYS_prctl, 0, PR_SET_SECUREBITS},
    {LaunchStage::groups, SYS_setgroups},
    {LaunchStage::groups, SYS_setresgid},
    {LaunchStage::user, SYS_setresuid},
    {LaunchStage::ambient, SYS_prctl, 0, PR_CAP_AMBIENT},
    {LaunchStage::working_directory, SYS_getcwd},
    {LaunchStage::umask, SYS_umask},
    {LaunchStage::descriptors, SYS_close_range, 2, CLOSE_RANGE_CLOEXEC},
    {LaunchStage::no_new_privs, SYS_prctl, 0, PR_SET_NO_NEW_PRIVS},
    {LaunchStage::reaper_ready, SYS_read},
    {LaunchStage::announce, SYS_sendmsg},
    {LaunchStage::exec, SYS_execve},
    {LaunchStage::exec, SYS_execveat},
};

// A scene in which every step has something to do.
struct FullScene : Scene {
    explicit FullScene(const TestDirectory& directory)
        : Scene({"write:/marker"}), root(directory / "root") {
        directory.make_directory("root/proc");
        directory.make_directory("root/dev");
        directory.make_directory("root/state");
        directory.make_directory("root/tmp");
        directory.make_directory("root/closed");
        directory.copy_probe("root/probe");
        plan.executable = "/probe";
        plan.clone_flags = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
        child.root = root.c_str();
        with_reaper();
        add_mounts();
        add_identity();
        child.new_cgroup_namespace = true;
        child.new_network = true;
        child.hostname = "service";
        child.time_offsets = "boottime 3600 0\n";
        join(CLONE_NEWIPC, own_ipc_namespace);
        plan.clone_flags &= ~std::uint64_t{CLONE_NEWIPC};
        child.keyring = ChildKeyring::separate_if_offered;
        limit(4, 0, 0);
        deny(SYS_getpgid, SECCOMP_RET_ERRNO | EXDEV);
    }

    void add_mounts() {
        mount({.kind = MountOpKind::read_only, .target = "/"});
        mount({.kind = MountOpKind::read_write, .target = "/state"});
        mount({.kind = MountOpKind::proc, .target = "/proc"});
        mount({.kind = MountOpKind::tmpfs, .target = "/dev", .options = "0755"});
        mount({.kind = MountOpKind::device_node,
               .source = "/dev/null",
               .target = "/dev/null",
               .device = makedev(1, 3)});
        mount({.kind = MountOpKind::directory, .target = "/dev/pts", .mode = 0755});
        mount({.kind = MountOpKind::devpts, .target = "/dev/pts"});
        mount({.kind = MountOpKind::symlink, .source = "pts/ptmx", .target = "/dev/ptmx"});
        mount({.kind = MountOpKind::bind,
               .source = root.c_str(),
               .target = "/tmp",
               .attributes = MOUNT_ATTR_RDONLY});
        mount({.kind = MountOpKind::inaccessible, .target = "/closed"});
        mount({.kind = MountOpKind::change_root});
    }

    void add_identity() {
        child.uid = 65534;
        child.gid = 65534;
        plan.child.groups = {65534};
        child.bounding = 1ULL << CAP_NET_BIND_SERVICE;
        child.ambient = child.bounding;
        child.inheritable = child.bounding;
        child.securebits = SECBIT_NOROOT;
    }

    std::string root;
    Fd own_ipc_namespace = open_at(AT_FDCWD, "/proc/self/ns/ipc", O_RDONLY).value();
};

std::string mount_table() {
    return read_file(AT_FDCWD, "/proc/self/mountinfo").value();
}

std::unique_ptr<Launch> launch_under(const Fault& fault, Scene& scene, Streams streams = {}) {
    std::unique_ptr<Launch> launch;
    run_with_fault(
        fault, [&](const Fd&) { launch = std::make_unique<Launch>(scene, std::move(streams)); });
    launch->finish();
    return launch;
}

void check_failure(const Scene& scene, const Launch& launch, LaunchStage stage, long call) {
    REQUIRE(launch.failed);
    CHECK(static_cast<int>(launch.failed->stage) == static_cast<int>(stage));
    CHECK(launch.failed->error == EIO);
    CHECK(launch.failed->syscall == call);
    CHECK(launch.output.empty());
    CHECK(WIFEXITED(launch.status));
    const std::string text = explain(scene.sealed(), *launch.failed).text();
    CHECK(text.find("Input/output error (EIO)") != std::string::npos);
}

}  // namespace

TEST_CASE("the full scene runs when nothing fails", "[launch][H3]") {
    const TestDirectory directory;
    FullScene scene{directory};

    Launch launch{scene};
    launch.finish();

    INFO((launch.failed ? explain(scene.sealed(), *launch.failed).text() : ""));
    CHECK_FALSE(launch.failed);
    CHECK(launch["write:/marker"] == "EROFS");
}

TEST_CASE("a step that fails ends the launch and is told by stage, call and errno",
          "[launch][H3][H4]") {
    const Case& chosen = cases[GENERATE(range(std::size_t{0}, std::size(cases)))];
    // This thread makes these calls itself to hear the launcher.
    const bool is_own = chosen.call == SYS_pidfd_open || chosen.call == SYS_recvfrom;
    // And this one the launcher makes for its children.
    const bool is_for_all = chosen.call == SYS_rt_sigaction;
    if (is_by_launcher() && (is_own || is_for_all)) return;
    const TestDirectory directory;
    FullScene scene{directory};
    scene.child.limits_by_parent = chosen.stage == LaunchStage::id_maps;
    if (chosen.stage == LaunchStage::mounts) scene.child.time_offsets = nullptr;
    if (chosen.stage == LaunchStage::witnesses) scene.see({scene.root});
    INFO("stage " << launch_stage_text(chosen.stage) << ", call " << chosen.call);

    const auto launch = launch_under({.call = chosen.call,
                                      .action = io_error,
                                      .argument = chosen.argument,
                                      .value = chosen.value},
                                     scene);

    check_failure(scene, *launch, chosen.stage, chosen.call);
}

TEST_CASE("a root that cannot be pivoted to is moved into place", "[launch][M10]") {
    const TestDirectory directory;
    FullScene scene{directory};
    scene.plan.arguments = {"probe", "list:/"};

    const auto launch =
        launch_under({.call = SYS_pivot_root, .action = SECCOMP_RET_ERRNO | EINVAL}, scene);

    CHECK_FALSE(launch->failed);
    CHECK((*launch)["list:/"] == "closed dev probe proc state tmp");
}

TEST_CASE("a root that can be neither pivoted to nor moved ends the launch", "[launch][M10]") {
    const Case chosen = GENERATE(Case{LaunchStage::mounts, SYS_mount, 3, MS_MOVE},
                                 Case{LaunchStage::mounts, SYS_chroot});
    const TestDirectory directory;
    FullScene scene{directory};

    std::unique_ptr<Launch> launch;
    run_with_fault({.call = SYS_pivot_root, .action = SECCOMP_RET_ERRNO | EINVAL}, [&](const Fd&) {
        launch = launch_under({.call = chosen.call,
                               .action = io_error,
                               .argument = chosen.argument,
                               .value = chosen.value},
                              scene);
    });

    check_failure(scene, *launch, chosen.stage, chosen.call);
}

TEST_CASE("an old root that stays ends the launch", "[launch][H3]") {
    const TestDirectory directory;
    FullScene scene{directory};

    const auto launch = launch_under({.call = SYS_umount2, .action = io_error}, scene);

    // The root of an initramfs cannot be taken away: there it is covered.
    if (launch->failed) {
        check_failure(scene, *launch, LaunchStage::mounts, SYS_umount2);
    } else {
        CHECK(mount_table().find(" / / rw - rootfs") != std::string::npos);
    }
}

TEST_CASE("a filter that cannot be loaded ends the launch", "[launch][H3]") {
    Scene scene{{"ids"}};
    scene.deny(SYS_getpgid, SECCOMP_RET_ERRNO | EXDEV);

    const auto launch = launch_under({.call = SYS_seccomp, .action = io_error}, scene);

    check_failure(scene, *launch, LaunchStage::seccomp, SYS_seccomp);
    CHECK(launch->is_executing);
}

TEST_CASE("a priority that cannot be set ends the launch", "[launch][H3]") {
    Scene scene{{"ids"}};
    scene.child.sets_nice = true;
    scene.child.nice = 4;
    scene.child.oom_score_adj = "4";
    const Case chosen = GENERATE(Case{LaunchStage::scheduling, SYS_setpriority},
                                 Case{LaunchStage::scheduling, SYS_openat2},
                                 Case{LaunchStage::scheduling, SYS_fstatfs});

    const auto launch = launch_under({.call = chosen.call,
                                      .action = io_error,
                                      .argument = chosen.argument,
                                      .value = chosen.value},
                                     scene);

    check_failure(scene, *launch, chosen.stage, chosen.call);
    CHECK(explain(scene.sealed(), *launch->failed).key ==
          (chosen.call == SYS_setpriority ? "process.nice" : "process.oom_score_adj"));
}

TEST_CASE("a terminal that cannot be had ends the launch", "[launch][H3]") {
    int controller = -1;
    int terminal = -1;
    REQUIRE(openpty(&controller, &terminal, nullptr, nullptr, nullptr) == 0);
    const Fd owned_controller{controller};
    const Fd owned_terminal{terminal};
    const std::string name = ttyname(terminal);
    Scene scene{{"ids"}};
    scene.child.tty = name.c_str();
    const Case chosen = GENERATE(Case{LaunchStage::terminal, SYS_openat, 2, terminal_flags},
                                 Case{LaunchStage::session, SYS_ioctl, 1, TIOCSCTTY});

    const auto launch = launch_under({.call = chosen.call,
                                      .action = io_error,
                                      .argument = chosen.argument,
                                      .value = chosen.value},
                                     scene);

    check_failure(scene, *launch, chosen.stage, chosen.call);
    CHECK(explain(scene.sealed(), *launch->failed).object == name);
}

TEST_CASE("an entry whose steps fail runs nothing", "[launch][H3][X2]") {
    Scene service{{"wait"}};
    service.with_reaper();
    Launch running{service};
    running.wait_for_line("waiting=ready");
    running.wait_for_execution();
    Scene scene{{"ids"}};
    scene.enter(running.main, CLONE_NEWPID);
    const Case chosen = GENERATE(Case{LaunchStage::join_namespaces, SYS_setns},
                                 Case{LaunchStage::separation, SYS_prctl, 0, PR_SET_DUMPABLE},
                                 Case{LaunchStage::separation, SYS_close_range},
                                 Case{LaunchStage::pid_namespace, SYS_clone, 0, CLONE_PARENT});

    const auto launch = launch_under({.call = chosen.call,
                                      .action = io_error,
                                      .argument = chosen.argument,
                                      .value = chosen.value},
                                     scene);

    check_failure(scene, *launch, chosen.stage, chosen.call);
}

TEST_CASE("a child that is killed in a step is neither failed nor executing", "[launch][H4]") {
    Scene scene{{"ids"}};
    scene.plan.clone_flags = CLONE_NEWUTS;
    scene.child.hostname = "service";

    const auto launch =
        launch_under({.call = SYS_sethostname, .action = SECCOMP_RET_KILL_PROCESS}, scene);

    CHECK_FALSE(launch->failed);
    CHECK_FALSE(launch->is_executing);
    CHECK(launch->has_hung_up);
    CHECK(WTERMSIG(launch->status) == SIGSYS);
}

TEST_CASE("a filter cannot hide that the program could not be executed", "[launch][H4]") {
    const Case chosen =
        GENERATE(Case{LaunchStage::exec, SYS_sendmsg, {}, SECCOMP_RET_ERRNO | EPERM},
                 Case{LaunchStage::exec, SYS_sendmsg, {}, SECCOMP_RET_KILL_PROCESS},
                 Case{LaunchStage::exec, SYS_exit_group, {}, SECCOMP_RET_ERRNO | EPERM},
                 Case{LaunchStage::exec, SYS_exit_group, {}, SECCOMP_RET_KILL_PROCESS});
    Scene scene{{"ids"}};
    scene.plan.executable = "/no/such/program";
    scene.deny(chosen.call, chosen.value);

    Launch launch{scene};
    launch.finish();

    REQUIRE(launch.failed);
    CHECK(launch.failed->stage == LaunchStage::exec);
    CHECK(launch.failed->error == ENOENT);
    CHECK(explain(scene.sealed(), *launch.failed).object == "/no/such/program");
}

TEST_CASE("the mount of an op that fails is told by its key and path", "[launch][H4]") {
    Scene scene{{"ids"}};
    scene.mount({.kind = MountOpKind::read_only, .target = "/"}, "mounts.read_only[0]");
    scene.mount({.kind = MountOpKind::read_only, .target = "/no/such/path"}, "mounts.read_only[1]");

    Launch launch{scene};
    launch.finish();

    REQUIRE(launch.failed);
    CHECK(explain(scene.sealed(), *launch.failed).text() ==
          "mounts.read_only[1]: openat2 '/no/such/path': No such file or directory (ENOENT); there "
          "is no such path in the service's root; create it or remove the key");
}

}  // namespace confinit::testing
