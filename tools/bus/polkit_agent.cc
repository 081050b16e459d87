// SPDX-License-Identifier: Apache-2.0
// PolkitAgent: polkit's agent for terminals, pkttyagent(1).
#include "bus/polkit_agent.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

constexpr int milliseconds_to_register = 10'000;

// The number by which the agent knows the descriptor that it closes when polkit knows it.
constexpr int notify_number = 3;

// Its standard input is not ours, which is a socket; it opens /dev/tty by itself.
std::optional<pid_t> spawn_agent(const Fd& notify) {
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) return std::nullopt;
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, notify.get(), notify_number);
    const std::string process = std::to_string(getpid());
    const std::string number = std::to_string(notify_number);
    const char* arguments[] = {"pkttyagent",  "--process",    process.c_str(),
                               "--notify-fd", number.c_str(), nullptr};
    pid_t pid = 0;
    const int error = posix_spawnp(&pid, arguments[0], &actions, nullptr,
                                   const_cast<char* const*>(arguments), environ);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? std::optional{pid} : std::nullopt;
}

}  // namespace

std::optional<PolkitAgent> PolkitAgent::start() {
    auto notify = make_pipe();
    if (!notify) return std::nullopt;
    // A descriptor that has its number already would stay closed on exec.
    auto write_end = duplicate(notify->write_end, notify_number + 1);
    notify->write_end.reset();
    if (!write_end) return std::nullopt;
    const auto pid = spawn_agent(*write_end);
    if (!pid) return std::nullopt;
    write_end->reset();
    PolkitAgent agent{Process::open(*pid).value_or(Process{})};
    pollfd closed{notify->read_end.get(), 0, 0};
    while (poll(&closed, 1, milliseconds_to_register) < 0 && errno == EINTR) {
    }
    return agent;
}

PolkitAgent::~PolkitAgent() {
    if (!process_) return;
    process_.signal(SIGTERM);
    // One that was stopped at the terminal ends only when it goes on.
    process_.signal(SIGCONT);
    (void)process_.wait();
}

}  // namespace confinit
