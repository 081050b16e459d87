// SPDX-License-Identifier: Apache-2.0
// ControlServer: the control socket; who calls is known by SO_PEERCRED, what is called by a table.
#include "control_server.h"

#include "base/file.h"
#include "control/parameters.h"
#include "control_methods.h"
#include "hands.h"
#include "socket_io.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace confinit {
namespace {

// More callers than this at once are refused at the door, so that descriptors stay for services.
constexpr std::size_t connection_limit = 256;

// A caller that does not read its replies is dropped, a follower just gets no more news.
constexpr std::size_t output_limit = 2 * reply_limit;
constexpr std::size_t follower_output_limit = 256 * 1024;

bool is_alive(const sockaddr_un& address) {
    const Fd probe{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    return connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

void Responder::reply(const Json& parameters) const {
    server_->send(connection_, encode_reply(parameters), true);
}

void Responder::reply_more(const Json& parameters, std::vector<Fd> descriptors) const {
    server_->send(connection_, encode_reply(parameters, true), false, std::move(descriptors));
}

void Responder::error(ControlError error, std::string_view message, Json parameters) const {
    parameters["message"] = message;
    server_->send(connection_, encode_error(error, parameters), true);
}

void Responder::on_hang_up(std::function<void()> work) const {
    const auto found = server_->connections_.find(connection_);
    if (found != server_->connections_.end()) found->second->on_hang_up = std::move(work);
}

PeerIds Responder::caller() const {
    constexpr uid_t nobody = 65534;
    const auto found = server_->connections_.find(connection_);
    if (found == server_->connections_.end()) return {.uid = nobody, .gid = nobody};
    return read_peer_ids(found->second->socket).value_or(PeerIds{.uid = nobody, .gid = nobody});
}

ControlServer::ControlServer(EventLoop& loop, Manager& manager, EnterSessions& enter_sessions,
                             Mode mode, std::function<void(FinalAct)> end_machine,
                             Visibility visibility)
    : loop_(loop),
      context_{*this, manager, enter_sessions, mode, std::move(end_machine), visibility} {
    manager.set_observer([this] {
        if (std::exchange(has_news_, true)) return;
        loop_.defer([this] { send_news(); });
    });
}

Status ControlServer::listen(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return std::unexpected(system_error(ENAMETOOLONG, "bind", path));
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    TRY(make_directories(path.substr(0, path.rfind('/'))));
    if (is_alive(address)) return std::unexpected(system_error(EADDRINUSE, "bind", path));
    (void)unlink(path.c_str());

    listener_ = Fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!listener_) return errno_failure("socket", path);
    if (bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        return errno_failure("bind", path);
    }
    // Anyone may connect; what a caller may do is decided for each method.
    if (chmod(path.c_str(), 0666) < 0) return errno_failure("chmod", path);
    // Connections inherit it from here, so that each byte comes with the process that sent it.
    const int on = 1;
    if (setsockopt(listener_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
        return errno_failure("setsockopt SO_PASSCRED", path);
    }
    refuse_descriptors(listener_);
    if (::listen(listener_.get(), 128) < 0) return errno_failure("listen", path);
    watch_ = TRY(loop_.on_fd(listener_, EPOLLIN, [this](std::uint32_t) { on_connect(); }));
    return {};
}

void ControlServer::on_connect() {
    Fd socket{accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!socket) return;
    auto connection = std::make_unique<Connection>();
    socklen_t size = sizeof connection->peer;
    const bool is_known =
        getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &connection->peer, &size) == 0;
    if (!is_known || connections_.size() >= connection_limit) {
        return let_go(loop_, std::move(socket), Hands::user(connection->peer.uid));
    }
    connection->socket = std::move(socket);
    const std::uint64_t id = next_id_++;
    auto watch = loop_.on_fd(connection->socket, EPOLLIN,
                             [this, id](std::uint32_t events) { on_ready(id, events); });
    if (!watch) {
        return let_go(loop_, std::move(connection->socket), Hands::user(connection->peer.uid));
    }
    connection->watch = std::move(*watch);
    connections_.emplace(id, std::move(connection));
}

void ControlServer::on_ready(std::uint64_t id, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) write_output(id);
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    // A caller that hangs up while it waits no longer wants the answer.
    if (found->second->is_waiting && (events & (EPOLLHUP | EPOLLERR)) != 0) return close(id);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_calls(id);
}

// While a call is being answered nothing more is read, so that a caller cannot pile up calls.
void ControlServer::update_interest(const Connection& connection) {
    std::uint32_t wanted = 0;
    if (!connection.is_waiting) wanted |= EPOLLIN;
    if (!connection.output.empty()) wanted |= EPOLLOUT;
    (void)loop_.change_events(connection.watch, wanted);
}

void ControlServer::read_calls(std::uint64_t id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    Connection& connection = *found->second;
    std::array<char, 8192> buffer;
    auto [count, sender, descriptors] = receive_bytes(connection.socket, buffer);
    let_go(loop_, std::move(descriptors), Hands::user(connection.peer.uid));
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return close(id);
    connection.caller.note_sender(sender);
    if (!connection.reader.feed({buffer.data(), static_cast<std::size_t>(count)})) return close(id);
    run_calls(id);
}

void ControlServer::run_calls(std::uint64_t id) {
    for (;;) {
        const auto found = connections_.find(id);
        if (found == connections_.end()) return;
        Connection& connection = *found->second;
        if (connection.is_waiting) return;
        const auto text = connection.reader.next();
        if (!text) return;
        run_call(id, connection, *text);
    }
}

void ControlServer::run_call(std::uint64_t id, Connection& connection, const std::string& text) {
    const auto call = parse_call(text);
    if (!call) return close(id);
    connection.is_waiting = true;
    connection.is_oneway = call->oneway;
    update_interest(connection);
    const Responder responder{*this, id};
    const MethodRow* row = find_method(call->method);
    if (row == nullptr) {
        return responder.error(ControlError::method_not_found,
                               fmt::format("no method '{}'", call->method),
                               {{"method", call->method}});
    }
    if (row->authority == Authority::root) {
        const auto allowed = connection.caller.check_operator(
            connection.socket, connection.reader.has_bytes(), context_.manager);
        if (!allowed) {
            return responder.error(
                ControlError::denied,
                fmt::format("{} is for operators: {}", call->method, allowed.error().text),
                allowed.error().repeat ? Json{{"repeat", true}} : Json::object());
        }
    }
    if (const auto bad = find_bad_parameter(call->method, call->parameters)) {
        return responder.error(ControlError::invalid_parameter,
                               fmt::format("'{}' {}", bad->name, bad->fault),
                               {{"parameter", bad->name}});
    }
    row->run(context_, *call, responder);
}

void ControlServer::send(std::uint64_t id, std::string bytes, bool is_last,
                         std::vector<Fd> descriptors) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) {
        return let_go(loop_, std::move(descriptors), Hands::user(0));
    }
    Connection& connection = *found->second;
    if (connection.output.size() + bytes.size() > output_limit) return close(id);
    if (!descriptors.empty()) {
        connection.descriptors_at = connection.output.size();
        connection.descriptors = std::move(descriptors);
    }
    if (!connection.is_oneway) connection.output += bytes;
    if (is_last) {
        connection.is_waiting = false;
        connection.news = nullptr;
        connection.on_hang_up = nullptr;
        // Whoever answers is inside of that connection's call; the next one begins afterwards.
        loop_.defer([this, id] { run_calls(id); });
    }
    write_output(id);
}

void ControlServer::write_output(std::uint64_t id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    Connection& connection = *found->second;
    while (!connection.output.empty()) {
        const bool sends_descriptors =
            !connection.descriptors.empty() && connection.descriptors_at == 0;
        // What goes before the descriptors' byte must not be in the same call as they are.
        const std::size_t size = connection.descriptors.empty() || sends_descriptors
                                     ? connection.output.size()
                                     : connection.descriptors_at;
        const ssize_t count =
            send_bytes(connection.socket, {connection.output.data(), size},
                       sends_descriptors ? std::span<const Fd>{connection.descriptors}
                                         : std::span<const Fd>{});
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) break;
        if (count < 0) return close(id);
        if (sends_descriptors) {
            // The peer may have gone meanwhile, and with it all but our own.
            let_go(loop_, std::exchange(connection.descriptors, {}),
                   Hands::user(connection.peer.uid));
        }
        if (!connection.descriptors.empty()) {
            connection.descriptors_at -= static_cast<std::size_t>(count);
        }
        connection.output.erase(0, static_cast<std::size_t>(count));
    }
    update_interest(connection);
}

void ControlServer::close(std::uint64_t id) {
    auto closed = connections_.extract(id);
    if (!closed) return;
    Connection& connection = *closed.mapped();
    if (connection.on_hang_up) connection.on_hang_up();
    connection.watch.reset();
    // What has not been read of it may be slow to go.
    const Hands::Owner owner = Hands::user(connection.peer.uid);
    let_go(loop_, std::move(connection.socket), owner);
    let_go(loop_, std::move(connection.descriptors), owner);
}

void ControlServer::follow(std::uint64_t id, News news) {
    if (const auto found = connections_.find(id); found != connections_.end()) {
        found->second->news = std::move(news);
    }
}

void ControlServer::send_news() {
    has_news_ = false;
    std::vector<std::uint64_t> followers;
    for (const auto& [id, connection] : connections_) {
        if (connection->news && connection->output.size() < follower_output_limit) {
            followers.push_back(id);
        }
    }
    for (const std::uint64_t id : followers) {
        if (const auto parameters = connections_.at(id)->news()) {
            Responder{*this, id}.reply_more(*parameters);
        }
    }
}

}  // namespace confinit
