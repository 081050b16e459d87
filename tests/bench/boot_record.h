// SPDX-License-Identifier: Apache-2.0
// The files in which the programs of the boot benchmark note times. A driver reads them.
#pragma once

// One number: when PID 1 was executed, in nanoseconds of CLOCK_MONOTONIC.
#define BOOT_BEGAN_FILE "/bench/began"

// A record for each service that has begun, in the order in which they began.
#define BOOT_RECORDS_FILE "/bench/records"

struct BootRecord {
    long seconds;  // CLOCK_MONOTONIC at the first instruction
    long nanoseconds;
    long pid;
};
