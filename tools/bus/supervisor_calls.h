// SPDX-License-Identifier: Apache-2.0
// SupervisorCalls: calls to the supervisor's status socket, a few at a time, without waiting.
//
// A connection answers one call after another, and a call may take long, so there are a few of
// them. A further one waits in a queue for each client of the bus, and the queues take turns, so
// that nobody waits behind the flood of another. The number of calls is bounded, in all and for
// each.
#pragma once

#include "control/client.h"
#include "control/message.h"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <poll.h>
#include <string>
#include <vector>

namespace confinit {

class SupervisorCalls {
public:
    using Clock = std::chrono::steady_clock;
    using Done = std::move_only_function<void(Result<Reply>)>;

    explicit SupervisorCalls(std::string socket) : socket_(std::move(socket)) {}

    // Whether one more call of this client is taken; `done` hears of it once, never before the
    // return. The calls of confinit-bus itself have an empty client and no bound.
    bool make(const std::string& client, Call call, Done done);

    // Adds what poll(2) is to wait for; handle() does the work that it has found.
    void add_polls(std::vector<pollfd>& polls) const;
    void handle();

    // Forgets the calls of a client that is gone, as far as they have not been sent.
    void forget(const std::string& client);
    // The same for all clients of a bus that is gone; what was sent is carried out all the same.
    void forget_clients();

private:
    struct Waiting {
        Call call;
        Done done;
    };
    struct Line {
        Client client;
        std::string owner;
        Done done;  // null: nothing is under way
        Clock::time_point last_used;
        bool is_busy = false;
    };

    void begin_calls();
    void begin(Waiting waiting, const std::string& owner);
    Result<Line*> free_line();
    bool take_replies(Line& line);
    std::size_t count_of(const std::string& client) const;

    std::string socket_;
    std::list<Line> lines_;
    std::map<std::string, std::deque<Waiting>> queues_;
    std::string last_served_;
    std::vector<std::pair<Done, Result<Reply>>> finished_;
    std::size_t waiting_ = 0;
};

}  // namespace confinit
