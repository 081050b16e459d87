// SPDX-License-Identifier: Apache-2.0
// --host: another machine's supervisor, by ssh(1) and by `svctl bridge` on that machine.
#include "svctl/remote.h"

#include "base/file.h"
#include "svctl/output.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <optional>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace confinit {
namespace {

constexpr int ssh_failed = 255;
constexpr int not_found = 127;
constexpr int denied = std::to_underlying(ExitCode::denied);

// A longer line is shown in parts.
constexpr std::size_t most_of_a_line = std::size_t{1} << 20;

// Ssh: one process of it, which ends when its input does.
class Ssh {
public:
    // Its standard input and output; -1 for our own.
    static Result<Ssh> start(const std::string& host, const std::string& command, int input,
                             int output) {
        std::string words[] = {"ssh", "-T", host, command};
        char* const arguments[] = {words[0].data(), words[1].data(), words[2].data(),
                                   words[3].data(), nullptr};
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        if (input >= 0) posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        if (output >= 0) posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        // We may ignore it; a program that was started so would as well.
        sigset_t defaults;
        sigemptyset(&defaults);
        sigaddset(&defaults, SIGPIPE);
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setsigdefault(&attributes, &defaults);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        pid_t pid = -1;
        const int error = posix_spawnp(&pid, "ssh", &actions, &attributes, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        if (error == ENOENT) {
            return failure("--host needs ssh(1), which is not in PATH: install openssh-client");
        }
        if (error != 0) return std::unexpected(system_error(error, "run", "ssh"));
        return Ssh{host, pid};
    }

    // Waits for its end, which has begun.
    int wait() {
        int status = 0;
        while (!status_ && waitpid(pid_, &status, 0) < 0) {
            if (errno != EINTR) return EXIT_FAILURE;
        }
        if (!status_) status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return *status_;
    }

    // Why it has ended with this status; absent when that tells nothing.
    std::optional<Error> fault(int status) const {
        if (status == 0) return std::nullopt;
        if (status == ssh_failed) {
            return Error{
                .hint = fmt::format("ssh {} failed with status 255, for the reason that it has "
                                    "told above; see whether `ssh {} true` works",
                                    host_, host_)};
        }
        if (status == not_found) {
            return Error{.hint =
                             fmt::format("ssh {} reached a shell that finds no svctl (status 127): "
                                         "install confinit there",
                                         host_)};
        }
        return Error{.error = status == denied ? EACCES : 0,
                     .hint = fmt::format("svctl bridge on {} ended with status {}", host_, status)};
    }

private:
    Ssh(std::string host, pid_t pid) : host_(std::move(host)), pid_(pid) {}

    std::string host_;
    pid_t pid_;
    std::optional<int> status_;  // once it has been waited for
};

// A terminal is not to be driven by what another machine's files hold.
void show_output(const Context& context, const Fd& output) {
    std::string waiting;  // the line that has not ended
    std::array<char, 16384> bytes;
    for (;;) {
        const ssize_t count = read(output.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        waiting.append(bytes.data(), static_cast<std::size_t>(count));
        const std::size_t end = waiting.rfind('\n');
        if (end == std::string::npos && waiting.size() < most_of_a_line) continue;
        const std::size_t whole = end == std::string::npos ? waiting.size() : end + 1;
        print(shown_lines(context, std::string_view{waiting}.substr(0, whole)));
        (void)std::fflush(stdout);
        waiting.erase(0, whole);
    }
    if (!waiting.empty()) print(shown_lines(context, waiting));
}

std::string bridge_command(const Context& context) {
    if (context.socket_path.empty()) return "svctl bridge";
    return "svctl --socket=" + shell_quoted(context.socket_path) + " bridge";
}

}  // namespace

std::string host_fault(std::string_view host) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._-:/[]%+";
    if (host.empty()) return "is empty";
    const std::string_view machine = host.substr(host.rfind('@') + 1);
    if (host.front() == '-' || machine.starts_with('-')) return "begins with '-'";
    if (machine.empty()) return "names no machine";
    const std::size_t bad = host.find_first_not_of(allowed);
    if (bad != std::string_view::npos) return fmt::format("has a '{}'", host[bad]);
    return {};
}

std::string shell_quoted(std::string_view word) {
    std::string quoted{"'"};
    for (const char byte : word) {
        if (byte == '\'') {
            quoted += R"('\'')";
        } else {
            quoted += byte;
        }
    }
    return quoted + "'";
}

Answer<Client> connect_by_ssh(const Context& context) {
    auto ends = make_stream_pair();
    if (!ends) return refuse(std::move(ends.error()));
    const Fd its = std::move(ends->second);
    auto ssh = Ssh::start(context.host, bridge_command(context), its.get(), its.get());
    if (!ssh) return refuse(std::move(ssh.error()));
    Client client{std::move(ends->first)};
    client.set_end_reason([ssh = std::move(*ssh)]() mutable { return ssh.fault(ssh.wait()); });
    return client;
}

int run_there(const Context& context, std::span<const std::string> arguments) {
    std::string command = "svctl";
    for (const std::string& word : arguments)
        command += " " + shell_quoted(word);
    const bool shows = isatty(STDOUT_FILENO) != 0 && !context.raw;
    Pipe pipe;
    if (shows) {
        auto made = make_pipe();
        if (!made) return report_refusal(context, refuse(std::move(made.error())).error());
        pipe = std::move(*made);
    }
    auto ssh = Ssh::start(context.host, command, -1, pipe.write_end.get());
    if (!ssh) return report_refusal(context, refuse(std::move(ssh.error())).error());
    pipe.write_end.reset();
    if (shows) show_output(context, pipe.read_end);
    const int status = ssh->wait();
    if (status != ssh_failed && status != not_found) return status;
    return report_refusal(context, refuse(*ssh->fault(status)).error());
}

}  // namespace confinit
