// SPDX-License-Identifier: Apache-2.0
// Back doors: calls that do what another call does, with arguments that a filter cannot see.
#include "launch/seccomp/doors.h"

#include "launch/seccomp/narrow.h"
#include "launch/seccomp/policy.h"

#include <span>

namespace confinit {
namespace {

using Words = std::string_view[];

// A call that stands for older ones is only closed where these are looked at: denying one of them
// as a whole says nothing of it. What multiplexes is closed with any call of it.
enum class DoorKind { successor, multiplexer };

struct Door {
    DoorKind kind;
    std::span<const std::string_view> calls;
    std::span<const std::string_view> leads_to;
};

constexpr Words clone3{"clone3"};
constexpr Words clone{"clone"};
constexpr Words openat2{"openat2"};
constexpr Words opens{"creat", "open", "openat"};
constexpr Words sched_setattr{"sched_setattr"};
constexpr Words sched_setscheduler{"sched_setscheduler"};
constexpr Words io_uring{"io_uring_setup", "io_uring_enter", "io_uring_register"};
// The IORING_OP_* of include/uapi/linux/io_uring.h.
constexpr Words by_io_uring{
    "accept4",   "bind",      "connect",   "epoll_ctl", "fadvise64", "fallocate", "fgetxattr",
    "fsetxattr", "fsync",     "ftruncate", "getxattr",  "linkat",    "listen",    "madvise",
    "mkdirat",   "openat",    "openat2",   "pipe2",     "read",      "readv",     "recvfrom",
    "recvmsg",   "renameat2", "sendmsg",   "sendto",    "setxattr",  "shutdown",  "socket",
    "splice",    "statx",     "symlinkat", "tee",       "unlinkat",  "write",     "writev"};
constexpr Words socketcall{"socketcall"};
constexpr Words by_socketcall{"accept4",    "bind",      "connect",  "getpeername", "getsockname",
                              "getsockopt", "listen",    "recvfrom", "recvmmsg",    "recvmsg",
                              "sendmmsg",   "sendmsg",   "sendto",   "setsockopt",  "shutdown",
                              "socket",     "socketpair"};
constexpr Words ipc{"ipc"};
constexpr Words by_ipc{"msgctl", "msgget", "msgrcv", "msgsnd", "semctl",           "semget",
                       "shmat",  "shmctl", "shmdt",  "shmget", "semtimedop_time64"};

constexpr Door doors[] = {
    {DoorKind::successor, clone3, clone},
    {DoorKind::successor, openat2, opens},
    {DoorKind::successor, sched_setattr, sched_setscheduler},
    {DoorKind::multiplexer, io_uring, by_io_uring},
    {DoorKind::multiplexer, socketcall, by_socketcall},
    {DoorKind::multiplexer, ipc, by_ipc},
};

bool is_spoken_of(const SeccompConfig& config, std::span<const std::string_view> calls) {
    const auto is_one = [calls](std::string_view name) {
        return std::ranges::find(calls, name) != calls.end();
    };
    const auto decides = [&](const SeccompEntry& entry) {
        return entry.action.has_value() && is_one(entry.name);
    };
    const auto names = [&](const SeccompRule& rule) {
        return std::ranges::any_of(rule.syscalls, is_one);
    };
    return std::ranges::any_of(config.allow, decides) ||
           std::ranges::any_of(config.deny, decides) || std::ranges::any_of(config.rules, names);
}

bool denies_some(const SyscallDecision& decision) {
    return std::ranges::any_of(decision.rules,
                               [](const ArgumentRule& rule) { return !may_pass(rule.action); });
}

bool is_to_close(const Door& door, CallTable& calls) {
    return std::ranges::any_of(door.leads_to, [&](std::string_view name) {
        const auto* decision = calls.find(name);
        if (decision == nullptr) return false;
        if (denies_some(*decision)) return true;
        return door.kind == DoorKind::multiplexer && !may_pass(decision->action);
    });
}

// clone(2) without clone3(2) is what a list says that is older than it.
void let_clone3_fall_back(CallTable& calls) {
    const auto* old = calls.find("clone");
    auto* decision = calls.find("clone3");
    if (old == nullptr || decision == nullptr) return;
    if (lets_through(old->action) && !lets_through(decision->action)) {
        decision->action = no_such_call;
    }
}

}  // namespace

void close_doors(const SeccompConfig& config, CallTable& calls) {
    if (!is_spoken_of(config, clone3)) let_clone3_fall_back(calls);
    for (const Door& door : doors) {
        if (is_spoken_of(config, door.calls) || !is_to_close(door, calls)) continue;
        for (const std::string_view call : door.calls)
            close_door(call, calls);
    }
}

void close_door(std::string_view call, CallTable& calls) {
    if (call == "io_uring") {
        for (const std::string_view each : io_uring)
            close_door(each, calls);
    }
    if (auto* decision = calls.find(call))
        narrow(*decision, {.conditions = {}, .action = no_such_call});
}

}  // namespace confinit
