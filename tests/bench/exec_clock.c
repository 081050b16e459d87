// SPDX-License-Identifier: Apache-2.0
// The first program of the machine: it notes the time and executes the PID 1 that is measured. The
// kernel passes bench_init=PROGRAM of its command line as a variable of the environment.
#define _GNU_SOURCE
#include "boot_record.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(void) {
    char* program = getenv("bench_init");
    if (program == NULL) return EXIT_FAILURE;
    const int file = open(BOOT_BEGAN_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)dprintf(file, "%lld\n", (long long)now.tv_sec * 1000000000 + now.tv_nsec);
    char* const arguments[] = {program, NULL};
    (void)execve(program, arguments, environ);
    return EXIT_FAILURE;
}
