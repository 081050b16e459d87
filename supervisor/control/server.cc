// SPDX-License-Identifier: Apache-2.0
// ControlServer: the two doors of the control interface, and what is bounded behind them.
#include "supervisor/control/server.h"

#include "control/parameters.h"
#include "supervisor/control/methods.h"
#include "supervisor/helpers/hands.h"
#include "supervisor/loop/memory_reserve.h"
#include "supervisor/units/launch.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace confinit {
namespace {

// Connections at each door; of those who are no operators, in all and of one user.
constexpr std::size_t connections_of_control = 256;
constexpr std::size_t connections_of_status = 128;
constexpr std::size_t connections_of_others_at_control = 32;
constexpr std::size_t connections_of_one = 32;

// A caller that does not read its replies is dropped.
constexpr std::size_t output_limit = 2 * reply_limit;

// Answers that their readers leave unread: with more of them no further call of the user begins.
constexpr std::size_t unsent_of_one = std::size_t{512} << 10;
constexpr std::size_t unsent_of_others = std::size_t{4} << 20;

// Short enough for nobody to notice, long enough for PID 1 not to wake for each call alone.
constexpr std::chrono::milliseconds shortest_wait{5};
constexpr std::chrono::milliseconds wait_for_readers{100};

// Those who are refused hold a descriptor of ours until it is closed. With so many of them nobody
// is let in by the door of those who look, until some are gone.
constexpr std::size_t most_to_close = 1024;
constexpr std::chrono::milliseconds wait_for_hands{200};

// A peer that went before it could be asked.
constexpr uid_t nobody = 65534;

Hands::Owner owner_of(const Caller& caller) {
    return caller.is_operator ? Hands::operators() : Hands::user(caller.uid);
}

// After the shutdown nobody can put anything into it any more. Where no descriptor lies in it
// unread, its close releases nothing of the peer's, and does not have to wait behind what is slow
// to close.
void let_go_connection(const EventLoop& loop, Fd socket, Hands::Owner owner) {
    (void)shutdown(socket.get(), SHUT_RD);
    if (empty_of_bytes(socket)) return;
    let_go(loop, std::move(socket), owner);
}

}  // namespace

void Responder::reply(const Json& parameters) const {
    server_->send(connection_, encode_reply(parameters), true);
}

void Responder::reply_text(std::string_view parameters) const {
    server_->send(connection_, encode_reply_text(parameters), true);
}

void Responder::reply_more(const Json& parameters, std::vector<Fd> descriptors) const {
    server_->send(connection_, encode_reply(parameters, true), false, std::move(descriptors));
}

void Responder::error(ControlError error, std::string_view message, Json parameters) const {
    parameters["message"] = message;
    server_->send(connection_, encode_error(error, parameters), true);
}

void Responder::on_hang_up(std::function<void()> work) const {
    if (auto* peer = server_->find(connection_)) peer->on_hang_up = std::move(work);
}

const ControlConnection* Responder::peer() const {
    const auto* peer = server_->find(connection_);
    return peer == nullptr ? nullptr : &peer->connection;
}

void Responder::give_up_peer() const {
    server_->give_up(connection_);
}

PeerIds Responder::caller() const {
    const auto* peer = server_->find(connection_);
    if (peer == nullptr) return {.uid = nobody, .gid = nobody};
    return read_peer_ids(peer->connection.socket()).value_or(PeerIds{.uid = nobody, .gid = nobody});
}

ControlServer::ControlServer(EventLoop& loop, Manager& manager, EnterSessions& enter_sessions,
                             Mode mode, std::function<void(FinalAct)> end_machine,
                             Visibility visibility)
    : loop_(loop),
      context_{*this, manager, enter_sessions, mode, std::move(end_machine), visibility} {
    manager.set_observer([this] { news_soon_.ask(); });
}

Status ControlServer::listen(DoorKind door, const std::string& path, DoorAccess access) {
    if (!timer_) timer_ = TRY(Timer::make(loop_, [this] { on_timer(); }));
    auto opened = TRY(ControlDoor::open(
        loop_, path, access, [this, door](Fd socket) { on_connect(std::move(socket), door); }));
    (door == DoorKind::control ? control_ : status_) = std::move(opened);
    return {};
}

ControlServer::Peer* ControlServer::find(std::uint64_t id) {
    const auto found = peers_.find(id);
    return found == peers_.end() ? nullptr : found->second.get();
}

const Caller* ControlServer::find_caller(std::uint64_t id) const {
    const auto found = peers_.find(id);
    return found == peers_.end() ? nullptr : &found->second->connection.caller();
}

CallMeter ControlServer::meter_of(const Caller& caller) {
    return CallMeter{caller.is_operator ? nullptr : &budget_, caller.uid};
}

std::size_t ControlServer::count(const std::function<bool(const Caller&)>& claim) const {
    const auto counted = std::ranges::count_if(
        peers_, [&](const auto& entry) { return claim(entry.second->connection.caller()); });
    return static_cast<std::size_t>(counted);
}

// Why one more connection of this caller is one too many.
std::optional<std::string> ControlServer::refusal(const Caller& caller) const {
    if (caller.is_operator) return std::nullopt;
    const std::size_t of_one =
        count([&](const Caller& other) { return !other.is_operator && other.uid == caller.uid; });
    if (is_clogged(loop_, owner_of(caller))) {
        return fmt::format("what uid {} has sent waits to be closed", caller.uid);
    }
    if (of_one >= connections_of_one) {
        return fmt::format("uid {} has {} connections already", caller.uid, of_one);
    }
    const std::size_t at_control = count(
        [](const Caller& other) { return !other.is_operator && other.door == DoorKind::control; });
    if (caller.door == DoorKind::control && at_control >= connections_of_others_at_control) {
        return fmt::format("{} callers that are no operators are connected already", at_control);
    }
    return std::nullopt;
}

// The peer may have put something into the socket already: it is closed by somebody who may wait.
void ControlServer::send_away(Fd socket, const Caller& caller, std::string_view why) {
    ControlConnection refused{std::move(socket), caller};
    refused.add_output(
        encode_error(ControlError::busy, {{"message", fmt::format("{}; try again later", why)}}));
    (void)refused.write_some();
    let_go_connection(loop_, refused.take_socket(), owner_of(caller));
}

void ControlServer::on_connect(Fd socket, DoorKind door) {
    const auto identified = identify_caller(socket, door);
    if (!identified) return let_go(loop_, std::move(socket), Hands::user(nobody));
    auto peer = std::make_unique<Peer>(
        Peer{.connection = ControlConnection{std::move(socket), *identified}});
    const Caller& caller = peer->connection.caller();
    const CallMeter meter = meter_of(caller);
    if (caller.may_be_operator) peer->caller.meet(peer->connection.socket());
    if (const auto why = refusal(caller); why && !is_operator(*peer)) {
        send_away(peer->connection.take_socket(), caller, *why);
        return update_doors();
    }
    const std::uint64_t id = next_id_++;
    auto watch = loop_.on_fd(peer->connection.socket(), EPOLLIN,
                             [this, id](std::uint32_t events) { on_ready(id, events); });
    if (!watch) return send_away(peer->connection.take_socket(), caller, watch.error().text());
    peer->watch = std::move(*watch);
    watch_idle(*peer);
    peers_.emplace(id, std::move(peer));
    update_doors();
}

void ControlServer::update_doors() {
    const std::size_t at_control =
        count([](const Caller& caller) { return caller.door == DoorKind::control; });
    if (control_) control_->set_closed(at_control >= connections_of_control);
    const bool is_choked = waiting_for_hands(loop_) > most_to_close;
    if (is_choked) set_timer(Clock::now() + wait_for_hands);
    if (status_) {
        status_->set_closed(is_choked || peers_.size() - at_control >= connections_of_status);
    }
}

void ControlServer::on_ready(std::uint64_t id, std::uint32_t events) {
    Peer* peer = find(id);
    if (peer == nullptr) return;
    const CallMeter meter = meter_of(peer->connection.caller());
    if ((events & EPOLLOUT) != 0) write_output(id);
    peer = find(id);
    if (peer == nullptr) return;
    const bool is_held = peer->is_waiting || peer->waits_for_time || peer->connection.unsent() > 0;
    // A caller that hangs up while it waits no longer wants the answer.
    if (is_held && (events & (EPOLLHUP | EPOLLERR)) != 0) return close(id);
    // The next call of those that were read begins in this turn.
    if (is_held || peer->connection.has_call()) return;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_calls(id);
}

// It is looked at when that first makes a difference.
bool ControlServer::is_operator(Peer& peer) {
    const Caller& caller = peer.connection.caller();
    if (caller.may_be_operator)
        peer.connection.set_operator(peer.caller.is_operator(context_.manager));
    return caller.is_operator;
}

// Whether nothing may be read from this caller now: it could pass more that is slow to close.
bool ControlServer::waits_for_hands(Peer& peer) {
    if (!is_clogged(loop_, owner_of(peer.connection.caller())) || is_operator(peer)) return false;
    peer.waits_for_time = true;
    update_interest(peer);
    set_timer(Clock::now() + wait_for_hands);
    return true;
}

// Nothing is read while a call is being answered or its answer is not taken, so that a caller
// cannot pile up either.
void ControlServer::update_interest(const Peer& peer) {
    const bool is_held = peer.is_waiting || peer.waits_for_time || peer.connection.has_call();
    std::uint32_t wanted = 0;
    if (peer.connection.unsent() > 0) {
        wanted = EPOLLOUT;
    } else if (!is_held) {
        wanted = EPOLLIN;
    }
    (void)loop_.change_events(peer.watch, wanted);
}

void ControlServer::read_calls(std::uint64_t id) {
    Peer& peer = *find(id);
    if (waits_for_hands(peer)) return;
    peer.last_active = Clock::now();
    ReceivedMessage received;
    const auto io = peer.connection.read_some(received);
    // No method takes any.
    const bool has_descriptors = !received.descriptors.empty();
    let_go(loop_, std::move(received.descriptors), owner_of(peer.connection.caller()));
    if (io == ControlConnection::Io::ended || has_descriptors) return close(id);
    if (received.count > 0) peer.caller.note_sender(received.sender);
    run_next_call(id);
}

void ControlServer::run_next_call_later(std::uint64_t id, Peer& peer) {
    if (peer.is_scheduled) return;
    loop_.defer([this, id] {
        Peer* found = find(id);
        if (found == nullptr) return;
        const CallMeter meter = meter_of(found->connection.caller());
        found->is_scheduled = false;
        run_next_call(id);
    });
    peer.is_scheduled = true;
}

void ControlServer::run_next_call(std::uint64_t id) {
    Peer* peer = find(id);
    if (peer == nullptr || peer->is_waiting || peer->waits_for_time) return;
    if (peer->connection.unsent() == 0 && peer->connection.has_call()) {
        if (may_begin(*peer)) return run_call(id, *peer, *peer->connection.next_call());
        peer->waits_for_time = true;
    }
    update_interest(*peer);
}

// Whether too much that was answered to unprivileged callers waits to be read.
bool ControlServer::has_unsent(uid_t uid) const {
    std::size_t of_one = 0;
    std::size_t of_others = 0;
    for (const auto& [id, peer] : peers_) {
        const Caller& caller = peer->connection.caller();
        if (caller.is_operator) continue;
        of_others += peer->connection.unsent();
        if (caller.uid == uid) of_one += peer->connection.unsent();
    }
    return of_one > unsent_of_one || of_others > unsent_of_others;
}

// Whether the caller's user may have one more call now; otherwise the timer is set for it.
bool ControlServer::may_begin(Peer& peer) {
    const Caller& caller = peer.connection.caller();
    if (caller.is_operator) return true;
    const auto now = Clock::now();
    auto due = budget_.next_call(caller.uid, now);
    if (has_unsent(caller.uid) || !is_reserve_ample()) due = now + wait_for_readers;
    if (due <= now || is_operator(peer)) return true;
    set_timer(std::max(due, now + shortest_wait));
    return false;
}

void ControlServer::run_call(std::uint64_t id, Peer& peer, const std::string& text) {
    auto call = parse_call(text);
    if (!call) return close(id);
    // Nothing is sent to one who wants no reply, so there is no stream of them either.
    if (call->oneway) call->more = call->upgrade = false;
    peer.is_waiting = true;
    peer.is_oneway = call->oneway;
    update_interest(peer);
    const Responder responder{*this, id};
    const MethodRow* row = find_method(call->method);
    if (row == nullptr) return refuse_unknown_method(*call, responder);
    const MethodInfo& method = method_info(row->method);
    if (method.callers != Callers::anyone) hear_of_launches(context_.manager.machinery());
    if (!is_admitted(method, *call, peer, responder)) return;
    if (const auto bad = find_bad_parameter(call->method, call->parameters)) {
        return responder.error(ControlError::invalid_parameter,
                               fmt::format("'{}' {}", bad->name, bad->fault),
                               {{"parameter", bad->name}});
    }
    if (call->upgrade && !method.upgrades) {
        return responder.error(ControlError::method_not_implemented,
                               fmt::format("'{}' knows no upgrade", call->method),
                               {{"method", call->method}});
    }
    run_method(context_, *row, std::move(*call), responder);
}

// The user of a call pays as well for work that is done for it later.
void ControlServer::run_metered(const Responder& responder, const std::function<void()>& work) {
    const Peer* peer = find(responder.connection());
    if (peer == nullptr) return work();
    const CallMeter meter = meter_of(peer->connection.caller());
    work();
}

// It stays until the caller takes it. Of the last memory an operator gets a little; a caller whose
// answer has no room is cut off, and holds up nobody.
bool ControlServer::add_output(Peer& peer, std::string_view bytes, std::vector<Fd> descriptors) {
    std::optional<OutsideReserve> outside;
    if (!peer.connection.caller().is_operator || !is_reserve_ample()) outside.emplace();
    try {
        peer.connection.add_output(bytes, std::move(descriptors));
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

void ControlServer::send(std::uint64_t id, std::string_view bytes, bool is_last,
                         std::vector<Fd> descriptors) {
    Peer* peer = find(id);
    if (peer == nullptr) return let_go(loop_, std::move(descriptors), Hands::operators());
    const CallMeter meter = meter_of(peer->connection.caller());
    if (peer->connection.unsent() + bytes.size() > output_limit) return close(id);
    if (!peer->is_oneway && !add_output(*peer, bytes, std::move(descriptors))) return close(id);
    if (is_last) {
        peer->is_waiting = false;
        peer->news = nullptr;
        peer->on_hang_up = nullptr;
        // The method is still inside of this connection's call; the next one begins afterwards.
        run_next_call_later(id, *peer);
    }
    peer->last_active = Clock::now();
    write_output(id);
}

void ControlServer::write_output(std::uint64_t id) {
    Peer* peer = find(id);
    if (peer == nullptr) return;
    const std::size_t before = peer->connection.unsent();
    if (peer->connection.write_some() == ControlConnection::Io::ended) return close(id);
    if (peer->connection.unsent() < before) peer->last_active = Clock::now();
    // The peer may have gone meanwhile, and with it all but our own.
    let_go(loop_, peer->connection.take_sent_descriptors(), owner_of(peer->connection.caller()));
    update_interest(*peer);
    if (peer->connection.unsent() > 0) return;
    if (peer->connection.has_call()) run_next_call_later(id, *peer);
    if (std::exchange(peer->has_missed_news, false)) news_soon_.ask();
}

// Without a shutdown, which the one who has it now would feel.
void ControlServer::give_up(std::uint64_t id) {
    const auto node = peers_.extract(id);
    if (!node) return;
    Peer& peer = *node.mapped();
    peer.watch.reset();
    let_go(loop_, peer.connection.take_socket(), owner_of(peer.connection.caller()));
    update_doors();
}

void ControlServer::close(std::uint64_t id) {
    const auto node = peers_.extract(id);
    if (!node) return;
    Peer& peer = *node.mapped();
    if (peer.on_hang_up) peer.on_hang_up();
    peer.watch.reset();
    const Hands::Owner owner = owner_of(peer.connection.caller());
    let_go_connection(loop_, peer.connection.take_socket(), owner);
    let_go(loop_, peer.connection.take_descriptors(), owner);
    update_doors();
}

}  // namespace confinit
