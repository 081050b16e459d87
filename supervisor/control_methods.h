// SPDX-License-Identifier: Apache-2.0
// The methods of the control interface: one flat table of name, authority and function.
#pragma once

#include "control_server.h"

#include <array>
#include <span>
#include <string_view>

namespace confinit {

enum class Authority { anyone, root };

struct MethodRow {
    Method method;
    Authority authority;
    void (*run)(ControlContext& context, const Call& call, Responder responder);
};

// The row of a method, or null.
const MethodRow* find_method(std::string_view name);

// Rows, by theme.
std::span<const MethodRow> unit_methods();    // start stop restart kill freeze thaw
std::span<const MethodRow> status_methods();  // list status cat show logs verify
std::span<const MethodRow> event_methods();
std::span<const MethodRow> machine_methods();  // reload, power off and so on, probe, version
std::span<const MethodRow> enter_methods();
std::span<const MethodRow> set_methods();
std::span<const MethodRow> filter_methods();

// The unit that the call names; otherwise the error is sent and the answer is null.
Service* named_unit(ControlContext& context, const Call& call, const Responder& responder);

// The run of a unit whose main process is up; otherwise NotRunning is sent and the answer is null.
Run* running(Service& service, const Responder& responder);

}  // namespace confinit
