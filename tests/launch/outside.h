// SPDX-License-Identifier: Apache-2.0
// The acts of root on a running service from outside of its walls: each act returns false, with
// errno, where the kernel refuses.
#pragma once

#include "base/fd.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing::outside {

template <class Work>
inline bool within(pid_t service, const char* name, int kind, Work work) {
    const pid_t child = fork();
    if (child == 0) {
        const std::string path = "/proc/" + std::to_string(service) + "/ns/" + name;
        const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
        _exit(file >= 0 && setns(file, kind) == 0 && work() ? 0 : errno);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return false;
    errno = WEXITSTATUS(status);
    return errno == 0;
}

// The mount at a path gets these flags in place of its own.
template <unsigned long flags>
inline bool remount(pid_t service, const char* path) {
    return within(service, "mnt", CLONE_NEWNS, [path] {
        return mount(nullptr, path, nullptr, MS_REMOUNT | MS_BIND | flags, nullptr) == 0;
    });
}

inline bool unmount(pid_t service, const char* path) {
    return within(service, "mnt", CLONE_NEWNS, [path] { return umount2(path, MNT_DETACH) == 0; });
}

inline bool make_usr_writable(pid_t service) {
    return remount<0>(service, "/usr");
}
inline bool make_usr_read_only(pid_t service) {
    return remount<MS_RDONLY>(service, "/usr/bin");
}
inline bool make_etc_executable(pid_t service) {
    return remount<0>(service, "/etc");
}
inline bool make_programs_inexecutable(pid_t service) {
    return remount<MS_NOEXEC>(service, "/usr/bin");
}
inline bool make_bind_writable(pid_t service) {
    return remount<0>(service, "/opt");
}
inline bool make_bind_read_only(pid_t service) {
    return remount<MS_RDONLY>(service, "/opt");
}
inline bool uncover_root_home(pid_t service) {
    return unmount(service, "/root");
}
inline bool unmount_target(pid_t service) {
    return unmount(service, "/opt");
}
inline bool unmount_tmp(pid_t service) {
    return unmount(service, "/tmp");
}
inline bool unmount_dev(pid_t service) {
    return unmount(service, "/dev");
}
inline bool unmount_proc(pid_t service) {
    return unmount(service, "/proc");
}
inline bool share_mounts(pid_t service) {
    return within(service, "mnt", CLONE_NEWNS,
                  [] { return mount(nullptr, "/", nullptr, MS_SHARED | MS_REC, nullptr) == 0; });
}
inline bool rename_host(pid_t service) {
    return within(service, "uts", CLONE_NEWUTS, [] { return sethostname("other", 5) == 0; });
}

template <mode_t mode>
inline bool change_state_directory(pid_t) {
    return chmod("/var/lib/confinit-test-every-key", mode) == 0;
}

inline bool be_nicer_to_it(pid_t service) {
    return setpriority(PRIO_PROCESS, static_cast<id_t>(service), 0) == 0;
}

inline bool raise_limit(pid_t service) {
    const rlimit higher{8192, 16384};
    return prlimit(service, RLIMIT_CORE, &higher, nullptr) == 0;
}

inline bool lower_oom_score(pid_t service) {
    const std::string path = "/proc/" + std::to_string(service) + "/oom_score_adj";
    const Fd file{open(path.c_str(), O_WRONLY | O_CLOEXEC)};
    return file && write(file.get(), "50", 2) == 2;
}

inline bool schedule_as_others(pid_t service) {
    const sched_param none{};
    return sched_setscheduler(service, SCHED_OTHER, &none) == 0;
}

inline bool raise_io_priority(pid_t service) {
    constexpr int who = 1;  // IOPRIO_WHO_PROCESS
    return syscall(SYS_ioprio_set, who, service, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 2)) == 0;
}

inline bool give_all_cpus(pid_t service) {
    cpu_set_t all;
    CPU_ZERO(&all);
    for (std::size_t cpu = 0; cpu < 64; ++cpu)
        CPU_SET(cpu, &all);
    return sched_setaffinity(service, sizeof all, &all) == 0;
}

}  // namespace confinit::testing::outside
