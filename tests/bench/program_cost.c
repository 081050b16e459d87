// SPDX-License-Identifier: Apache-2.0
// The cost of a program from execve(2) to its end: `program-cost ROUNDS PROGRAM ARGUMENT...` runs it
// so often, and prints the median of its processor time, in microseconds. That is its own alone:
// what others do for it meanwhile is not counted.
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { most_rounds = 1000 };

static long microseconds(struct timeval time) {
    return time.tv_sec * 1000000L + time.tv_usec;
}

static long cost(char** command) {
    int status = 0;
    struct rusage usage;
    const pid_t child = vfork();
    if (child == 0) {
        execv(command[0], command);
        _exit(127);
    }
    if (child < 0) error(1, errno, "vfork");
    if (wait4(child, &status, 0, &usage) != child) error(1, errno, "wait4");
    if (status != 0) error(1, 0, "'%s' has failed", command[0]);
    // The kernel guesses the parts, and knows their sum.
    return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
}

static int order(const void* one, const void* other) {
    const long difference = *(const long*)one - *(const long*)other;
    return (difference > 0) - (difference < 0);
}

int main(int count, char** arguments) {
    const int rounds = count < 3 ? 0 : atoi(arguments[1]);
    if (rounds < 1 || rounds > most_rounds) error(2, 0, "usage: program-cost ROUNDS PROGRAM ...");
    static long costs[most_rounds];
    for (int round = 0; round < rounds; ++round)
        costs[round] = cost(arguments + 2);
    qsort(costs, (size_t)rounds, sizeof *costs, order);
    (void)printf("%ld\n", costs[rounds / 2]);
    return 0;
}
