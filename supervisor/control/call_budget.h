// SPDX-License-Identifier: Apache-2.0
// CallBudget: how much of PID 1's time the callers of one user may take, in time really spent.
//
// A user who is not an operator has a bucket of time that fills at a constant rate; every call is
// paid for after it, with the processor time that PID 1 has spent on it, so that no list of prices
// can be wrong. A user with nothing left waits until the bucket fills again: the debt of one long
// call is paid by waiting, and nobody is refused. All of them together have one more bucket, so
// that many users cannot take more than a part of PID 1 either. Operators have no bucket.
#pragma once

#include "supervisor/loop/event_loop.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <sys/types.h>

namespace confinit {

struct CallRates {
    // For each second that passes; a bucket holds what comes in a quarter of one.
    std::chrono::nanoseconds of_one = std::chrono::milliseconds{150};
    std::chrono::nanoseconds of_all = std::chrono::milliseconds{400};
};

class CallBudget {
public:
    explicit CallBudget(CallRates rates = {}) : rates_(rates) {}

    // When the user may have the next call: the time itself where there is something left now.
    Clock::time_point next_call(uid_t uid, Clock::time_point now);

    void charge(uid_t uid, std::chrono::nanoseconds spent, Clock::time_point now);

    // Users with a bucket that is not full; the others are forgotten.
    std::size_t size() const { return buckets_.size(); }

private:
    struct Bucket {
        std::chrono::nanoseconds left{};
        Clock::time_point filled{};
    };

    friend class CallMeter;

    static std::chrono::nanoseconds capacity(std::chrono::nanoseconds rate);
    static void fill(Bucket& bucket, std::chrono::nanoseconds rate, Clock::time_point now);

    CallRates rates_;
    std::map<uid_t, Bucket> buckets_;
    std::optional<Bucket> all_;
    bool is_metered_ = false;
};

// CallMeter: charges the time from its beginning to its end to a user. It does nothing where there
// is no budget, and only the outermost of several counts.
class CallMeter {
public:
    CallMeter(CallBudget* budget, uid_t uid);
    CallMeter(const CallMeter&) = delete;
    CallMeter& operator=(const CallMeter&) = delete;
    ~CallMeter();

private:
    CallBudget* budget_;
    uid_t uid_;
    std::chrono::nanoseconds begin_{};
};

// The processor time of this process so far: CLOCK_PROCESS_CPUTIME_ID of clock_gettime(2).
std::chrono::nanoseconds processor_time();

}  // namespace confinit
