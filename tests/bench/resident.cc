// SPDX-License-Identifier: Apache-2.0
// The service of the boot benchmark: it has no libc, notes the time of its first instruction in a
// file, and stays until a signal ends it.
#include "bare_calls.h"
#include "boot_record.h"

#include <ctime>
#include <fcntl.h>

extern "C" [[noreturn]] void _start() {
    timespec now;
    (void)call(SYS_clock_gettime, CLOCK_MONOTONIC, reinterpret_cast<long>(&now), 0);
    const BootRecord record{now.tv_sec, now.tv_nsec, call(SYS_getpid, 0, 0, 0)};
    const long file =
        call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(BOOT_RECORDS_FILE), O_WRONLY | O_APPEND);
    (void)call(SYS_write, file, reinterpret_cast<long>(&record), sizeof record);
    (void)call(SYS_close, file, 0, 0);
    const unsigned long no_signals = 0;
    for (;;)
        (void)call(SYS_rt_sigsuspend, reinterpret_cast<long>(&no_signals), sizeof no_signals, 0);
}
