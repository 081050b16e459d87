// SPDX-License-Identifier: Apache-2.0
// NameOwners: tells the supervisor who owns the names on the bus that units wait for.
//
// The bus knows the number of the process that has connected. Whether that process is of the unit
// is the supervisor's question.
#pragma once

#include "bus/authorization.h"
#include "bus/bus_connection.h"
#include "bus/supervisor_calls.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace confinit {

class NameOwners {
public:
    NameOwners(BusConnection& bus, Authorization& authorization, SupervisorCalls& calls)
        : bus_(bus), authorization_(authorization), calls_(calls) {}

    // One more unit waits for this name, or one less.
    void follow(const std::string& name);
    void leave(const std::string& name);

    // Once more, to a supervisor that may not have heard it.
    void tell_all();
    void tell_again(const std::string& name) { ask_owner(name); }

private:
    struct Followed {
        unsigned units = 0;
        std::string owner;  // a unique name, or empty
        bool is_being_told = false;
        bool has_changed = false;  // meanwhile
        sdbus::Slot slot;
    };

    void ask_owner(const std::string& name);
    void on_owner(const std::string& name, const std::string& owner);
    void find_process(const std::string& name, const std::string& owner);
    void tell(const std::string& name, std::optional<std::int32_t> pid);
    void end_telling(const std::string& name);

    BusConnection& bus_;
    Authorization& authorization_;
    SupervisorCalls& calls_;
    std::map<std::string, Followed> names_;
    std::shared_ptr<bool> here_ = std::make_shared<bool>();  // a call may outlive the connection
};

}  // namespace confinit
