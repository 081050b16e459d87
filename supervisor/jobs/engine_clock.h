// SPDX-License-Identifier: Apache-2.0
// The engine's clock: CLOCK_MONOTONIC, which does not jump when the date is set.
#pragma once

#include "engine/types.h"
#include "supervisor/loop/event_loop.h"

#include <chrono>

namespace confinit {

inline engine::Time engine_time(Clock::time_point time) {
    return std::chrono::duration_cast<engine::Time>(time.time_since_epoch());
}

inline engine::Time engine_now() {
    return engine_time(Clock::now());
}

}  // namespace confinit
