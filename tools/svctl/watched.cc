// SPDX-License-Identifier: Apache-2.0
// Looks at the files of this machine, which need not answer.
#include "svctl/watched.h"

#include "base/fd.h"
#include "base/look_note.h"
#include "base/shared_memory.h"
#include "kernel/pidfd.h"
#include "launch/failure.h"
#include "svctl/output.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

// For one look; much longer than a disk that has to start takes.
constexpr std::chrono::seconds patience{10};

[[noreturn]] void run_noted(LookNote* note, const std::function<int()>& action) {
    note_looks_in(note);
    const int code = action();
    (void)std::fflush(nullptr);
    _exit(code);
}

// Whether the process has ended, before it has stood still for so long.
bool waits_for_end(const Fd& process, const LookNote& note) {
    for (;;) {
        const LookNote seen = note;
        pollfd end{process.get(), POLLIN, 0};
        const std::chrono::milliseconds limit = patience;
        const int ready = poll(&end, 1, static_cast<int>(limit.count()));
        if (ready > 0) return true;
        if (ready == 0 && std::memcmp(&seen, &note, sizeof note) == 0) return false;
    }
}

// As the process has ended, this one ends.
int code_of_end(const Fd& process) {
    siginfo_t end{};
    while (waitid(P_PIDFD, static_cast<id_t>(process.get()), &end, WEXITED) < 0 && errno == EINTR) {
    }
    if (end.si_code == CLD_EXITED) return end.si_status;
    (void)std::raise(end.si_status);
    return std::to_underlying(ExitCode::error);
}

}  // namespace

int run_watched(const Context& context, const std::function<int()>& action) {
    const auto shared = make_shared_value<LookNote>();
    LookNote* const note = shared ? shared->get() : nullptr;
    (void)std::fflush(nullptr);
    const pid_t pid = note != nullptr ? fork() : -1;
    if (pid == 0) run_noted(note, action);
    const Fd process{pid > 0 ? pidfd_open(pid, 0) : -1};
    // Nobody watches where there is no room for one.
    if (pid < 0) return action();
    if (!process || waits_for_end(process, *note)) return code_of_end(process);
    (void)pidfd_send_signal(process.get(), SIGKILL, nullptr, 0);
    const LaunchFailure failure{
        .key = text_of(note->key),
        .object = text_of(note->path),
        .hint = fmt::format("it has not answered within {} s", patience.count())};
    return report_refusal(context, {.code = ExitCode::refused_by_check,
                                    .message = "cannot run here: " + failure.text()});
}

}  // namespace confinit
