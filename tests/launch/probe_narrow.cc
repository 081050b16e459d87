// SPDX-License-Identifier: Apache-2.0
// The probe's commands by which a program confines itself further than its unit does.
#include "probe.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/ioprio.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace probe {
namespace {

constexpr unsigned stranger = 65534;

bool become_user() {
    return setgroups(0, nullptr) == 0 && setresgid(stranger, stranger, stranger) == 0 &&
           setresuid(stranger, stranger, stranger) == 0;
}

bool leave_groups() {
    return setgroups(0, nullptr) == 0;
}

bool drop_from_bounding_set() {
    return prctl(PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0) == 0;
}

bool clear_ambient_set() {
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0;
}

bool forbid_new_privileges() {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

// A filter that lets everything through is one more all the same.
bool add_filter() {
    sock_filter allow{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    const sock_fprog program{1, &allow};
    return forbid_new_privileges() &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

bool enter_user_namespace() {
    return unshare(CLONE_NEWUSER) == 0;
}

bool enter_network() {
    return unshare(CLONE_NEWNET) == 0;
}

bool enter_user_namespace_and_network() {
    return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

bool mask_files() {
    (void)umask(0077);
    return true;
}

bool raise_nice() {
    return setpriority(PRIO_PROCESS, 0, 15) == 0;
}

bool lower_limit() {
    const rlimit none{0, 0};
    return setrlimit(RLIMIT_CORE, &none) == 0;
}

bool raise_oom_score() {
    const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    const bool written = file >= 0 && write(file, "500", 3) == 3;
    if (file >= 0) (void)close(file);
    return written;
}

bool become_idle() {
    const sched_param none{};
    return sched_setscheduler(0, SCHED_IDLE, &none) == 0;
}

bool make_io_idle() {
    constexpr int who = 1;  // IOPRIO_WHO_PROCESS
    return syscall(SYS_ioprio_set, who, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)) == 0;
}

bool take_other_root() {
    return chroot("/dev") == 0 && chdir("/") == 0;
}

struct Act {
    std::string_view name;
    bool (*act)();
};
constexpr std::array acts{
    Act{"user", become_user},
    Act{"groups", leave_groups},
    Act{"bounding", drop_from_bounding_set},
    Act{"ambient", clear_ambient_set},
    Act{"no-new-privs", forbid_new_privileges},
    Act{"filter", add_filter},
    Act{"user-namespace", enter_user_namespace},
    Act{"net", enter_network},
    Act{"user-and-net", enter_user_namespace_and_network},
    Act{"root", take_other_root},
    Act{"umask", mask_files},
    Act{"nice", raise_nice},
    Act{"limit", lower_limit},
    Act{"oom-score", raise_oom_score},
    Act{"idle", become_idle},
    Act{"io-idle", make_io_idle},
};

}  // namespace

void narrow(const std::string& key, const std::string& what) {
    const auto* found = std::ranges::find(acts, what, &Act::name);
    print(key, found == acts.end() ? "unknown" : result_of(found->act()));
}

}  // namespace probe
