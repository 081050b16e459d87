// SPDX-License-Identifier: Apache-2.0
// NodeSignals: the walks that signal the processes of nodes, a slice of one in each turn of the
// loop, so that no number of processes holds up PID 1.
#pragma once

#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/reaper.h"
#include "supervisor/loop/soon.h"
#include "supervisor/loop/timer.h"
#include "supervisor/units/signal_walk.h"

#include <functional>
#include <list>
#include <memory>
#include <optional>

namespace confinit {

class NodeSignals {
public:
    // `done` is told once, perhaps at once, what became of a walk.
    using Done = std::function<void(const Status&)>;

    static Result<std::unique_ptr<NodeSignals>> make(EventLoop& loop);
    NodeSignals(const NodeSignals&) = delete;
    NodeSignals& operator=(const NodeSignals&) = delete;

    // The first slice is now; a walk that is under way begins anew. The walk stays the caller's,
    // who forgets it before it goes.
    void go(SignalWalk& walk, Done done);
    void go(std::unique_ptr<SignalWalk> walk, Done done);
    void forget(const SignalWalk& walk);

private:
    struct Entry {
        SignalWalk* walk;
        std::unique_ptr<SignalWalk> own;
        Done done;
    };

    explicit NodeSignals(EventLoop& loop) : loop_(loop) {}
    void begin(Entry entry);
    void take_turn();
    void plan_turn();

    EventLoop& loop_;
    std::list<Entry> entries_;
    bool is_resting_ = false;
    Soon turn_soon_{loop_, [this] {
                        if (!is_resting_) take_turn();
                    }};
    std::optional<Timer> rest_;  // until there are descriptors again
};

// The wait status of wait(2) in the words of waitid(2).
ExitStatus exit_status_of_wait(int wait_status);

}  // namespace confinit
