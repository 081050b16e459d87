// SPDX-License-Identifier: Apache-2.0
// Carriers: processes that carry an entered command's streams as frames, for callers whose
// connection passes no descriptors.
//
// PID 1 moves none of these bytes. It makes the command, gives the caller's connection and its own
// ends of the streams to a carrier, and tells that one alone how the command has ended. A carrier
// is PID 1's program, executed again: it has nothing of PID 1's memory, and no right but its
// descriptors.
#pragma once

#include "control/message.h"
#include "kernel/clone.h"
#include "supervisor/control/connection.h"
#include "supervisor/loop/reaper.h"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <sys/types.h>

namespace confinit {

class Carriers {
public:
    // Called from the loop when the carrier has ended before the command.
    using Gone = std::function<void()>;

    Carriers(Reaper& reaper, CloneMethod method) : reaper_(reaper), method_(method) {}
    Carriers(const Carriers&) = delete;
    Carriers& operator=(const Carriers&) = delete;
    ~Carriers();

    bool has_room() const { return carriers_.size() < most; }

    // The carrier sends the reply first, and takes what the caller has sent behind its call. It has
    // descriptors of its own. Returns its pid.
    Result<pid_t> start(const ControlConnection& caller, const Json& reply,
                        std::span<const Fd> streams, Gone gone);

    // The command has ended so. The carrier ends by itself, and nobody hears of it.
    void end(pid_t carrier, const Json& facts);

    // Nobody wants to hear of it any more.
    void forget(pid_t carrier);

private:
    // Those of commands that have ended count as long as their callers are slow.
    static constexpr std::size_t most = 128;

    struct Carrier {
        Fd orders;
        Gone gone;
    };

    Reaper& reaper_;
    CloneMethod method_;
    std::map<pid_t, Carrier> carriers_;
};

}  // namespace confinit
