// SPDX-License-Identifier: Apache-2.0
// Looks at the files of this machine, which need not answer.
#include "svctl/watched.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/look_note.h"
#include "base/result.h"
#include "base/shared_memory.h"
#include "kernel/process.h"
#include "svctl/output.h"

#include <array>
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

// The process writes to pipes: one that is left behind must not keep those open that the caller's
// own reader waits for.
struct Output {
    Pipe pipe;
    int number;  // STDOUT_FILENO or STDERR_FILENO
};
using Outputs = std::array<Output, 2>;

Result<Outputs> make_outputs() {
    return Outputs{Output{TRY(make_pipe()), STDOUT_FILENO},
                   Output{TRY(make_pipe()), STDERR_FILENO}};
}

[[noreturn]] void run_noted(LookNote* note, const Outputs& outputs,
                            const std::function<int()>& action) {
    for (const Output& output : outputs)
        (void)dup2(output.pipe.write_end.get(), output.number);
    note_looks_in(note);
    const int code = action();
    (void)std::fflush(nullptr);
    _exit(code);
}

// Passes one piece on.
void pass_on(Output& output) {
    std::array<char, 65536> piece;
    const ssize_t count = read(output.pipe.read_end.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) return output.pipe.read_end.reset();
    (void)write_all(Fd{dup(output.number)}, "output",
                    {piece.data(), static_cast<std::size_t>(count)});
}

// Passes on what the process writes. False where it stands still for too long, with its output
// open.
bool pass_all_on(Outputs& outputs, const LookNote& note) {
    while (outputs[0].pipe.read_end || outputs[1].pipe.read_end) {
        const LookNote seen = note;
        std::array<pollfd, 2> waits{pollfd{outputs[0].pipe.read_end.get(), POLLIN, 0},
                                    pollfd{outputs[1].pipe.read_end.get(), POLLIN, 0}};
        const std::chrono::milliseconds limit = patience;
        const int ready = poll(waits.data(), waits.size(), static_cast<int>(limit.count()));
        if (ready == 0 && std::memcmp(&seen, &note, sizeof note) == 0) return false;
        for (std::size_t i = 0; i < waits.size(); ++i) {
            if (waits[i].revents != 0) pass_on(outputs[i]);
        }
    }
    return true;
}

// As the process has ended, this one ends.
int code_of_end(pid_t process) {
    siginfo_t end{};
    while (waitid(P_PID, static_cast<id_t>(process), &end, WEXITED) < 0 && errno == EINTR) {
    }
    if (end.si_code == CLD_EXITED) return end.si_status;
    (void)std::raise(end.si_status);
    return std::to_underlying(ExitCode::error);
}

}  // namespace

int run_watched(const Context& context, const std::function<int()>& action) {
    const auto note = make_shared_value<LookNote>();
    auto outputs = make_outputs();
    (void)std::fflush(nullptr);
    const pid_t pid = note && outputs ? fork() : -1;
    if (pid == 0) run_noted(note->get(), *outputs, action);
    // Nobody watches where there is no room for one.
    if (pid < 0) return action();
    const auto process = Process::open(pid);
    for (Output& output : *outputs)
        output.pipe.write_end.reset();
    if (pass_all_on(*outputs, **note)) return code_of_end(pid);
    if (process) process->signal(SIGKILL);
    const Error failure{.key = text_of((*note)->key),
                        .object = text_of((*note)->path),
                        .hint = fmt::format("it has not answered within {} s", patience.count())};
    return report_refusal(context, {.code = ExitCode::refused_by_check,
                                    .message = "cannot run here: " + failure.text()});
}

}  // namespace confinit
