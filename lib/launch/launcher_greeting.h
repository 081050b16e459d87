// SPDX-License-Identifier: Apache-2.0
// LauncherGreeting: the launcher tells its rights, and the parent holds them against its own.
#pragma once

#include <array>
#include <cstdint>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {

// The launcher's first word: whether it can do what the parent could.
struct LauncherGreeting {
    std::uint64_t permitted = 0;  // capabilities
    std::uint64_t effective = 0;
    std::array<std::uint32_t, 3> user_ids{};  // real, effective, saved
    std::uint32_t gap = 0;
};

// The calling process tells of itself.
inline LauncherGreeting own_greeting() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
    (void)syscall(SYS_capget, &header, data);
    const auto joined = [](std::uint32_t low, std::uint32_t high) {
        return std::uint64_t{high} << 32 | low;
    };
    LauncherGreeting greeting{.permitted = joined(data[0].permitted, data[1].permitted),
                              .effective = joined(data[0].effective, data[1].effective)};
    auto& [real, effective, saved] = greeting.user_ids;
    (void)getresuid(&real, &effective, &saved);
    return greeting;
}

}  // namespace confinit
