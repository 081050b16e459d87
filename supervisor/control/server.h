// SPDX-License-Identifier: Apache-2.0
// ControlServer: the two doors of the control interface, and what is bounded behind them.
//
// `control` is for operators, `status` for everybody who looks. Nobody else can use up what an
// operator needs, and nobody can make PID 1 hold or do more than this:
// - Connections are bounded at each door, and for each user who is not an operator. An idle one
//   ends after a minute, and so does one whose output is not taken.
// - A call begins only when the output of the earlier ones is gone, and until then nothing is read:
//   a caller cannot pile up calls or answers. A user's answers that wait for their readers are
//   bounded in all his connections together.
// - One call of a connection begins in a turn of the loop, and is paid for with the time that it
//   took: call_budget.h.
// - Those who follow are bounded for each user, and get less news when their user has no time left.
#pragma once

#include "base/fd.h"
#include "control/message.h"
#include "control/protocol.h"
#include "supervisor/control/call_budget.h"
#include "supervisor/control/connection.h"
#include "supervisor/control/door.h"
#include "supervisor/control/socket_caller.h"
#include "supervisor/control/visibility.h"
#include "supervisor/jobs/manager.h"
#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/soon.h"
#include "supervisor/loop/timer.h"
#include "supervisor/machine/machine.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

class ControlServer;
class EnterSessions;

// Responder: answers one call, now or later. It may outlive the connection, and then says nothing.
class Responder {
public:
    Responder(ControlServer& server, std::uint64_t connection)
        : server_(&server), connection_(connection) {}

    // The last reply to the call.
    void reply(const Json& parameters) const;
    // The same of parameters that are text already, and valid JSON.
    void reply_text(std::string_view parameters) const;
    // One of a stream; the descriptors travel with its first byte.
    void reply_more(const Json& parameters, std::vector<Fd> descriptors = {}) const;
    void error(ControlError error, std::string_view message,
               Json parameters = Json::object()) const;

    // Called once if the caller hangs up before the last reply.
    void on_hang_up(std::function<void()> work) const;

    // For an upgrade: the caller's connection, or null when it is gone. A process of its own goes
    // on with the socket, behind the bytes that are unread here; then the server gives it up.
    const ControlConnection* peer() const;
    void give_up_peer() const;

    std::uint64_t connection() const { return connection_; }
    // The ids of the caller; those of nobody when it is gone.
    PeerIds caller() const;

private:
    ControlServer* server_;
    std::uint64_t connection_;
};

// The methods work on these.
struct ControlContext {
    ControlServer& server;
    Manager& manager;
    EnterSessions& enter_sessions;
    Mode mode;
    std::function<void(FinalAct)> end_machine;
    Visibility visibility;
};

class ControlServer {
public:
    ControlServer(EventLoop& loop, Manager& manager, EnterSessions& enter_sessions, Mode mode,
                  std::function<void(FinalAct)> end_machine, Visibility visibility);
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    // Opens one of the two doors.
    Status listen(DoorKind door, const std::string& path, DoorAccess access);

    // The parameters of a further reply, when there is something new since it was last asked.
    using News = std::move_only_function<std::optional<Json>()>;

    // Asks for news whenever something has happened, as long as the connection stands. False, and
    // the call is answered, when its user follows too much already.
    bool follow(const Responder& responder, News news);

    void run_metered(const Responder& responder, const std::function<void()>& work);

    // Null once the connection has ended.
    const Caller* find_caller(std::uint64_t connection) const;

private:
    friend class Responder;

    struct Peer {
        ControlConnection connection;
        SocketCaller caller = {};
        Watch watch = {};
        bool is_waiting = false;  // a call is being answered; later ones wait
        bool is_oneway = false;
        bool waits_for_time = false;  // a call has come, and its user has no time left
        bool is_scheduled = false;    // its next call begins with the deferred work
        News news = {};
        bool has_missed_news = false;
        std::function<void()> on_hang_up = {};  // of a call that is being answered
        Clock::time_point last_active = Clock::now();
    };

    void on_connect(Fd socket, DoorKind door);
    void send_away(Fd socket, const Caller& caller, std::string_view why);
    std::optional<std::string> refusal(const Caller& caller) const;
    void on_ready(std::uint64_t id, std::uint32_t events);
    bool is_operator(Peer& peer);
    bool waits_for_hands(Peer& peer);
    void read_calls(std::uint64_t id);
    void run_next_call(std::uint64_t id);
    void run_next_call_later(std::uint64_t id, Peer& peer);
    bool may_begin(Peer& peer);
    void run_call(std::uint64_t id, Peer& peer, const std::string& text);
    void send(std::uint64_t id, std::string_view bytes, bool is_last,
              std::vector<Fd> descriptors = {});
    static bool add_output(Peer& peer, std::string_view bytes, std::vector<Fd> descriptors);
    void write_output(std::uint64_t id);
    void update_interest(const Peer& peer);
    void update_doors();
    void close(std::uint64_t id);
    void give_up(std::uint64_t id);
    bool has_unsent(uid_t uid) const;
    CallMeter meter_of(const Caller& caller);
    std::size_t count(const std::function<bool(const Caller&)>& claim) const;
    Peer* find(std::uint64_t id);

    // control/access.cc: whether the caller may make a call; otherwise the error is sent.
    bool is_admitted(const MethodInfo& method, const Call& call, Peer& peer,
                     const Responder& responder);
    bool is_from_deputy(std::string_view rule, const Call& call, Peer& peer,
                        const Responder& responder);
    bool is_allowed(const Call& call, Peer& peer, const Responder& responder);
    bool is_allowed_for_deputy(const MethodInfo& method, const Call& call, Peer& peer,
                               const Responder& responder);

    // control/waiting.cc: those who wait for time, for news, or for nothing.
    std::optional<std::string> refusal_to_follow(const Caller& caller) const;
    void send_news();
    void send_news_to(std::uint64_t id);
    void wake_waiting(Clock::time_point now);
    void watch_idle(const Peer& peer);
    void end_idle(Clock::time_point now);
    void on_timer();
    void set_timer(Clock::time_point due);

    EventLoop& loop_;
    ControlContext context_;
    CallBudget budget_;
    std::unique_ptr<ControlDoor> control_;
    std::unique_ptr<ControlDoor> status_;
    std::map<std::uint64_t, std::unique_ptr<Peer>> peers_;
    std::uint64_t next_id_ = 1;
    Soon news_soon_{loop_, [this] {
                        send_news();
                    }};
    std::optional<Timer> timer_;
    std::optional<Clock::time_point> timer_due_;  // no later than anything is due
};

}  // namespace confinit
