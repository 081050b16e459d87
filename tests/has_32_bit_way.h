// SPDX-License-Identifier: Apache-2.0
// Whether this kernel has the way of 32-bit programs into it.
#pragma once

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)

namespace confinit {

// A kernel that was built or booted without ia32_emulation ends everybody who goes it, by SIGSEGV.
inline bool has_32_bit_way() {
    const pid_t child = fork();
    if (child == 0) {
        constexpr long getpid_of_i386 = 20;
        (void)std::signal(SIGSEGV, SIG_DFL);
        long answer = getpid_of_i386;
        __asm__ volatile("int $0x80" : "+a"(answer) : : "memory", "r8", "r9", "r10", "r11");
        _exit(answer > 0 ? 0 : 1);
    }
    int status = -1;
    return waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace confinit

#endif
