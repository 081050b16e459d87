// SPDX-License-Identifier: Apache-2.0
// The yardstick: a launch in plain C that makes the kernel calls of confinit's and nothing else. It
// resolves no names, checks nothing twice, and explains no failure.
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum by_hand_mounts { by_hand_no_mounts, by_hand_tmp, by_hand_tmp_dev_proc };

struct by_hand_setting {
    const char* file;
    const char* value;
};

struct by_hand_service {
    const char* program;
    const char* node;  // the directory to make, or null
    const struct by_hand_setting* settings;
    size_t setting_count;
    uint64_t namespaces;  // CLONE_NEW*
    enum by_hand_mounts mounts;
    const char* hostname;
    int is_confined;  // another user, no capabilities, no_new_privs, the filter
    uid_t uid;
    gid_t gid;
    const struct sock_filter* filter;
    unsigned short filter_length;
    int reaper;  // the file of confinit-reaper, or -1
};

struct by_hand_started {
    pid_t pid;
    int pidfd;
    int output;       // what the service writes
    int exit_socket;  // the reaper's, or -1
    int node;         // or -1
};

// 0, or -1 when a call of this side failed. One of the other side's ends the process with a status
// other than 0, before it has written anything.
int launch_by_hand(const struct by_hand_service* service, struct by_hand_started* started);

#ifdef __cplusplus
}
#endif
