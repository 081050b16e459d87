// SPDX-License-Identifier: Apache-2.0
// Helper processes: copies of PID 1 that do for it what may wait.
#include "supervisor/helpers/helper_process.h"

#include "supervisor/machine/own_user.h"

#include <algorithm>
#include <csignal>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {
namespace {

bool has_become_helper = false;

// PID 1 blocks the signals that it reads from a signalfd, and ignores some.
void reset_signals() {
    for (int signal = 1; signal < NSIG; ++signal)
        (void)std::signal(signal, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, nullptr);
}

void close_all_but(std::vector<int> kept) {
    std::ranges::sort(kept);
    unsigned next = STDERR_FILENO + 1;
    for (const int fd : kept) {
        if (fd < static_cast<int>(next)) continue;
        const auto number = static_cast<unsigned>(fd);
        if (number > next) (void)syscall(SYS_close_range, next, number - 1, 0);
        next = number + 1;
    }
    (void)syscall(SYS_close_range, next, ~0U, 0);
}

}  // namespace

void become_helper(const char* name, std::vector<int> kept) {
    // The effective id stays, and with it the right to read what PID 1 reads. The call fails for
    // an ordinary user's supervisor, whose services run as its own user.
    (void)syscall(SYS_setresuid, own_user, geteuid(), own_user);
    // The copy holds all of PID 1's memory and, for a moment, its descriptors: no tracer may come
    // near it.
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_NAME, name, 0, 0, 0);
    close_all_but(std::move(kept));
    reset_signals();
    has_become_helper = true;
}

void run_helper(const std::function<void()>& work) {
    try {
        work();
    } catch (...) {
        // Its end tells: it has no memory for more.
        _exit(1);
    }
    // No destructor of PID 1's objects runs, and nothing of its buffers is written twice.
    _exit(0);
}

bool is_helper() {
    return has_become_helper;
}

}  // namespace confinit
