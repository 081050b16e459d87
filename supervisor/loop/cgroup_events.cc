// SPDX-License-Identifier: Apache-2.0
// CgroupEvents: one inotify(7) instance that tells when a file of a node changed.
#include "supervisor/loop/cgroup_events.h"

#include "supervisor/machine/own_user.h"

#include <array>
#include <cstring>
#include <exception>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <vector>

namespace confinit {
namespace {

constexpr std::chrono::milliseconds pause_after_lost_event{100};

}  // namespace

Result<std::unique_ptr<CgroupEvents>> CgroupEvents::make(EventLoop& loop) {
    Fd inotify;
    {
        // The watches are counted for the user who makes it.
        const AsOwnUser maker;
        inotify = Fd{inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
        if (!inotify) return errno_failure("inotify_init1");
    }
    std::unique_ptr<CgroupEvents> events{new CgroupEvents(std::move(inotify))};
    CgroupEvents* const self = events.get();
    events->again_.emplace(TRY(Timer::make(loop, [self] { self->read_all_again(); })));
    events->watch_ =
        TRY(loop.on_fd(events->inotify_, EPOLLIN, [self](std::uint32_t) { self->on_readable(); }));
    return events;
}

Result<int> CgroupEvents::watch(const Cgroup& node, const std::string& file,
                                std::function<void()> changed) {
    const std::string path = node.path() + "/" + file;
    const int watch = inotify_add_watch(inotify_.get(), path.c_str(), IN_MODIFY);
    if (watch < 0) return errno_failure("inotify_add_watch", path);
    watchers_[watch] = std::move(changed);
    return watch;
}

void CgroupEvents::forget(int watch) {
    watchers_.erase(watch);
    // The watch is gone by itself when the node was removed first.
    (void)inotify_rm_watch(inotify_.get(), watch);
}

void CgroupEvents::read_all_again() {
    std::vector<int> watches;
    for (const auto& [watch, changed] : watchers_)
        watches.push_back(watch);
    for (const int watch : watches) {
        if (const auto found = watchers_.find(watch); found != watchers_.end()) {
            const auto changed = found->second;
            changed();
        }
    }
}

// An event that has been read does not come again. When there is no memory to tell of it, everybody
// is told later.
void CgroupEvents::on_readable() {
    try {
        read_events();
    } catch (const std::exception&) {
        again_->set(pause_after_lost_event);
        throw;
    }
}

void CgroupEvents::read_events() {
    alignas(inotify_event) std::array<char, 4096> buffer;
    for (;;) {
        const ssize_t count = read(inotify_.get(), buffer.data(), buffer.size());
        if (count <= 0) return;
        for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
            inotify_event event;
            std::memcpy(&event, buffer.data() + at, sizeof event);
            at += sizeof event + event.len;
            if ((event.mask & IN_Q_OVERFLOW) != 0) read_all_again();
            const auto found = watchers_.find(event.wd);
            if (found == watchers_.end()) continue;
            // The watcher may forget itself while it runs.
            const auto changed = found->second;
            changed();
        }
    }
}

}  // namespace confinit
