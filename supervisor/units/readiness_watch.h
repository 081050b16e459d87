// SPDX-License-Identifier: Apache-2.0
// ReadinessWatch: how one run tells that it is up and well, by its notify socket or its ready pipe,
// and what it says about itself.
#pragma once

#include "control/notify_message.h"
#include "engine/types.h"
#include "launch/plan/plan.h"
#include "supervisor/helpers/hands.h"
#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/timer.h"
#include "supervisor/units/log_ring.h"
#include "supervisor/units/notify_sender.h"
#include "supervisor/units/notify_socket.h"
#include "supervisor/units/unit_node.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace confinit {

// The last words of a service about itself, for people.
struct SelfReport {
    std::string status;
    std::string state;  // "reloading", "stopping", or empty
    int error = 0;      // an errno
};

// Notifications that were thrown away for one reason.
struct NotHeard {
    std::string reason;
    std::uint64_t count = 0;
    std::string last;  // who sent the last of them
};

class ReadinessWatch {
public:
    struct Listener {
        std::function<void(engine::Event event)> emit;
        std::function<void(engine::Time length)> extend;
        // Everybody has had the stop signal.
        std::function<void()> signalled = {};
    };

    // Makes what the unit asks for, before its plan is made. Without a hub no process that is gone
    // is heard, see NotifySender.
    static Result<std::unique_ptr<ReadinessWatch>> make(const Unit& unit,
                                                        const LaunchContext& context,
                                                        EventLoop& loop, NotifyHub* hub,
                                                        LogRing& log, Listener listener);
    ReadinessWatch(const ReadinessWatch&) = delete;
    ReadinessWatch& operator=(const ReadinessWatch&) = delete;
    ~ReadinessWatch();

    // Opens the notify socket: the service is about to begin, as this user as we see it.
    Status open_socket(uid_t user);
    // Of that socket; empty where there is none.
    std::string notify_name() const;
    // The service's end of the ready pipe; empty where there is none.
    Fd take_pipe() { return std::move(pipe_.write_end); }

    // The launch begins. The node is absent where the service has none; `cgroup` is the path that
    // /proc/PID/cgroup shows for its processes.
    Status begin(const UnitNode* node, std::string cgroup);
    void set_main(pid_t pid) { place_.main = pid; }

    // `read_reports` takes note of what the launch has reported by now.
    void set_report_reader(std::function<void()> read_reports) {
        read_reports_ = std::move(read_reports);
    }
    // The program runs.
    void on_launched();
    // A stop is under way: no sign of life is asked for any more.
    void end_watchdog() { is_watched_ = false; }
    // A frozen service can give no sign of life, and has its whole time again afterwards.
    void set_frozen(bool frozen);
    // A process that owns the bus name of service.ready, or 0; as Run::set_name_owner.
    std::optional<std::string> set_name_owner(pid_t pid);
    // The main process has ended and is not reaped yet: hears what it has said before, and then
    // knows nobody by its number any more.
    void end_main();

    const SelfReport& report() const { return report_; }
    // The messages that were thrown away, a text for each reason.
    std::vector<std::string> not_heard() const;

private:
    ReadinessWatch(const ServiceConfig& service, EventLoop& loop, NotifyHub* hub, LogRing& log,
                   Listener listener)
        : ready_(service.ready),
          watchdog_(service.watchdog.value_or(engine::Time{0})),
          loop_(loop),
          hub_(hub),
          log_(log),
          listener_(std::move(listener)),
          owner_(new_owner(loop)) {}

    Status make_parts(const Unit& unit, const LaunchContext& context);
    Status listen();
    void listen_or_tell();
    enum class Unread { none, some };
    Unread read_socket();
    void read_pipe();
    void read_before_reaping();
    void take(const NotifyDatagram& datagram);
    void hear(const NotifyMessage& message, pid_t sender);
    void hear_of_gone(const NotifyDatagram& datagram, NotifyMessage message);
    void throw_away(const NotifyDatagram& datagram, std::string reason);
    void hear_watchdog(const NotifyMessage& message);
    void become_ready();
    void begin_watchdog();
    void set_watchdog();
    void on_watchdog();
    void note(std::string_view text);

    Readiness ready_;
    engine::Time watchdog_;
    EventLoop& loop_;
    NotifyHub* hub_;
    LogRing& log_;
    Listener listener_;
    std::function<void()> read_reports_;
    std::optional<NotifySocket> socket_;
    Pipe pipe_;  // a pair of sockets: the writer of a pipe can hold up its reader
    NotifyPlace place_;
    Hands::Owner owner_;          // of what the service can write to
    bool is_late_ = false;        // a child was reaped while something was unread
    bool is_look_spent_ = false;  // the one for READY=1, see NotifySender
    SelfReport report_;
    std::vector<NotHeard> not_heard_;
    bool is_launched_ = false;
    bool is_ready_ = false;
    bool owns_name_ = false;
    bool is_watched_ = false;
    bool is_frozen_ = false;
    bool has_noted_main_pid_ = false;
    unsigned heard_in_turn_ = 0;
    Clock::time_point turn_begin_;
    Clock::time_point watchdog_due_;
    // After everything that their callbacks use.
    std::optional<Timer> watchdog_timer_;
    std::optional<Timer> rest_timer_;
    Watch watch_;
};

}  // namespace confinit
