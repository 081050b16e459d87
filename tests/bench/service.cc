// SPDX-License-Identifier: Apache-2.0
// The service of the benchmark: it has no libc, tells the time of its first instruction, and ends.
#include <ctime>
#include <sys/syscall.h>

namespace {

long call(long number, long first, long second, long third) {
#if defined(__x86_64__)
    long result = number;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(first), "S"(second), "d"(third)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register long x1 __asm__("x1") = second;
    register long x2 __asm__("x2") = third;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
#else
#error "no system calls by hand for this architecture"
#endif
}

}  // namespace

extern "C" [[noreturn]] void _start() {
    timespec now;
    (void)call(SYS_clock_gettime, CLOCK_MONOTONIC, reinterpret_cast<long>(&now), 0);
    (void)call(SYS_write, 1, reinterpret_cast<long>(&now), sizeof now);
    (void)call(SYS_exit_group, 0, 0, 0);
    __builtin_trap();
}
