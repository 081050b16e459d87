// SPDX-License-Identifier: Apache-2.0
// The order of a launch, as the kernel sees it: a listener is asked about each call that counts.
#include "by_launcher.h"
#include "fault.h"
#include "scene.h"

#include <catch2/catch.hpp>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <memory>
#include <sched.h>
#include <sys/syscall.h>
#include <vector>

namespace confinit::testing {

namespace {

struct Traced {
    long call;
    const char* name;
};
constexpr Traced traced_calls[] = {
    {SYS_recvfrom, "recvfrom"},     {SYS_dup3, "dup3"},
    {SYS_unshare, "unshare"},       {SYS_mount, "mount"},
    {SYS_pivot_root, "pivot_root"}, {SYS_sethostname, "sethostname"},
    {SYS_socket, "socket"},         {SYS_setsid, "setsid"},
    {SYS_keyctl, "keyctl"},         {SYS_setgroups, "setgroups"},
    {SYS_setresgid, "setresgid"},   {SYS_setresuid, "setresuid"},
    {SYS_getcwd, "getcwd"},         {SYS_close_range, "close_range"},
    {SYS_sendmsg, "sendmsg"},       {SYS_seccomp, "seccomp"},
    {SYS_execve, "execve"},
};
constexpr Traced traced_prctls[] = {
    {PR_CAPBSET_DROP, "bounding"},
    {PR_SET_SECUREBITS, "securebits"},
    {PR_CAP_AMBIENT, "ambient"},
    {PR_SET_NO_NEW_PRIVS, "no_new_privs"},
};

std::vector<Fault> traces() {
    std::vector<Fault> all;
    for (const Traced& traced : traced_calls) {
        all.push_back({.call = traced.call, .action = SECCOMP_RET_USER_NOTIF});
    }
    // Of the child itself, that is: the parent lifts its limits by its pid.
    all.push_back({.call = SYS_prlimit64, .action = SECCOMP_RET_USER_NOTIF, .argument = 0});
    for (const Traced& traced : traced_prctls) {
        all.push_back({.call = SYS_prctl,
                       .action = SECCOMP_RET_USER_NOTIF,
                       .argument = 0,
                       .value = static_cast<std::uint32_t>(traced.call)});
    }
    return all;
}

std::string name_of(const seccomp_data& data) {
    if (data.nr == SYS_prctl) {
        for (const Traced& traced : traced_prctls) {
            if (static_cast<unsigned long>(traced.call) == data.args[0]) return traced.name;
        }
    }
    for (const Traced& traced : traced_calls) {
        if (traced.call == data.nr) return traced.name;
    }
    return data.nr == SYS_prlimit64 ? "prlimit64" : "?";
}

// The names up to execve, each once for calls that follow one another.
std::string text_of(const std::vector<seccomp_data>& calls) {
    std::string text;
    std::string last;
    for (const seccomp_data& call : calls) {
        const std::string name = name_of(call);
        if (name != last) text += (text.empty() ? "" : " ") + name;
        last = name;
        if (call.nr == SYS_execve) break;
    }
    return text;
}

}  // namespace

TEST_CASE("the steps of a launch come in the one order that confines", "[launch][S4]") {
    const TestDirectory directory;
    directory.make_directory("root");
    directory.copy_probe("root/probe");
    const std::string root = directory / "root";
    Scene scene{{"exit:0"}};
    scene.plan.executable = "/probe";
    scene.plan.clone_flags = CLONE_NEWUTS | CLONE_NEWNET;
    scene.plan.child.groups = {65534};
    scene.child.limits_by_parent = true;
    scene.child.new_cgroup_namespace = true;
    scene.child.new_network = true;
    scene.child.hostname = "service";
    scene.child.root = root.c_str();
    scene.child.uid = 65534;
    scene.child.bounding = 1ULL << CAP_NET_BIND_SERVICE;
    scene.child.ambient = scene.child.bounding;
    scene.child.inheritable = scene.child.bounding;
    scene.child.securebits = SECBIT_NOROOT;
    scene.child.keyring = ChildKeyring::separate_if_offered;
    scene.limit(4, 0, 0);
    scene.deny(SYS_getpgid, SECCOMP_RET_ERRNO | EXDEV);
    scene.mount({.kind = MountOpKind::change_root});

    std::unique_ptr<Launch> launch;
    const std::vector<seccomp_data> calls = trace(traces(), [&] {
        launch = std::make_unique<Launch>(scene);
        launch->finish();
    });

    REQUIRE_FALSE(launch->failed);
    std::string text = text_of(calls);
    // Those of the launcher and of its start come before.
    if (is_by_launcher()) text.erase(0, text.rfind("close_range recvfrom"));
    // On an initramfs the new root is moved into place.
    if (const std::size_t moved = text.find("pivot_root mount"); moved != std::string::npos) {
        text.replace(moved, std::string_view{"pivot_root mount"}.size(), "pivot_root");
    }
    CHECK(
        text ==
        "close_range recvfrom dup3 unshare mount pivot_root sethostname socket setsid keyctl "
        "prlimit64 "
        "bounding "
        "securebits setgroups setresgid setresuid ambient getcwd close_range no_new_privs sendmsg "
        "seccomp execve");
    std::uint64_t last_dropped = 0;
    for (const seccomp_data& call : calls) {
        if (call.nr == SYS_prctl && call.args[0] == PR_CAPBSET_DROP) last_dropped = call.args[1];
    }
    CHECK(last_dropped == CAP_SETPCAP);
}

}  // namespace confinit::testing
