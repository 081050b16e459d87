// SPDX-License-Identifier: Apache-2.0
// NotifySender: whether a notification came from a process of the unit, also when that is gone.
//
// A sender that lives or is a zombie is judged by its control group node. Of one that was reaped
// nothing is left on older kernels but its pid and its user id, which the kernel gave to the
// datagram when it was sent. Such a datagram counts only if nobody else can have sent it:
//
// - Since Linux 6.16 the kernel keeps the node of an ended process for the pidfd that comes with
//   the datagram. Then that decides.
// - Elsewhere PID 1 looks for another process that may have sent it. PID 1 reads the notify sockets
//   before it reaps a child (NotifyHub). A sender that is gone was therefore reaped by a parent of
//   its own, and one of its forebears is a child of PID 1 that is still there when the datagram is
//   read, alive or as a zombie. If the sender was of another unit, that forebear is outside of the
//   node. So the datagram counts if no process outside of the node has the sender's user id, and
//   none could take it by CAP_SETUID. (A set-user-ID program could, and only root installs those.)
//   Processes that hold all that PID 1 itself holds are left out: they may move themselves into the
//   node, and are of the unit then.
//
// PID 1 looks when it reads the datagram, or never. At a later look the process that may have sent
// it could be gone, below a parent that is left out, and a stranger would be heard. A look costs
// PID 1 time for each process of the machine, so looks are bounded: A run that waits for READY=1
// has one look for that, whatever others do, so PID 1 looks no more often that way than it
// launches. For any other look PID 1 must have time left, which is a tenth of what passes. A
// datagram that it cannot look for is not heard.
//
// That the socket has a random name in a directory that nobody can list is a second wall, not the
// proof: the name stands in the environment of the service, which others of its user can read.
// A sender that is gone may say READY=1 and STATUS= only.
#pragma once

#include "supervisor/loop/event_loop.h"
#include "supervisor/units/notify_socket.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace confinit {

// The facts about the unit whose socket it is.
struct NotifyPlace {
    std::string cgroup;                   // as PID 1 sees it; empty without a node
    std::vector<std::uint64_t> node_ids;  // of the node and of the one that the service runs in
    uid_t user = 0;                       // that the service began with, as PID 1 sees it
    pid_t main = 0;                       // the main process; 0 once it has ended
};

struct SenderVerdict {
    enum class Kind { present, gone, refused };

    Kind kind = Kind::refused;
    std::string reason;  // of a refusal; always one of a few texts
    bool has_looked = false;
};

// LookBudget: how long PID 1 may look through all processes. A tenth of the time that passes is
// added, up to a short while; a look that takes longer than what is left makes a debt.
class LookBudget {
public:
    bool is_left(Clock::time_point now);
    void spend(Clock::duration length) { left_ -= length; }

private:
    Clock::duration left_{};
    Clock::time_point counted_;
};

// NotifyHub: all notify sockets, so that none is unread when a child is reaped.
class NotifyHub {
public:
    static Result<std::unique_ptr<NotifyHub>> make();

    using Reader = std::function<void()>;
    Status add(const Fd& socket, Reader reader);
    void remove(const Fd& socket);

    // Reads what has come. To be called while a child that ended is still a zombie.
    void read_all();

    LookBudget& looks() { return looks_; }

private:
    explicit NotifyHub(Fd epoll) : epoll_(std::move(epoll)) {}

    Fd epoll_;
    std::map<int, Reader> readers_;
    LookBudget looks_;
};

// `hub` is null where nobody reads the sockets before children are reaped; `is_late` says that this
// socket was not read then. Either way no sender that is gone counts without the kernel's word.
// `is_owed` says that PID 1 may look at all processes even if nothing is left of the budget.
SenderVerdict judge_sender(const NotifyDatagram& datagram, const NotifyPlace& place, NotifyHub* hub,
                           bool is_late, bool is_owed = false);

// A process outside of the node that has this user id, or could take it; absent when there is none.
// The text says who. When not all processes could be looked at, the text says that.
std::optional<std::string> find_other_sender(uid_t user, std::string_view cgroup);

// The node that an ended process was in, by the kernel's number for it; absent where the kernel
// does not tell.
std::optional<std::uint64_t> cgroup_id_of_ended(const Process& process);

}  // namespace confinit
