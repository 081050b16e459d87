// SPDX-License-Identifier: Apache-2.0
// Programs of a small machine. As PID 1 it notes the time and executes confinit. As the machine's
// one service it tells on the console how long the boot has taken, and ends the machine; with a
// number it gives that to qemu's isa-debug-exit, which needs no console.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BEGAN "/began"

struct Times {
    long long clock;      // CLOCK_MONOTONIC
    long long processor;  // of PID 1, without its children
};

// The first number of schedstat is the time on a processor, in nanoseconds: sched-stats.rst.
static struct Times times_now(void) {
    struct timespec now;
    struct Times times = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    times.clock = now.tv_sec * 1000000000LL + now.tv_nsec;
    FILE* file = fopen("/proc/1/schedstat", "r");
    if (file != NULL) (void)fscanf(file, "%lld", &times.processor);
    if (file != NULL) fclose(file);
    return times;
}

static int note_and_execute(void) {
    (void)mkdir("/proc", 0755);
    (void)mount("proc", "/proc", "proc", 0, NULL);
    const struct Times times = times_now();
    FILE* file = fopen(BEGAN, "w");
    if (file != NULL) fprintf(file, "%lld %lld\n", times.clock, times.processor);
    if (file != NULL) fclose(file);
    return execl("/usr/sbin/confinit", "/usr/sbin/confinit", (char*)NULL);
}

static int exit_by_port(int code) {
    const unsigned short port = 0x501;
    if (ioperm(port, 1, 1) < 0) return 1;
    outb((unsigned char)code, port);
    return 0;
}

int main(int count, char** arguments) {
    if (getpid() == 1) return note_and_execute();
    if (count > 1) return exit_by_port(atoi(arguments[1]));
    const struct Times now = times_now();
    struct Times began = {0, 0};
    FILE* file = fopen(BEGAN, "r");
    if (file != NULL) (void)fscanf(file, "%lld %lld", &began.clock, &began.processor);
    if (file != NULL) fclose(file);
    FILE* console = fopen("/dev/console", "w");
    if (console == NULL) return 1;
    fprintf(console, "first-service: since exec of PID 1 %.2f ms, its own %.2f ms\n",
            (double)(now.clock - began.clock) / 1e6,
            (double)(now.processor - began.processor) / 1e6);
    fclose(console);
    return kill(1, SIGPWR);
}
