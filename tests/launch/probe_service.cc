// SPDX-License-Identifier: Apache-2.0
// The probe's commands on what a service tells its supervisor, and how the kernel treats it.
#include "probe.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace probe {

namespace {

constexpr auto patience = std::chrono::seconds{60};

bool send_to(const std::string& path, const std::string& text) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const ssize_t sent = sendto(fd, text.data(), text.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    (void)close(fd);
    errno = error;
    return sent == static_cast<ssize_t>(text.size());
}

std::string notify_path() {
    const char* path = std::getenv("NOTIFY_SOCKET");
    return path != nullptr ? path : "";
}

// "\n" as two characters, for texts that come by way of a shell.
std::string with_newlines(std::string text) {
    for (std::size_t at = 0; (at = text.find("\\n", at)) != std::string::npos;) {
        text.replace(at, 2, "\n");
    }
    return text;
}

}  // namespace

void notify(const std::string& key, const std::string& text) {
    print(key.substr(0, key.find(':')), result_of(send_to(notify_path(), with_newlines(text))));
}

// The child waits to be killed with the service, so that it is there when it is looked up.
void notify_as_child(const std::string&, const std::string& text) {
    if (fork() != 0) return;
    (void)send_to(notify_path(), with_newlines(text));
    for (;;)
        (void)pause();
}

// "PATH=TEXT": to any socket.
void notify_other(const std::string& key, const std::string& argument) {
    const std::size_t equals = argument.find('=');
    const std::string text = with_newlines(argument.substr(equals + 1));
    print(key.substr(0, key.find(':')), result_of(send_to(argument.substr(0, equals), text)));
}

// "COUNT,PATH=TEXT": so often a child sends it and ends at once.
void notify_often(const std::string&, const std::string& argument) {
    const std::size_t comma = argument.find(',');
    const std::size_t equals = argument.find('=');
    const std::string path = argument.substr(comma + 1, equals - comma - 1);
    const std::string text = with_newlines(argument.substr(equals + 1));
    int sent = 0;
    for (int i = std::atoi(argument.c_str()); i > 0; --i) {
        const pid_t child = fork();
        if (child == 0) _exit(send_to(path, text) ? 0 : 1);
        int status = 0;
        if (child > 0 && waitpid(child, &status, 0) == child && status == 0) ++sent;
    }
    print("notify-often", std::to_string(sent));
}

// As many datagrams as that, of every kind that means nothing.
void flood(const std::string&, const std::string& count) {
    const std::array<std::string, 5> texts{"", "STATUS=flood", std::string(5000, 'x'),
                                           std::string("\0\xff=\n=\n", 6), "READY=0\nWATCHDOG=2"};
    const int wanted = std::atoi(count.c_str());
    for (int i = 0; i < wanted; ++i)
        (void)send_to(notify_path(), texts[static_cast<std::size_t>(i) % texts.size()]);
    print("flood", "done");
}

// A sign of life each time that so many milliseconds have passed.
void keep_alive(const std::string&, const std::string& milliseconds) {
    for (;;) {
        (void)send_to(notify_path(), "WATCHDOG=1");
        (void)usleep(static_cast<useconds_t>(std::atoi(milliseconds.c_str())) * 1000);
    }
}

// "NUMBER=TEXT" with a newline after it.
void write_descriptor(const std::string& key, const std::string& argument) {
    const std::size_t equals = argument.find('=');
    const std::string text = argument.substr(equals + 1) + "\n";
    const int fd = std::atoi(argument.c_str());
    const ssize_t written = write(fd, text.data(), text.size());
    print(key.substr(0, key.find(':')), result_of(written == static_cast<ssize_t>(text.size())));
    if (written >= 0) (void)close(fd);
}

// Goes on when the file is there.
void await_file(const std::string& key, const std::string& path) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (access(path.c_str(), F_OK) < 0 && std::chrono::steady_clock::now() < deadline) {
        (void)usleep(10'000);
    }
    print(key.substr(0, key.find(':')), result_of(access(path.c_str(), F_OK) == 0));
}

void show_keyring() {
    const long id = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
    print("keyring", id > 0 ? std::to_string(id) : error_name());
}

void show_scheduling() {
    sched_param parameter{};
    (void)sched_getparam(0, &parameter);
    print("policy",
          std::to_string(sched_getscheduler(0)) + " " + std::to_string(parameter.sched_priority));
    print("io_priority", std::to_string(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0)));
    std::array<std::uint64_t, 128> words{};
    const long size = syscall(SYS_sched_getaffinity, 0, sizeof words, words.data());
    std::string cpus;
    for (long cpu = 0; cpu < size * 8; ++cpu) {
        if ((words[static_cast<std::size_t>(cpu / 64)] >> (cpu % 64) & 1) == 0) continue;
        cpus += (cpus.empty() ? "" : " ") + std::to_string(cpu);
    }
    print("cpus", cpus);
}

}  // namespace probe
