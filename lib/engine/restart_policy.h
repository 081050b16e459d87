// SPDX-License-Identifier: Apache-2.0
// The restart policy: for ever, at growing intervals, until a run was long enough to be well.
#pragma once

#include "engine/types.h"

namespace confinit::engine {

// The wait before automatic restart number `restart` (from 1). The first is restart_delay, each
// following one twice as long up to restart_max_delay (or restart_delay, if that is longer). From
// the second on up to an eighth is taken off, never below restart_delay, so that units that failed
// together do not try again together; `seed` tells machines apart.
//
// A restart_delay of 0 means at once, without a wait: the first time. From the second restart on it
// counts as 10 ms, so that a service which fails at once each time does not take the machine's
// whole time. Only where restart_max_delay is 0 as well every restart comes at once.
Time restart_delay(const UnitSpec& spec, unsigned restart, std::uint64_t seed);

// A run of this length sets the count to 0: longer than the longest wait, so that a service which
// fails again and again, however slowly, reaches that wait.
Time healthy_period(const UnitSpec& spec);

// The wait before a release is asked for again, after `failures` failed ones: 10 ms, doubling to
// 1 s.
Time release_delay(unsigned failures);

}  // namespace confinit::engine
