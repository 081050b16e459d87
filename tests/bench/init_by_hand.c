// SPDX-License-Identifier: Apache-2.0
// The yardstick for a boot: a PID 1 in plain C that makes a node for each service, launches them by
// hand, reads their output, starts again those that end, and answers a client. It checks nothing
// twice and explains no failure.
#define _GNU_SOURCE
#include "init_by_hand.h"

#include "by_hand.h"

#include <fcntl.h>
#include <linux/reboot.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { most_services = 4096, resident_count_fallback = 1 };

static const char* const program = "/usr/lib/test/bench-resident";
static const char* const tree = "/sys/fs/cgroup";

enum wish { wish_run, wish_stop, wish_restart };

struct service {
    char name[32];
    char node[64];
    struct by_hand_started started;
    enum wish wish;
    int client;  // waits for the end of the service, or -1
};

static struct service services[most_services];
static size_t service_count;
static int loop = -1;
static pid_t driver;

static void die(const char* what) {
    perror(what);
    sync();
    (void)reboot(LINUX_REBOOT_CMD_POWER_OFF);
    for (;;)
        pause();
}

static void must(int result, const char* what) {
    if (result < 0) die(what);
}

static void write_file(const char* path, const char* text) {
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) die(path);
    close(fd);
}

static void watch(int fd, void* data) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};
    must(epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void launch(struct service* service) {
    const struct by_hand_service wanted = {.program = program, .node = service->node, .reaper = -1};
    must(launch_by_hand(&wanted, &service->started), service->name);
    watch(service->started.output, service);
}

static struct service* add_service(const char* name) {
    struct service* service = &services[service_count++];
    (void)snprintf(service->name, sizeof service->name, "%s", name);
    (void)snprintf(service->node, sizeof service->node, "%s/%s.service", tree, name);
    service->client = -1;
    return service;
}

static struct service* find_by_name(const char* name) {
    for (size_t i = 0; i < service_count; ++i) {
        if (strcmp(services[i].name, name) == 0) return &services[i];
    }
    return NULL;
}

static void answer(int* client) {
    if (*client < 0) return;
    (void)!write(*client, "", 1);
    close(*client);
    *client = -1;
}

static void clear(struct service* service) {
    close(service->started.output);
    close(service->started.pidfd);
    close(service->started.node);
    // The last process is out of its node a moment after it has been reaped.
    while (rmdir(service->node) < 0)
        usleep(100);
    service->started.pid = 0;
}

static void on_end(struct service* service) {
    clear(service);
    if (service->wish == wish_stop) {
        answer(&service->client);
        return;
    }
    launch(service);
    if (service->wish == wish_restart) answer(&service->client);
    service->wish = wish_run;
}

static void reap(void) {
    for (;;) {
        const pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid <= 0) return;
        for (size_t i = 0; i < service_count; ++i) {
            if (services[i].started.pid == pid) on_end(&services[i]);
        }
    }
}

static void end_machine(void) {
    for (size_t i = 0; i < service_count; ++i) {
        services[i].wish = wish_stop;
        if (services[i].started.pid > 0) (void)kill(services[i].started.pid, SIGTERM);
    }
    for (size_t i = 0; i < service_count; ++i) {
        struct service* service = &services[i];
        if (service->started.pid <= 0) continue;
        (void)waitpid(service->started.pid, NULL, 0);
        clear(service);
    }
    (void)kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    sync();
    (void)reboot(LINUX_REBOOT_CMD_POWER_OFF);
}

static void on_request(int listener) {
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) return;
    char request[most_request_bytes + 1] = "";
    const ssize_t size = read(client, request, most_request_bytes);
    request[size > 0 ? size : 0] = '\0';
    char* name = strchr(request, ' ');
    if (name != NULL) *name++ = '\0';
    if (strcmp(request, "poweroff") == 0) end_machine();
    struct service* service = name != NULL ? find_by_name(name) : NULL;
    if (service == NULL) {
        close(client);
    } else if (strcmp(request, "start") == 0) {
        service->wish = wish_run;
        if (service->started.pid == 0) launch(service);
        answer(&client);
    } else {
        service->wish = strcmp(request, "stop") == 0 ? wish_stop : wish_restart;
        service->client = client;
        (void)kill(service->started.pid, SIGTERM);
    }
}

static void prepare_machine(void) {
    const struct rlimit files = {8 * most_services, 8 * most_services};
    must(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
    must(mount("proc", "/proc", "proc", 0, NULL), "mount proc");
    must(mount("sysfs", "/sys", "sysfs", 0, NULL), "mount sysfs");
    must(mount("devtmpfs", "/dev", "devtmpfs", 0, NULL), "mount devtmpfs");
    must(mount("tmpfs", "/run", "tmpfs", 0, "mode=0755"), "mount tmpfs");
    must(mount("cgroup2", tree, "cgroup2", 0, NULL), "mount cgroup2");
    must(mkdir("/sys/fs/cgroup/init", 0755), "mkdir");
    write_file("/sys/fs/cgroup/init/cgroup.procs", "0");
    write_file("/sys/fs/cgroup/cgroup.subtree_control", "+cpu +memory +pids");
}

static int listen_for_clients(void) {
    struct sockaddr_un address;
    const socklen_t size = fill_address(&address);
    const int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    must(bind(listener, (struct sockaddr*)&address, size), "bind");
    must(listen(listener, 16), "listen");
    return listener;
}

static int receive_child_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    must(sigprocmask(SIG_BLOCK, &signals, NULL), "sigprocmask");
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void start_driver(void) {
    driver = fork();
    if (driver != 0) return;
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    char path[] = "/usr/lib/confinit/vm-command";
    char* const arguments[] = {path, NULL};
    (void)execve(path, arguments, environ);
    _exit(EXIT_FAILURE);
}

int main(void) {
    static int listener;
    static int signals;
    const char* count = getenv("bench_count");
    const int residents = count != NULL ? atoi(count) : resident_count_fallback;
    prepare_machine();
    loop = epoll_create1(EPOLL_CLOEXEC);
    listener = listen_for_clients();
    signals = receive_child_signals();
    watch(listener, &listener);
    watch(signals, &signals);
    for (int i = 0; i < residents; ++i) {
        char name[32];
        (void)snprintf(name, sizeof name, "one-%d", i);
        launch(add_service(name));
    }
    (void)add_service("probe");
    start_driver();
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(loop, &event, 1, -1) != 1) continue;
        if (event.data.ptr == &listener) {
            on_request(listener);
        } else if (event.data.ptr == &signals) {
            struct signalfd_siginfo info;
            while (read(signals, &info, sizeof info) > 0)
                ;
            reap();
        } else {
            char bytes[4096];
            const struct service* service = event.data.ptr;
            if (read(service->started.output, bytes, sizeof bytes) <= 0)
                (void)epoll_ctl(loop, EPOLL_CTL_DEL, service->started.output, NULL);
        }
    }
}
