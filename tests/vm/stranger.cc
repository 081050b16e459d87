// SPDX-License-Identifier: Apache-2.0
// Callers that try to be taken for others: each way makes one connection to the control socket,
// asks to stop a unit over it, and prints what is answered.
#include "control/client.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace confinit;

namespace {

[[noreturn]] void fail(const char* what) {
    (void)std::fprintf(stderr, "stranger: %s: %s\n", what, std::strerror(errno));
    _exit(EXIT_FAILURE);
}

// All but what connect(2) asks for.
void confine() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> sets{};
    sets[0].effective = sets[0].permitted = 1U << CAP_DAC_OVERRIDE;
    if (syscall(SYS_capset, &header, sets.data()) < 0) fail("capset");
}

Fd make_socket() {
    return Fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

void connect_to_supervisor(const Fd& socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const char* other = std::getenv("CONFINIT_CONTROL");
    const std::string_view path = other != nullptr ? other : control_socket_path;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (connect(socket.get(), generic, sizeof address) < 0) fail("connect");
}

void send_call(const Fd& socket, const std::string& unit) {
    const std::string text =
        encode_call({.method = "org.confinit.Manager.Stop", .parameters = {{"unit", unit}}});
    if (write(socket.get(), text.data(), text.size()) < 0) fail("write");
}

// One reply; a call that is to be repeated is not.
void print_reply(const Fd& socket) {
    std::string text;
    for (char byte = 1; byte != 0; text.push_back(byte))
        if (read(socket.get(), &byte, 1) != 1) fail("read");
    (void)std::printf("%s\n", text.c_str());
}

void ask(Client& client, const std::string& unit) {
    const auto reply = client.call(Method::stop, {{"unit", unit}});
    if (!reply) fail(reply.error().text().c_str());
    (void)std::printf("%s %s\n", reply->error.c_str(), dump(reply->parameters).c_str());
}

void wait_for(pid_t pid) {
    if (waitpid(pid, nullptr, 0) != pid) fail("waitpid");
}

// A call of its own, and another one after it has given its capabilities away.
void change(const std::string& unit) {
    Client client{make_socket()};
    connect_to_supervisor(client.socket());
    ask(client, unit);
    confine();
    ask(client, unit);
}

// The connection of an operator that lives on, in the hands of a confined process.
void pass(const std::string& unit) {
    Client client{make_socket()};
    connect_to_supervisor(client.socket());
    if (const pid_t pid = fork(); pid != 0) return wait_for(pid);
    confine();
    ask(client, unit);
    (void)std::fflush(stdout);
    _exit(EXIT_SUCCESS);
}

void write_node(const std::string& file, const char* text) {
    const Fd fd{open(("/sys/fs/cgroup/" + file).c_str(), O_WRONLY | O_CLOEXEC)};
    if (write(fd.get(), text, std::strlen(text)) < 0) fail(file.c_str());
}

// In a node of its own: kernel threads, which are in ours as well, do not freeze.
void freeze_supervisor() {
    if (mkdir("/sys/fs/cgroup/cold", 0755) < 0) fail("mkdir");
    write_node("cold/cgroup.freeze", "1");
    write_node("cold/cgroup.procs", "1");
    for (std::string events; events.find("frozen 1") == events.npos;) {
        const Fd state{open("/sys/fs/cgroup/cold/cgroup.events", O_RDONLY | O_CLOEXEC)};
        events.resize(256);
        const ssize_t count = read(state.get(), events.data(), events.size());
        events.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
}

void thaw_supervisor() {
    write_node("init/cgroup.procs", "1");
    if (rmdir("/sys/fs/cgroup/cold") < 0) fail("rmdir");
}

// A confined process connects, calls and ends; an operator has its number when the supervisor
// looks. The connection is held meanwhile, and another process of that number calls on it.
void reuse(const std::string& unit) {
    const Fd socket = make_socket();
    freeze_supervisor();
    pid_t number = fork();
    if (number == 0) {
        confine();
        connect_to_supervisor(socket);
        send_call(socket, unit);
        _exit(EXIT_SUCCESS);
    }
    wait_for(number);
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    arguments.set_tid = reinterpret_cast<std::uintptr_t>(&number);
    arguments.set_tid_size = 1;
    const long again = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (again < 0) fail("clone3");
    if (again == 0) {
        (void)pause();
        _exit(EXIT_SUCCESS);
    }
    thaw_supervisor();
    print_reply(socket);
    (void)::kill(number, SIGKILL);
    wait_for(number);
}

// As a container is started: without the capabilities that container runtimes take away first.
[[noreturn]] void run_bounded(char** command) {
    for (const int capability : {CAP_SYS_ADMIN, CAP_SYS_BOOT, CAP_SYS_MODULE, CAP_SYS_PTRACE}) {
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) fail("prctl");
    }
    (void)execvp(*command, command);
    fail(*command);
}

// Sends SIGSTOP and SIGKILL to every process of these names, for ever, and says how many of them
// could be reached.
[[noreturn]] void harass(char** names) {
    long reached = 0;
    long refused = 0;
    for (;;) {
        DIR* const processes = opendir("/proc");
        if (processes == nullptr) fail("opendir");
        while (const dirent* entry = readdir(processes)) {
            const pid_t number = std::atoi(entry->d_name);
            if (number < 2) continue;
            const std::string path = "/proc/" + std::to_string(number) + "/comm";
            const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
            if (file < 0) continue;
            std::array<char, 32> name{};
            const ssize_t size = read(file, name.data(), name.size());
            (void)close(file);
            const std::string_view found{name.data(), size > 0 ? std::size_t(size - 1) : 0};
            for (char** wanted = names; *wanted != nullptr; ++wanted) {
                if (found != *wanted) continue;
                const bool is_hit = ::kill(number, SIGSTOP) == 0 || ::kill(number, SIGKILL) == 0;
                if (!is_hit && errno != EPERM) continue;
                long& count = is_hit ? reached : refused;
                if (++count % 100 != 1) continue;
                (void)std::printf("reached %ld refused %ld\n", reached, refused);
                (void)std::fflush(stdout);
            }
        }
        (void)closedir(processes);
    }
}

// Tries to end PID 1's machine.
void end_machine() {
    for (const int number : {SIGTERM, SIGINT, SIGPWR, SIGUSR1, SIGUSR2, SIGSTOP, SIGKILL})
        (void)std::printf("signal %d: %s\n", number,
                          ::kill(1, number) == 0 ? "sent" : std::strerror(errno));
    const rlimit one{1, 1};
    const bool is_limited = prlimit(1, RLIMIT_NOFILE, &one, nullptr) == 0;
    (void)std::printf("prlimit: %s\n", is_limited ? "set" : std::strerror(errno));
}

// Takes all watches of epoll(7) and inotify(7) that a user may have, and keeps them.
[[noreturn]] void exhaust() {
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    const int event = eventfd(0, EFD_CLOEXEC);
    epoll_event wanted{};
    long watches = 0;
    for (int file = event; epoll_ctl(epoll, EPOLL_CTL_ADD, file, &wanted) == 0; ++watches)
        file = dup(event);
    (void)std::printf("%ld watches, then %s\n", watches, std::strerror(errno));
    long instances = 0;
    for (;; ++instances) {
        const int inotify = inotify_init1(IN_CLOEXEC);
        if (inotify < 0) break;
        for (const char* path : {"/", "/etc", "/usr", "/dev", "/proc", "/sys", "/run", "/tmp"})
            (void)inotify_add_watch(inotify, path, IN_CREATE);
    }
    (void)std::printf("%ld instances, then %s\n", instances, std::strerror(errno));
    (void)std::fflush(stdout);
    for (;;)
        (void)pause();
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 3) {
        (void)std::fputs(
            "usage: stranger change|pass|reuse UNIT\n"
            "       stranger bounded COMMAND...\n"
            "       stranger harass NAME...\n"
            "       stranger end|exhaust 1\n",
            stderr);
        return EXIT_FAILURE;
    }
    const std::string_view way = arguments[1];
    if (way == "harass") harass(arguments + 2);
    if (way == "end") end_machine();
    if (way == "exhaust") exhaust();
    if (way == "bounded") run_bounded(arguments + 2);
    if (way == "change") change(arguments[2]);
    if (way == "pass") pass(arguments[2]);
    if (way == "reuse") reuse(arguments[2]);
    return EXIT_SUCCESS;
}
