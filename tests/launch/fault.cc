// SPDX-License-Identifier: Apache-2.0
// Faults: a launch from a thread of its own in which one system call is answered by a filter, for
// the child as well, since filters are inherited.
#include "fault.h"

#include <catch2/catch.hpp>
#include <cstddef>
#include <future>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace confinit::testing {

namespace {

// Each fault is a few instructions that are skipped when the call is another one.
void append(const Fault& fault, std::vector<sock_filter>& filter) {
    const auto call = static_cast<std::uint32_t>(fault.call);
    constexpr std::uint8_t to_next = 3;
    filter.push_back({BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)});
    filter.push_back(
        {BPF_JMP | BPF_JEQ | BPF_K, 0, fault.argument ? to_next : std::uint8_t{1}, call});
    if (fault.argument) {
        const auto offset = static_cast<std::uint32_t>(offsetof(seccomp_data, args) +
                                                       *fault.argument * sizeof(std::uint64_t));
        filter.push_back({BPF_LD | BPF_W | BPF_ABS, 0, 0, offset});
        filter.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, fault.value});
    }
    filter.push_back({BPF_RET | BPF_K, 0, 0, fault.action});
}

Fd load(std::span<const Fault> faults) {
    std::vector<sock_filter> filter;
    bool listens = false;
    for (const Fault& fault : faults) {
        append(fault, filter);
        listens = listens || fault.action == SECCOMP_RET_USER_NOTIF;
    }
    filter.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    const unsigned long flags = listens ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
    const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (result < 0) FAIL("seccomp: " << errno_text(errno));
    return listens ? Fd{static_cast<int>(result)} : Fd{};
}

// Lets every call pass and notes it, until nobody is left who could make one: before Linux 6.11 a
// process that has not been waited for still counts.
std::vector<seccomp_data> follow(const Fd& listener) {
    std::vector<seccomp_data> calls;
    for (;;) {
        pollfd wait{listener.get(), POLLIN, 0};
        constexpr int patience = 30'000;
        if (poll(&wait, 1, patience) <= 0) FAIL("nothing happens");
        if ((wait.revents & POLLIN) == 0) return calls;
        seccomp_notif call{};
        if (ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) continue;
        calls.push_back(call.data);
        seccomp_notif_resp pass{};
        pass.id = call.id;
        pass.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        (void)ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &pass);
    }
}

}  // namespace

void run_with_faults(std::span<const Fault> faults, const std::function<void(Fd& listener)>& work) {
    std::exception_ptr failure;
    std::thread thread{[&] {
        try {
            Fd listener = load(faults);
            work(listener);
        } catch (...) {
            failure = std::current_exception();
        }
    }};
    thread.join();
    if (failure) std::rethrow_exception(failure);
}

std::vector<seccomp_data> trace(std::span<const Fault> calls, const std::function<void()>& work) {
    std::promise<Fd> ready;
    std::future<Fd> listener = ready.get_future();
    std::thread thread{[&] {
        ready.set_value(load(calls));
        work();
    }};
    // From outside of the filter: whoever waits for an answer is never the one who gives it.
    const Fd own = listener.get();
    std::vector<seccomp_data> seen;
    std::exception_ptr failure;
    try {
        seen = follow(own);
    } catch (...) {
        failure = std::current_exception();
    }
    thread.join();
    if (failure) std::rethrow_exception(failure);
    return seen;
}

void run_with_fault(const Fault& fault, const std::function<void(Fd& listener)>& work) {
    run_with_faults({&fault, 1}, work);
}

}  // namespace confinit::testing
