// SPDX-License-Identifier: Apache-2.0
// The namespaces of namespaces(7): the kernel's flag and link of each, and our key.
#pragma once

#include "unit/unit.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <linux/sched.h>
#include <string_view>

namespace confinit {

struct NamespaceRow {
    NamespaceKind kind;
    std::uint64_t flag;     // CLONE_NEW*
    std::string_view link;  // below /proc/PID/ns
    std::string_view key;
};

constexpr std::array namespace_rows{
    NamespaceRow{NamespaceKind::mount, CLONE_NEWNS, "mnt", "namespaces.mount"},
    NamespaceRow{NamespaceKind::pid, CLONE_NEWPID, "pid", "namespaces.pid"},
    NamespaceRow{NamespaceKind::net, CLONE_NEWNET, "net", "namespaces.net"},
    NamespaceRow{NamespaceKind::ipc, CLONE_NEWIPC, "ipc", "namespaces.ipc"},
    NamespaceRow{NamespaceKind::uts, CLONE_NEWUTS, "uts", "namespaces.uts"},
    NamespaceRow{NamespaceKind::cgroup, CLONE_NEWCGROUP, "cgroup", "namespaces.cgroup"},
    NamespaceRow{NamespaceKind::time, CLONE_NEWTIME, "time", "namespaces.time"},
    NamespaceRow{NamespaceKind::user, CLONE_NEWUSER, "user", "namespaces.user"},
};

constexpr const NamespaceRow& namespace_row(NamespaceKind kind) {
    return *std::ranges::find(namespace_rows, kind, &NamespaceRow::kind);
}

}  // namespace confinit
