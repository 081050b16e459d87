// SPDX-License-Identifier: Apache-2.0
// A helper of Hands: what it is told, what it answers, and what it does.
#pragma once

#include <array>
#include <atomic>
#include <climits>
#include <cstdint>

namespace confinit {

struct HandsOrder {
    enum class What : std::uint32_t { close, read };

    What what = What::close;
    int number = -1;
};

// One write(2) of no more than PIPE_BUF comes whole.
struct HandsAnswer {
    std::int32_t count = 0;  // of the bytes, or an errno, negative
    std::array<char, PIPE_BUF - sizeof(std::int32_t)> bytes;
};

// In memory that PID 1 and the helper share.
struct HandsProgress {
    // close(2) of the last order is called. It takes the number out of the table before it waits
    // for anything, and what it waits for does not need it any more.
    std::atomic<bool> has_begun = false;
};

// Takes orders until it is killed, or its pipes are closed.
[[noreturn]] void run_hands(int orders, int answers, HandsProgress& progress);

}  // namespace confinit
