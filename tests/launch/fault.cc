// SPDX-License-Identifier: Apache-2.0
// Faults: a launch from a thread of its own in which one system call is answered by a filter, for
// the child as well, since filters are inherited.
#include "fault.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstddef>
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

Fd load(std::vector<sock_filter> filter, bool listens) {
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    const unsigned long flags = listens ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
    const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (result < 0) FAIL("seccomp: " << errno_text(errno));
    return listens ? Fd{static_cast<int>(result)} : Fd{};
}

Fd load(std::span<const Fault> faults) {
    std::vector<sock_filter> filter;
    bool listens = false;
    for (const Fault& fault : faults) {
        append(fault, filter);
        listens = listens || fault.action == SECCOMP_RET_USER_NOTIF;
    }
    filter.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
    return load(std::move(filter), listens);
}

using Look = std::function<void(const seccomp_notif& call)>;

// Lets every call pass once it is told, until nobody is left who could make one: before Linux 6.11
// a process that has not been waited for still counts.
void follow(const Fd& listener, const Look& look) {
    for (;;) {
        pollfd wait{listener.get(), POLLIN, 0};
        constexpr int patience = 30'000;
        if (poll(&wait, 1, patience) <= 0) FAIL("nothing happens");
        if ((wait.revents & POLLIN) == 0) return;
        seccomp_notif call{};
        if (ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) continue;
        look(call);
        seccomp_notif_resp pass{};
        pass.id = call.id;
        pass.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        (void)ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &pass);
    }
}

// From outside of the filter: whoever waits for an answer is never the one who gives it.
void follow_thread(const std::function<Fd()>& make_listener, const Look& look,
                   const std::function<void()>& work) {
    std::atomic<int> listener = -1;
    std::thread thread{[&] {
        // Under the filter nothing may be done that the other thread waits for but this.
        listener = make_listener().release();
        work();
    }};
    while (listener < 0)
        std::this_thread::yield();
    const Fd own{listener};
    std::exception_ptr failure;
    try {
        follow(own, look);
    } catch (...) {
        failure = std::current_exception();
    }
    thread.join();
    if (failure) std::rethrow_exception(failure);
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
    std::vector<seccomp_data> seen;
    follow_thread([&] { return load(calls); },
                  [&](const seccomp_notif& call) { seen.push_back(call.data); }, work);
    return seen;
}

void hold_each(const Look& look, const std::function<void()>& work) {
    follow_thread([] { return load({{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF}}, true); },
                  look, work);
}

void run_with_fault(const Fault& fault, const std::function<void(Fd& listener)>& work) {
    run_with_faults({&fault, 1}, work);
}

}  // namespace confinit::testing
