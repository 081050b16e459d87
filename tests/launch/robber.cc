// SPDX-License-Identifier: Apache-2.0
// Robber: a process without any capability that tries to get at another one.
#include "robber.h"

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

std::string proc_path(pid_t pid, const char* file) {
    return "/proc/" + std::to_string(pid) + "/" + file;
}

bool can_open(pid_t victim, const char* file, int flags) {
    return static_cast<bool>(Fd{open(proc_path(victim, file).c_str(), flags | O_CLOEXEC)});
}

bool can_read(pid_t victim, const char* file) {
    const Fd opened{open(proc_path(victim, file).c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 64> bytes;
    return opened && read(opened.get(), bytes.data(), bytes.size()) > 0;
}

// By a process of its own, whose end lets the victim go.
bool trace(pid_t victim) {
    const pid_t tracer = fork();
    if (tracer == 0) {
        _exit(ptrace(PTRACE_SEIZE, victim, nullptr, nullptr) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status = -1;
    return waitpid(tracer, &status, 0) == tracer && status == 0;
}

bool take_descriptor(pid_t victim) {
    const Fd process{static_cast<int>(syscall(SYS_pidfd_open, victim, 0))};
    for (int number = 0; number < 64; ++number) {
        const Fd taken{static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), number, 0))};
        if (taken) return true;
    }
    return false;
}

bool open_descriptor(pid_t victim) {
    for (int number = 0; number < 64; ++number) {
        if (can_open(victim, ("fd/" + std::to_string(number)).c_str(), O_PATH)) return true;
    }
    return false;
}

bool read_memory(pid_t victim) {
    // The program is loaded alike in all copies of one process.
    static const std::uint64_t known = 0x1234567890abcdef;
    std::uint64_t found = 0;
    const iovec here{&found, sizeof found};
    const iovec there{const_cast<std::uint64_t*>(&known), sizeof known};
    return process_vm_readv(victim, &here, 1, &there, 1, 0) > 0;
}

struct Attempt {
    const char* name;
    bool (*is_won)(pid_t victim);
};
constexpr Attempt attempts[] = {
    {"pidfd_getfd", take_descriptor},
    {"fd", open_descriptor},
    {"mem",
     [](pid_t victim) {
         return can_open(victim, "mem", O_RDWR);
     }},
    {"maps",
     [](pid_t victim) {
         return can_read(victim, "maps");
     }},
    {"environ",
     [](pid_t victim) {
         return can_read(victim, "environ");
     }},
    {"process_vm_readv", read_memory},
    {"ptrace", trace},
};

void give_up_rights(uid_t uid) {
    const bool is_done = setgroups(0, nullptr) == 0 && setresgid(uid, uid, uid) == 0 &&
                         setresuid(uid, uid, uid) == 0;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2]{};
    if (!is_done || syscall(SYS_capset, &header, none) < 0) _exit(EXIT_FAILURE);
}

[[noreturn]] void work(const Fd& socket) {
    pid_t victim = 0;
    while (read(socket.get(), &victim, sizeof victim) == static_cast<ssize_t>(sizeof victim)) {
        std::uint32_t won = 0;
        for (std::size_t i = 0; i < std::size(attempts); ++i) {
            if (attempts[i].is_won(victim)) won |= 1U << i;
        }
        if (write(socket.get(), &won, sizeof won) < 0) break;
    }
    _exit(EXIT_SUCCESS);
}

}  // namespace

Robber::Robber(uid_t uid) {
    auto pair = make_seqpacket_pair();
    REQUIRE(pair);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
        pair->first.reset();
        give_up_rights(uid);
        work(pair->second);
    }
    socket_ = std::move(pair->first);
}

Robber::~Robber() {
    socket_.reset();
    (void)waitpid(pid_, nullptr, 0);
}

std::string Robber::rob(pid_t victim) const {
    std::uint32_t won = 0;
    REQUIRE(write(socket_.get(), &victim, sizeof victim) == static_cast<ssize_t>(sizeof victim));
    REQUIRE(read(socket_.get(), &won, sizeof won) == static_cast<ssize_t>(sizeof won));
    std::string names;
    for (std::size_t i = 0; i < std::size(attempts); ++i) {
        if ((won & 1U << i) != 0) names.append(names.empty() ? "" : " ").append(attempts[i].name);
    }
    return names;
}

}  // namespace confinit::testing
