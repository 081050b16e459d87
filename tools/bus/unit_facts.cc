// SPDX-License-Identifier: Apache-2.0
// UnitFacts: what the supervisor answers about one unit at the moment when somebody asks for it.
#include "bus/unit_facts.h"

#include <sys/time.h>
#include <utility>

namespace confinit {
namespace {

constexpr timeval longest_wait{.tv_sec = 0, .tv_usec = 500'000};
constexpr std::chrono::seconds silence{5};
// An asker may keep this process waiting for a fifth of the time, and for three seconds on end: a
// verification may take long.
constexpr int price = 5;
constexpr std::chrono::seconds longest_debt{price * 3};
// The supervisor ends a connection that asks nothing for a minute.
constexpr std::chrono::seconds fresh_time{30};

}  // namespace

void UnitFacts::begin_message() {
    is_open_ = true;
    unit_.clear();
    known_.clear();
}

const Json* UnitFacts::of(const std::string& unit, Method method, const std::string& asker) {
    static const Json nothing;
    if (unit_.empty()) unit_ = unit;
    if (!is_open_ || unit_ != unit) return &nothing;
    if (const auto known = known_.find(method); known != known_.end()) return &known->second;
    if (!has_time(asker)) return nullptr;
    const auto begin = Clock::now();
    const Json& answer = known_[method] = ask(unit, method);
    paid_until_[asker] += price * (Clock::now() - begin);
    return &answer;
}

bool UnitFacts::has_time(const std::string& asker) {
    const auto now = Clock::now();
    std::erase_if(paid_until_, [&](const auto& entry) { return entry.second < now; });
    const auto paid = paid_until_.try_emplace(asker, now).first;
    return paid->second - now < longest_debt;
}

bool UnitFacts::connect() {
    const auto now = Clock::now();
    if (now < quiet_until_) return false;
    if (client_ && now - last_used_ > fresh_time) client_.reset();
    last_used_ = now;
    if (client_) return true;
    auto client = Client::connect(socket_, 0, longest_wait);
    if (!client) {
        quiet_until_ = Clock::now() + silence;
        return false;
    }
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
