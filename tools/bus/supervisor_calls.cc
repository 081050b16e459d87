// SPDX-License-Identifier: Apache-2.0
// SupervisorCalls: calls to the supervisor's status socket, a few at a time, without waiting.
#include "bus/supervisor_calls.h"

#include <algorithm>
#include <sys/socket.h>
#include <utility>

namespace confinit {
namespace {

constexpr std::size_t most_lines = 4;
constexpr std::size_t most_waiting = 256;
constexpr std::size_t most_of_one = 16;

// The supervisor ends a connection that asks nothing for a minute. One that it is about to end may
// take a call that nobody answers.
constexpr std::chrono::seconds fresh_time{30};

// A call in bytes, on the status socket.
constexpr std::size_t longest_call = std::size_t{16} << 10;

}  // namespace

std::size_t SupervisorCalls::count_of(const std::string& client) const {
    const auto queue = queues_.find(client);
    const std::size_t queued = queue == queues_.end() ? 0 : queue->second.size();
    const auto sent = std::ranges::count_if(
        lines_, [&](const Line& line) { return line.is_busy && line.owner == client; });
    return queued + static_cast<std::size_t>(sent);
}

bool SupervisorCalls::make(const std::string& client, Call call, Done done) {
    const bool is_own = client.empty();
    if (!is_own && (waiting_ >= most_waiting || count_of(client) >= most_of_one)) return false;
    if (encode_call(call).size() > longest_call) return false;
    queues_[client].push_back({std::move(call), std::move(done)});
    ++waiting_;
    return true;
}

void SupervisorCalls::add_polls(std::vector<pollfd>& polls) const {
    for (const Line& line : lines_) {
        if (line.is_busy) polls.push_back({line.client.socket().get(), POLLIN, 0});
    }
}

// False when the connection is of no use any more.
bool SupervisorCalls::take_replies(Line& line) {
    auto received = line.client.receive_available();
    if (received && !*received) return true;
    line.is_busy = false;
    line.last_used = Clock::now();
    Done done = std::exchange(line.done, nullptr);
    if (!received) {
        finished_.emplace_back(std::move(done), std::unexpected(std::move(received).error()));
        return false;
    }
    finished_.emplace_back(std::move(done), std::move((*received)->reply));
    return true;
}

void SupervisorCalls::handle() {
    std::erase_if(lines_, [this](Line& line) { return line.is_busy && !take_replies(line); });
    for (auto& [done, reply] : std::exchange(finished_, {})) {
        if (done) done(std::move(reply));
    }
    begin_calls();
    // A failure to begin is told at once; it begins nothing itself.
    for (auto& [done, reply] : std::exchange(finished_, {})) {
        if (done) done(std::move(reply));
    }
}

// The clients take turns, in the order of their names.
void SupervisorCalls::begin_calls() {
    while (waiting_ > 0) {
        const bool has_free = lines_.size() < most_lines ||
                              std::ranges::any_of(lines_, [](const Line& l) { return !l.is_busy; });
        if (!has_free) return;
        auto next = queues_.upper_bound(last_served_);
        if (next == queues_.end()) next = queues_.begin();
        last_served_ = next->first;
        Waiting waiting = std::move(next->second.front());
        next->second.pop_front();
        --waiting_;
        if (next->second.empty()) queues_.erase(next);
        begin(std::move(waiting), last_served_);
    }
}

Result<SupervisorCalls::Line*> SupervisorCalls::free_line() {
    const auto now = Clock::now();
    std::erase_if(lines_, [now](const Line& line) {
        return !line.is_busy && now - line.last_used > fresh_time;
    });
    const auto idle = std::ranges::find(lines_, false, &Line::is_busy);
    if (idle != lines_.end()) return &*idle;
    lines_.push_back({.client = TRY(Client::connect(socket_, SOCK_NONBLOCK)), .last_used = now});
    return &lines_.back();
}

void SupervisorCalls::begin(Waiting waiting, const std::string& owner) {
    const auto line = free_line();
    if (!line) {
        finished_.emplace_back(std::move(waiting.done), std::unexpected(line.error()));
        return;
    }
    if (auto sent = (*line)->client.send(waiting.call); !sent) {
        finished_.emplace_back(std::move(waiting.done), std::unexpected(sent.error()));
        std::erase_if(lines_, [&](const Line& one) { return &one == *line; });
        return;
    }
    (*line)->owner = owner;
    (*line)->done = std::move(waiting.done);
    (*line)->is_busy = true;
}

void SupervisorCalls::forget(const std::string& client) {
    const auto queue = queues_.find(client);
    if (queue == queues_.end()) return;
    waiting_ -= queue->second.size();
    queues_.erase(queue);
}

void SupervisorCalls::forget_clients() {
    for (auto queue = queues_.begin(); queue != queues_.end();) {
        if (queue->first.empty()) {
            ++queue;
            continue;
        }
        waiting_ -= queue->second.size();
        queue = queues_.erase(queue);
    }
    for (Line& line : lines_) {
        if (!line.owner.empty()) line.done = nullptr;
    }
}

}  // namespace confinit
