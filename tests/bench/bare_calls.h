// SPDX-License-Identifier: Apache-2.0
// System calls by hand, for the programs of the benchmark that have no libc.
#pragma once

#include <sys/syscall.h>

inline long call(long number, long first, long second, long third) {
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
