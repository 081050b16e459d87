// SPDX-License-Identifier: Apache-2.0
// ControlDoor: one listening socket of the control interface, with a backlog of its own.
//
// The kernel's queue of a unix socket is one for all who may connect, first come, first served. So
// the operators' socket can only be a reserve if nobody else may connect to it: `control` has the
// mode 0600, and what happens at `status` cannot fill its queue. Its owner is an id that nobody
// has. So root without CAP_DAC_OVERRIDE, which is no operator, is refused by connect(2) itself,
// before it has a place in the queue. At one door there are two ways to treat a connection that is
// one too many:
// - Its user has all the connections that one user may have: it is accepted, told so and closed.
//   Left in the queue it would stand before the connections of other users.
// - The door has all the connections that it may have, or PID 1 has no descriptor left: the door
//   rests, and the queue holds the callers until there is room. A refusal would only make them try
//   again at once, and connect(2) waits by itself.
// Accepting has a price too. A door that has accepted its share of a second rests until the next.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/timer.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

namespace confinit {

struct DoorAccess {
    mode_t mode = 0600;
    std::optional<gid_t> group = {};  // of the socket, for a mode that speaks of it
    bool is_of_nobody = false;        // of the socket, as far as we may give it away
};

class ControlDoor {
public:
    // Gets each new connection.
    using Listener = std::function<void(Fd socket)>;

    // Binds the path; a socket of an earlier supervisor that is dead is replaced.
    static Result<std::unique_ptr<ControlDoor>> open(EventLoop& loop, const std::string& path,
                                                     DoorAccess access, Listener listener);
    ControlDoor(const ControlDoor&) = delete;
    ControlDoor& operator=(const ControlDoor&) = delete;

    // While it is closed nobody is accepted, and the queue waits.
    void set_closed(bool is_closed);

private:
    ControlDoor(EventLoop& loop, Listener listener) : loop_(loop), listener_(std::move(listener)) {}

    void on_connect();
    void rest(Clock::duration length);
    void update_interest();

    EventLoop& loop_;
    Listener listener_;
    Fd socket_;
    bool is_for_others_ = false;
    bool is_closed_ = false;
    bool is_resting_ = false;
    unsigned accepted_ = 0;  // since `period_`
    Clock::time_point period_{};
    std::optional<Timer> timer_;
    Watch watch_;
};

}  // namespace confinit
