// SPDX-License-Identifier: Apache-2.0
// The child's steps on our reaper: PID 1 of a new pid namespace becomes confinit-reaper, and its
// first child goes on as the service.
#include "launch/child/reaper_program.h"
#include "launch/child/steps.h"

#include <csignal>
#include <fcntl.h>
#include <linux/sched.h>

namespace confinit {

namespace {

char reaper_name[] = "confinit-reaper";
char* const reaper_arguments[] = {reaper_name, nullptr};
char* const reaper_environment[] = {nullptr};

// The reaper walks the rest of the table as the service does: the same ids, fewer rights. It
// keeps all signals blocked, so that none is lost before it waits for them.
bool become_reaper(ChildContext& child, int main_process, int ready) {
    ChildPlan& plan = child.plan;
    child.is_reaper = true;
    child.program = plan.reaper_program;
    plan.argv = reaper_arguments;
    plan.envp = reaper_environment;
    plan.streams[reaper_exit_socket] = plan.exit_socket;
    plan.streams[reaper_main_process] = main_process;
    plan.streams[reaper_ready_pipe] = ready;
    plan.last_words = nullptr;
    plan.tty = nullptr;
    plan.tty_is_stream = false;
    plan.rlimit_values = {};
    plan.rlimit_resources = {};
    plan.keyring = ChildKeyring::inherited;
    plan.signal_mask = ~0ULL;
    plan.bounding = 0;
    plan.ambient = 0;
    plan.inheritable = 0;
    plan.securebits = 0;
    plan.keep_all_capabilities = false;
    plan.working_directory = "/";
    plan.no_new_privs = true;
    plan.filter = {};
    return place_streams(child);
}

}  // namespace

bool fork_below_reaper(ChildContext& child) {
    if (child.plan.reaper_program < 0) return true;
    int ready[2] = {-1, -1};
    if (child.call(SYS_pipe2, ready, O_CLOEXEC) < 0) return false;
    int main_process = -1;
    const long pid = child.call(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &main_process, 0, 0);
    if (pid < 0) return false;
    if (pid > 0) return become_reaper(child, main_process, ready[1]);

    child.reaper_ready = ready[0];
    (void)child.call(SYS_close, ready[1]);
    return true;
}

// The service must not meet a reaper that can still be traced: it has the service's own ids.
bool wait_for_reaper(ChildContext& child) {
    if (child.reaper_ready < 0) return true;
    char byte = 0;
    const long count = child.call(SYS_read, child.reaper_ready, &byte, sizeof byte);
    if (count == 0) return child.refuse(EPIPE);
    return count > 0;
}

}  // namespace confinit
