// SPDX-License-Identifier: Apache-2.0
// Log lines as the control interface shows them.
#pragma once

#include "control/message.h"
#include "supervisor/units/log_ring.h"

#include <cstdint>

namespace confinit {

// The lines from this number on, the oldest first.
Json lines_from(const LogRing& log, std::uint64_t first_number);

// The last `count` lines.
Json last_lines(const LogRing& log, std::size_t count);

}  // namespace confinit
