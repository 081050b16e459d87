// SPDX-License-Identifier: Apache-2.0
// The start of the launcher: a copy of PID 1 that becomes confinit-launcher.
#include "base/reserved_ids.h"
#include "launch/child/kernel_sigaction.h"
#include "launch/child/mount_calls.h"
#include "launch/child/separation.h"
#include "launch/launch_order.h"
#include "launch/launcher_start.h"

#include <fcntl.h>
#include <linux/close_range.h>

namespace confinit {

namespace {

char launcher_name[] = "confinit-launcher";
char own_user_word[] = "own-user";
char* const launcher_environment[] = {nullptr};

// execve(2) makes the effective id the saved one, and takes another real one for a set-user-ID
// program's, of which no_new_privs takes the effective one away. So all are the same meanwhile, and
// the program takes the real one again.
bool level_ids(ChildContext& child, bool& is_own_user) {
    uid_t real = 0;
    uid_t effective = 0;
    uid_t saved = 0;
    if (child.call(SYS_getresuid, &real, &effective, &saved) < 0) return false;
    is_own_user = real == own_user;
    return child.call(SYS_setresuid, effective, effective, effective) >= 0;
}

// The numbers that it begins with may be those of the others.
bool become(ChildContext& child, int program, int link, int slots) {
    constexpr int above = 32;
    const int kept[] = {program, link, slots};
    if (!forbid_tracing(child) || !keep_only(child, kept)) return false;
    const long moved_program = child.call(SYS_fcntl, program, F_DUPFD_CLOEXEC, above);
    const long moved_link = child.call(SYS_fcntl, link, F_DUPFD_CLOEXEC, above);
    const long moved_slots = child.call(SYS_fcntl, slots, F_DUPFD_CLOEXEC, above);
    if (moved_program < 0 || moved_link < 0 || moved_slots < 0) return false;
    if (child.call(SYS_dup3, moved_link, launcher_link, 0) < 0) return false;
    if (child.call(SYS_dup3, moved_slots, launcher_slots, 0) < 0) return false;
    if (child.call(SYS_close_range, launcher_slots + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0) return false;
    bool is_own_user = false;
    if (!level_ids(child, is_own_user) || !forbid_tracing(child)) return false;
    char* const arguments[] = {launcher_name, is_own_user ? own_user_word : nullptr, nullptr};
    (void)child.call(SYS_execveat, moved_program, "", arguments, launcher_environment,
                     AT_EMPTY_PATH);
    return false;
}

}  // namespace

void ignore_no_signal() noexcept {
    const KernelSigaction default_action{};
    for (int number = 1; number <= signal_count; ++number)
        (void)syscall(SYS_rt_sigaction, number, &default_action, nullptr, sizeof(std::uint64_t));
}

int open_own_oom_score() noexcept {
    ChildContext child{.plan = {}};
    return open_in_procfs(child, "self/oom_score_adj", O_RDWR).release();
}

void run_launcher(int program, int link, int slots) noexcept {
    ChildContext child{.plan = {}};
    (void)become(child, program, link, slots);
    (void)syscall(SYS_exit_group, exit_setup_failed);
    __builtin_trap();
}

}  // namespace confinit
