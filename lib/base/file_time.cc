// SPDX-License-Identifier: Apache-2.0
// The time of a file's last change, and for how long it may hide one more.
#include "base/file_time.h"

#include <ctime>

namespace confinit {

bool may_hide_change(std::int64_t seconds, std::uint32_t nanoseconds) {
    constexpr std::int64_t second = 1'000'000'000;
    constexpr std::int64_t two_ticks = 20'000'000;
    const std::int64_t grain = nanoseconds == 0 ? 2 * second : 0;
    timespec now{};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    const std::int64_t age = now.tv_sec - seconds;
    if (age > 3) return false;
    return age * second + now.tv_nsec - nanoseconds < grain + two_ticks;
}

}  // namespace confinit
