// SPDX-License-Identifier: Apache-2.0
// ControlServer: the control socket; who calls is known by SO_PEERCRED, what is called by a table.
#pragma once

#include "base/fd.h"
#include "control/message.h"
#include "control/protocol.h"
#include "event_loop.h"
#include "machine.h"
#include "manager.h"
#include "socket_caller.h"
#include "visibility.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
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
    // One of a stream; the descriptors travel with its first byte.
    void reply_more(const Json& parameters, std::vector<Fd> descriptors = {}) const;
    void error(ControlError error, std::string_view message,
               Json parameters = Json::object()) const;

    // Called once if the caller hangs up before the last reply.
    void on_hang_up(std::function<void()> work) const;

    std::uint64_t connection() const { return connection_; }
    // The ids of the caller; those of nobody when it is gone.
    PeerIds caller() const;

private:
    ControlServer* server_;
    std::uint64_t connection_;
};

// What the methods work on.
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

    // Binds the path; a socket of an earlier supervisor that is dead is replaced.
    Status listen(const std::string& path);

    // The parameters of a further reply, when there is something new since it was last asked.
    using News = std::move_only_function<std::optional<Json>()>;

    // Asks for news whenever something has happened, as long as the connection stands.
    void follow(std::uint64_t connection, News news);

    // Sends what is new to those who follow.
    void send_news();

private:
    friend class Responder;

    struct Connection {
        Fd socket;
        ucred peer{};
        SocketCaller caller;
        MessageReader reader{request_limit};
        std::string output;
        std::vector<Fd> descriptors;  // to go with the byte at descriptors_at
        std::size_t descriptors_at = 0;
        bool is_waiting = false;  // a call is being answered; later ones wait
        bool is_oneway = false;
        News news;
        std::function<void()> on_hang_up;  // of a call that is being answered
        Watch watch;
    };

    void on_connect();
    void on_ready(std::uint64_t id, std::uint32_t events);
    void read_calls(std::uint64_t id);
    void run_calls(std::uint64_t id);
    void run_call(std::uint64_t id, Connection& connection, const std::string& text);
    void send(std::uint64_t id, std::string bytes, bool is_last, std::vector<Fd> descriptors = {});
    void write_output(std::uint64_t id);
    void update_interest(const Connection& connection);
    void close(std::uint64_t id);

    EventLoop& loop_;
    ControlContext context_;
    Fd listener_;
    std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
    std::uint64_t next_id_ = 1;
    bool has_news_ = false;
    Watch watch_;
};

}  // namespace confinit
