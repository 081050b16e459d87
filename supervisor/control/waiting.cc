// SPDX-License-Identifier: Apache-2.0
// ControlServer: those who wait for time, for news, or for nothing at all.
#include "supervisor/control/server.h"

#include <algorithm>
#include <fmt/format.h>

namespace confinit {
namespace {

constexpr std::size_t followers_of_one = 4;
constexpr std::size_t followers_of_others = 32;

// A follower that does not read gets no more news, and the rest when it does.
constexpr std::size_t follower_output_limit = std::size_t{256} << 10;

constexpr std::chrono::seconds longest_idle{60};

}  // namespace

// Why one more that follows is one too many.
std::optional<std::string> ControlServer::refusal_to_follow(const Caller& caller) const {
    if (caller.is_operator) return std::nullopt;
    std::size_t of_one = 0;
    std::size_t of_others = 0;
    for (const auto& [id, peer] : peers_) {
        const Caller& other = peer->connection.caller();
        if (!peer->news || other.is_operator) continue;
        ++of_others;
        of_one += other.uid == caller.uid ? 1U : 0U;
    }
    if (of_one >= followers_of_one) {
        return fmt::format("uid {} follows {} times already", caller.uid, of_one);
    }
    if (of_others < followers_of_others) return std::nullopt;
    return fmt::format("{} callers follow already", of_others);
}

bool ControlServer::follow(const Responder& responder, News news) {
    Peer* peer = find(responder.connection());
    if (peer == nullptr) return false;
    if (const auto why = refusal_to_follow(peer->connection.caller())) {
        responder.error(ControlError::busy, *why + "; try again later");
        return false;
    }
    peer->news = std::move(news);
    return true;
}

void ControlServer::send_news() {
    std::vector<std::uint64_t> followers;
    for (const auto& [id, peer] : peers_) {
        if (peer->news) followers.push_back(id);
    }
    for (const std::uint64_t id : followers)
        send_news_to(id);
}

void ControlServer::send_news_to(std::uint64_t id) {
    Peer* peer = find(id);
    if (peer == nullptr || !peer->news) return;
    if (peer->connection.unsent() >= follower_output_limit) {
        peer->has_missed_news = true;
        return;
    }
    const Caller& caller = peer->connection.caller();
    const auto now = Clock::now();
    const auto due = caller.is_operator ? now : budget_.next_call(caller.uid, now);
    peer->has_missed_news = due > now;
    if (due > now) return set_timer(due);
    const CallMeter meter = meter_of(caller);
    if (const auto parameters = peer->news()) Responder{*this, id}.reply_more(*parameters);
}

// The users who are deepest in debt come last.
void ControlServer::wake_waiting(Clock::time_point now) {
    std::vector<std::pair<Clock::time_point, std::uint64_t>> waiting;
    for (const auto& [id, peer] : peers_) {
        const uid_t uid = peer->connection.caller().uid;
        if (peer->waits_for_time) waiting.emplace_back(budget_.next_call(uid, now), id);
    }
    std::ranges::sort(waiting);
    for (const auto& [due, id] : waiting) {
        Peer* peer = find(id);
        if (peer == nullptr) continue;
        const CallMeter meter = meter_of(peer->connection.caller());
        peer->waits_for_time = false;
        run_next_call(id);
    }
}

void ControlServer::watch_idle(const Peer& peer) {
    if (!peer.connection.caller().is_operator) set_timer(peer.last_active + longest_idle);
}

// Ends those that PID 1 waits for: they ask nothing, or do not take their answer.
void ControlServer::end_idle(Clock::time_point now) {
    std::vector<std::uint64_t> idle;
    for (const auto& [id, peer] : peers_) {
        if (peer->connection.caller().is_operator) continue;
        const bool is_served =
            peer->waits_for_time || (peer->is_waiting && peer->connection.unsent() == 0);
        if (is_served) peer->last_active = now;
        if (peer->last_active + longest_idle > now) {
            watch_idle(*peer);
        } else if (!is_operator(*peer)) {
            idle.push_back(id);
        }
    }
    for (const std::uint64_t id : idle)
        close(id);
}

void ControlServer::on_timer() {
    timer_due_.reset();
    const auto now = Clock::now();
    wake_waiting(now);
    end_idle(now);
    update_doors();
    const bool has_late_news = std::ranges::any_of(peers_, [](const auto& entry) {
        return entry.second->has_missed_news && entry.second->connection.unsent() == 0;
    });
    if (has_late_news) news_soon_.ask();
}

void ControlServer::set_timer(Clock::time_point due) {
    if (timer_due_ && *timer_due_ <= due) return;
    timer_due_ = due;
    timer_->set_until(due);
}

}  // namespace confinit
