// SPDX-License-Identifier: Apache-2.0
// The parts that the table of one unit's life is made of; for its files alone.
#pragma once

#include "engine/service_state.h"

#include <vector>

namespace confinit::engine {

Transition stay(const ServiceState& state);
Transition enter(ServiceState state, SubState sub, Timer timer = Timer::off,
                 std::vector<ActionKind> actions = {});
Transition retry_or_fail(const ServiceState& state, const Rules& rules);

// The same state, which ends by request.
ServiceState stopped(ServiceState state);

Transition freeze(ServiceState state, Timer timer);
Transition thaw(ServiceState state, Timer timer);

// The attempts to launch it.
Transition begin_attempts(ServiceState fresh);
Transition fail_attempt(const ServiceState& state, Input input);
Transition when_attempting(const ServiceState& state, Input input);

// It has no process, and perhaps a node.
Transition give_back(ServiceState state, Ending ending);

// The run's own events.
Transition launched(ServiceState state);
Transition lose_main(ServiceState state, Ending ending);
Transition lose_all(ServiceState state, Ending ending);
Transition empty(ServiceState state);

// The states of a run that ends.
Transition when_stopping(const ServiceState& state, Input input);
Transition when_releasing(const ServiceState& state, Input input, const Rules& rules);
Transition when_stuck(const ServiceState& state, Input input, const Rules& rules);

}  // namespace confinit::engine
