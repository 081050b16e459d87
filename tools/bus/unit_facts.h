// SPDX-License-Identifier: Apache-2.0
// UnitFacts: what the supervisor answers about one unit at the moment when somebody asks for it.
//
// A getter of sdbus-c++ 1.2 has to answer before it returns, so this is the one place that waits
// for the supervisor, for a moment only. The properties of one message are read from one answer,
// and after a call that met silence nobody waits again for a while. A message has the facts of one
// unit: GetManagedObjects reads the properties of ten thousand units in one go, and whoever asks
// for that may not make the supervisor answer as often. Signals have none.
#pragma once

#include "base/json_text.h"
#include "control/client.h"
#include "control/methods.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace confinit {

class UnitFacts {
public:
    explicit UnitFacts(std::string socket) : socket_(std::move(socket)) {}

    // The parameters of the reply, or JSON's null where there is none. A null pointer: `asker`, who
    // may be a user or all those who are not known yet, has no time left.
    const Json* of(const std::string& unit, Method method, const std::string& asker);

    // Around the handling of one message.
    void begin_message();
    void end_message() { is_open_ = false; }

private:
    using Clock = std::chrono::steady_clock;

    bool has_time(const std::string& asker);
    Json ask(const std::string& unit, Method method);
    bool connect();

    std::string socket_;
    std::optional<Client> client_;
    Clock::time_point quiet_until_{};
    Clock::time_point last_used_{};
    bool is_open_ = false;
    std::string unit_;  // of this message
    std::map<Method, Json> known_;
    std::map<std::string, Clock::time_point> paid_until_;
};

}  // namespace confinit
