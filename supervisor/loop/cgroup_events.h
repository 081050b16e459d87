// SPDX-License-Identifier: Apache-2.0
// CgroupEvents: one inotify(7) instance that tells when a file of a node changed.
//
// An event says only that something changed (a freeze does it too, and several changes come as
// one), so whoever is told reads the file again; cgroup-v2.rst, "[Un]populated Notification".
#pragma once

#include "kernel/cgroup.h"
#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/timer.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace confinit {

class CgroupEvents {
public:
    static Result<std::unique_ptr<CgroupEvents>> make(EventLoop& loop);

    // `file` is one of those that the kernel tells of: cgroup.events, memory.events, pids.events.
    Result<int> watch(const Cgroup& node, const std::string& file, std::function<void()> changed);
    void forget(int watch);

    // Tells every watcher, for when events may have been lost.
    void read_all_again();

private:
    explicit CgroupEvents(Fd inotify) : inotify_(std::move(inotify)) {}
    void on_readable();
    void read_events();

    Fd inotify_;
    std::map<int, std::function<void()>> watchers_;
    std::optional<Timer> again_;
    Watch watch_;
};

}  // namespace confinit
