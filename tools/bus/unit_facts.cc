// SPDX-License-Identifier: Apache-2.0
// UnitFacts: what the supervisor answers about one unit at the moment when somebody asks for it.
#include "bus/unit_facts.h"

#include <sys/socket.h>
#include <sys/time.h>

namespace confinit {
namespace {

constexpr timeval longest_wait{.tv_sec = 0, .tv_usec = 500'000};
constexpr std::chrono::seconds silence{5};
// The supervisor ends a connection that asks nothing for a minute.
constexpr std::chrono::seconds fresh_time{30};

}  // namespace

void UnitFacts::begin_message() {
    is_open_ = true;
    unit_.clear();
    known_.clear();
}

const Json& UnitFacts::of(const std::string& unit, Method method) {
    static const Json nothing;
    if (unit_.empty()) unit_ = unit;
    if (!is_open_ || unit_ != unit) return nothing;
    const auto [entry, is_new] = known_.try_emplace(method);
    if (is_new) entry->second = ask(unit, method);
    return entry->second;
}

bool UnitFacts::connect() {
    const auto now = Clock::now();
    if (now < quiet_until_) return false;
    if (client_ && now - last_used_ > fresh_time) client_.reset();
    last_used_ = now;
    if (client_) return true;
    auto client = Client::connect(socket_);
    if (!client) return false;
    const int socket = client->socket().get();
    (void)setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &longest_wait, sizeof longest_wait);
    (void)setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &longest_wait, sizeof longest_wait);
    client_ = std::move(*client);
    return true;
}

Json UnitFacts::ask(const std::string& unit, Method method) {
    if (!connect()) return nullptr;
    auto reply = client_->call(method, {{"unit", unit}});
    if (!reply) {
        // A late answer would be taken for that of the next call.
        client_.reset();
        quiet_until_ = Clock::now() + silence;
        return nullptr;
    }
    return reply->error.empty() ? std::move(reply->parameters) : Json{};
}

}  // namespace confinit
