// SPDX-License-Identifier: Apache-2.0
// Faults: a launch from a thread of its own in which one system call is answered by a filter, for
// the child as well, since filters are inherited.
#include "fault.h"

#include <catch2/catch.hpp>
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace confinit::testing {

namespace {

std::vector<sock_filter> make_filter(const Fault& fault) {
    const auto call = static_cast<std::uint32_t>(fault.call);
    constexpr std::uint8_t to_end = 3;
    std::vector<sock_filter> filter{
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, fault.argument ? to_end : std::uint8_t{1}, call},
    };
    if (fault.argument) {
        const auto offset = static_cast<std::uint32_t>(offsetof(seccomp_data, args) +
                                                       *fault.argument * sizeof(std::uint64_t));
        filter.push_back({BPF_LD | BPF_W | BPF_ABS, 0, 0, offset});
        filter.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, fault.value});
    }
    filter.push_back({BPF_RET | BPF_K, 0, 0, fault.action});
    filter.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
    return filter;
}

Fd load(const Fault& fault) {
    std::vector<sock_filter> filter = make_filter(fault);
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    const bool listens = fault.action == SECCOMP_RET_USER_NOTIF;
    const unsigned long flags = listens ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
    const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (result < 0) FAIL("seccomp: " << errno_text(errno));
    return listens ? Fd{static_cast<int>(result)} : Fd{};
}

}  // namespace

void run_with_fault(const Fault& fault, const std::function<void(const Fd& listener)>& work) {
    std::exception_ptr failure;
    std::thread thread{[&] {
        try {
            const Fd listener = load(fault);
            work(listener);
        } catch (...) {
            failure = std::current_exception();
        }
    }};
    thread.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace confinit::testing
