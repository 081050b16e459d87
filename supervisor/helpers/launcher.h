// SPDX-License-Identifier: Apache-2.0
// Launcher: has the first processes of launches made by a small helper, confinit-launcher, whose
// copies cost little however much memory PID 1 has.
//
// PID 1 never waits for it: what the socket does not take waits in a queue, and the answers come
// from the loop. A launcher that ends takes no launch with it: the kernel itself has written in
// memory that PID 1 shares which processes there are. What had none yet is asked of another one,
// once. What that one ends over as well is told to be lost, and PID 1 does not try by itself what
// may have ended both. Where none can be had, or has no room for one more launch, PID 1 copies
// itself, and tries again where that may pass. One that does not answer is ended.
#pragma once

#include "base/clock.h"
#include "kernel/clone.h"
#include "launch/launcher/launcher_link.h"
#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/reaper.h"
#include "supervisor/loop/soon.h"
#include "supervisor/loop/timer.h"
#include "supervisor/machine/console.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace confinit {

// One launch that is asked for. Its owner keeps it where it is until `done` is called, or forgets
// it.
struct LaunchRequest {
    const LaunchPlan* plan = nullptr;
    PreparedLaunch prepared;
    std::move_only_function<void(Result<Spawned>)> done;

    // The launcher's own.
    std::uint64_t number = 0;  // in the order of asking
    std::optional<std::uint32_t> slot = {};
    LastWordsPage last_words = {};
    MadeProcesses made = {};
    unsigned losses = 0;  // launchers that have ended over it
    bool is_lost() const { return losses > 1; }
};

class Launcher {
public:
    // Something has stopped a launcher that answers nobody for so long.
    using Patience = std::chrono::milliseconds;

    // A launcher that cannot be had is told once.
    static std::unique_ptr<Launcher> make(EventLoop& loop, Reaper& reaper, Console& console,
                                          const std::string& program, CloneMethod method,
                                          Patience patience = std::chrono::seconds{10});
    Launcher(const Launcher&) = delete;
    Launcher& operator=(const Launcher&) = delete;

    // False where there is no launcher, or no slot: the caller copies PID 1. `done` is called from
    // the loop, or from look(), and never from inside of ask().
    bool ask(LaunchRequest& request);

    // Takes the answer that is there already, whoever has told of it.
    void look(LaunchRequest& request);
    // Takes all of them: a child of ours that nobody knows may be one that was asked for.
    void look_at_all();

    // Nothing is made for it from here on but what a look() after this finds.
    void cancel(const LaunchRequest& request);
    // Nobody waits for it any more, and no launcher is asked for it again. A child that is being
    // made nevertheless ends by itself before it executes the program: its report goes nowhere.
    void forget(LaunchRequest& request);

    pid_t pid() const { return link_ ? link_->process().pid() : 0; }

private:
    Launcher(EventLoop& loop, Reaper& reaper, Console& console, Fd program, CloneMethod method,
             Patience patience)
        : loop_(loop),
          reaper_(reaper),
          console_(console),
          program_(std::move(program)),
          method_(method),
          patience_(patience) {}

    Status start();
    bool is_awaited() const { return unanswered_ > 0 || !waiting_.empty(); }
    void set_timer();
    void on_late();
    void on_socket();
    void on_exit(ExitStatus status);
    void send_waiting();
    Status try_to_start();
    Status start_next(ExitStatus status);
    void start_again();
    void go_without(const Error& why);
    std::vector<LaunchRequest*> take_lost();
    void give_up(const std::string& why);
    void copy_waiting();
    void copy(LaunchRequest& request);
    void refuse(LaunchRequest& request);
    void tell(LaunchRequest& request, Result<Spawned> answer);
    static void end_preparer(LaunchRequest& request);
    void remove(LaunchRequest& request);
    void settle(std::uint32_t slot);

    EventLoop& loop_;
    Reaper& reaper_;
    Console& console_;
    Fd program_;
    CloneMethod method_;
    Patience patience_;
    std::shared_ptr<LaunchSlots> slots_;
    std::optional<LauncherLink> link_;
    bool is_given_up_ = false;
    bool is_lacking_ = false;  // there is none for now, which was told
    std::uint64_t next_number_ = 0;
    unsigned deaths_in_a_row_ = 0;                  // of launchers that had not said a word
    std::deque<LaunchRequest*> waiting_;            // not sent
    std::map<std::uint32_t, LaunchRequest*> open_;  // sent, by the slot
    // Orders: a child may be known, and its launch be settled, before the launcher has said so. It
    // has the descriptors of the launch open until then.
    std::size_t unanswered_ = 0;
    // Sent and forgotten: what the launcher makes of it may write in the slot.
    std::map<std::uint32_t, LastWordsPage> dropped_;
    std::optional<Timer> timer_;
    bool is_timed_ = false;  // an answer is awaited
    // An answer is awaited, and nothing has been heard, since then.
    Clock::time_point silent_since_ = {};
    Watch watch_;
    Soon soon_{loop_, [this] {
                   send_waiting();
               }};
};

}  // namespace confinit
