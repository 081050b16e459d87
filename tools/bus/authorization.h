// SPDX-License-Identifier: Apache-2.0
// Authorization: who a client of the bus is, as the broker says, and what polkit allows it.
//
// The uid is the broker's word about the sender of the message, never an argument. polkit's subject
// is the unique name of the sender, which no other client ever has. Every error, a time that is
// over and a client that is gone are a no. The number of questions is bounded, in all and for each
// client, because somebody may be asked for a password and take his time. A terminal can ask one
// question at a time, so that those of one client that may need a person are put one after another.
#pragma once

#include "bus/bus_connection.h"
#include "control/message.h"
#include "control/methods.h"

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace confinit {

class Authorization {
public:
    using Identified = std::function<void(std::expected<Principal, BusError>)>;
    using Answered = std::function<void(std::expected<void, BusError>)>;

    explicit Authorization(BusConnection& bus) : bus_(bus) {}

    // Asks the broker for the ids of a client, which stay the same as long as it is on the bus.
    void identify(const std::string& sender, Identified done);

    // "uid 1000"; empty as long as the broker has not told the user of this client.
    std::string user_of(const std::string& sender);

    // Asks polkit; `unit` may stand in the question that a person is asked.
    void ask(const Principal& asker, Action action, const std::string& unit, bool may_interact,
             Answered done);

    // A client has left the bus: what it has asked for is taken back.
    void forget(const std::string& sender);

private:
    struct Question {
        std::string sender;
        std::uint32_t uid;
        Action action;
        std::string unit;
        bool may_interact;
        Answered done;
        bool is_put = false;
    };

    void put(std::uint64_t number, Question& question);
    bool has_open_question(const std::string& sender) const;
    void put_next(const std::string& sender);
    void take_back(std::uint64_t number);
    void answer(std::uint64_t number, std::expected<void, BusError> answer);

    BusConnection& bus_;
    std::map<std::string, Principal, std::less<>> known_;
    std::map<std::uint64_t, Question> questions_;
    std::uint64_t next_number_ = 1;
};

}  // namespace confinit
