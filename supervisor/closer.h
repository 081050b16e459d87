// SPDX-License-Identifier: Apache-2.0
// Closer: closes what a stranger has given us or can write to, in a process that may wait for it.
//
// The last close(2) of a TCP socket with SO_LINGER and a full window waits for its peer, that of a
// FUSE file for its server, and that of a unix socket for whatever lies unread in it; an older
// kernel even lets who closes any unix socket clean up those that others have lost. The helpers
// share PID 1's table of descriptors and nothing else: PID 1 gives a number away and forgets it,
// and the helper's close(2) frees the number for all. While the number is open the kernel gives it
// to nobody else, and it is given to one helper once, so that no descriptor is closed by mistake.
#pragma once

#include "base/fd.h"
#include "event_loop.h"
#include "kernel/clone.h"
#include "reaper.h"
#include "timer.h"

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <sys/types.h>

namespace confinit {

struct CloserBounds {
    std::size_t helpers = 16;
    std::size_t helpers_each_uid = 4;   // that one user's descriptors may hold at the same time
    std::size_t waiting_each_uid = 64;  // descriptors of one user, until it is clogged
    // A helper that is busy for longer does not keep others waiting any more.
    std::chrono::milliseconds patience{100};
    // Then it is killed, which ends a wait for a peer, but not one for a file system.
    std::chrono::milliseconds last_patience{10'000};
};

class Closer {
public:
    // Owner of what is nobody's in particular.
    static constexpr uid_t nobody_in_particular = static_cast<uid_t>(-1);

    static Result<std::unique_ptr<Closer>> make(EventLoop& loop, Reaper& reaper, CloneMethod method,
                                                CloserBounds bounds = {});
    Closer(const Closer&) = delete;
    Closer& operator=(const Closer&) = delete;
    ~Closer();

    // Closes it some time. Nobody may watch the descriptor any more.
    void take(Fd fd, uid_t owner);

    // Whether so much of this user's waits to be closed that nothing more should be taken from it.
    bool is_clogged(uid_t owner) const;

    std::size_t waiting() const { return queue_.size(); }
    // Helpers that are busy for longer than they should be.
    std::size_t stuck() const;

private:
    struct Item {
        int number;
        uid_t owner;
    };
    struct Helper {
        pid_t pid = 0;
        Fd process;
        Fd orders;       // we write numbers
        Fd orders_read;  // the helper's ends, which are ours as well
        Fd answers;
        Fd answers_write;
        std::optional<Item> item;
        Clock::time_point since{};
        bool is_killed = false;
        Watch watch;
    };

    Closer(EventLoop& loop, Reaper& reaper, CloneMethod method, CloserBounds bounds)
        : loop_(loop), reaper_(reaper), method_(method), bounds_(bounds) {}

    Status add_helper();
    void on_answer(Helper& helper);
    void on_exit(pid_t pid);
    bool give(Helper& helper, const Item& item);
    Helper* find_idle();
    bool needs_helper() const;
    bool has_seat(uid_t owner) const;
    void work();
    void expire();
    void set_timer();

    EventLoop& loop_;
    Reaper& reaper_;
    CloneMethod method_;
    CloserBounds bounds_;
    std::deque<Item> queue_;
    std::list<Helper> helpers_;
    std::optional<Timer> timer_;
};

// By the closer of this loop; a loop that has none closes by itself.
void let_go(const EventLoop& loop, Fd fd, uid_t owner);
bool is_clogged(const EventLoop& loop, uid_t owner);

}  // namespace confinit
