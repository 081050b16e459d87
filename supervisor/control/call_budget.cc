// SPDX-License-Identifier: Apache-2.0
// CallBudget: how much of PID 1's time the callers of one user may take, in time really spent.
#include "supervisor/control/call_budget.h"

#include "supervisor/loop/memory_reserve.h"

#include <algorithm>
#include <ctime>

namespace confinit {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds::rep buckets_in_a_second = 4;

// The time until a bucket holds something again.
nanoseconds time_to_fill(nanoseconds left, nanoseconds rate) {
    if (left > nanoseconds{0} || rate <= nanoseconds{0}) return nanoseconds{0};
    const double seconds =
        static_cast<double>((-left).count() + 1) / static_cast<double>(rate.count());
    return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(seconds));
}

}  // namespace

nanoseconds CallBudget::capacity(nanoseconds rate) {
    return rate / buckets_in_a_second;
}

void CallBudget::fill(Bucket& bucket, nanoseconds rate, Clock::time_point now) {
    const auto passed = std::chrono::duration<double>(now - bucket.filled);
    bucket.filled = now;
    // One that is deep in debt is not full before all of it is paid.
    const double more = passed.count() * static_cast<double>(rate.count());
    const double left = static_cast<double>(bucket.left.count()) + more;
    const double most = static_cast<double>(capacity(rate).count());
    bucket.left = nanoseconds{static_cast<nanoseconds::rep>(std::min(left, most))};
}

Clock::time_point CallBudget::next_call(uid_t uid, Clock::time_point now) {
    nanoseconds wait{0};
    if (all_) {
        fill(*all_, rates_.of_all, now);
        wait = time_to_fill(all_->left, rates_.of_all);
    }
    if (const auto found = buckets_.find(uid); found != buckets_.end()) {
        fill(found->second, rates_.of_one, now);
        wait = std::max(wait, time_to_fill(found->second.left, rates_.of_one));
    }
    return now + wait;
}

void CallBudget::charge(uid_t uid, nanoseconds spent, Clock::time_point now) {
    if (!all_) all_ = Bucket{capacity(rates_.of_all), now};
    fill(*all_, rates_.of_all, now);
    all_->left -= spent;
    for (auto& [user, bucket] : buckets_)
        fill(bucket, rates_.of_one, now);
    std::erase_if(buckets_,
                  [&](const auto& entry) { return entry.second.left >= capacity(rates_.of_one); });
    const auto place = buckets_.try_emplace(uid, Bucket{capacity(rates_.of_one), now}).first;
    place->second.left -= spent;
}

CallMeter::CallMeter(CallBudget* budget, uid_t uid)
    : budget_(budget != nullptr && !budget->is_metered_ ? budget : nullptr), uid_(uid) {
    if (budget_ == nullptr) return;
    budget_->is_metered_ = true;
    begin_ = processor_time();
}

CallMeter::~CallMeter() {
    if (budget_ == nullptr) return;
    budget_->is_metered_ = false;
    run_in_destructor([this] { budget_->charge(uid_, processor_time() - begin_, Clock::now()); });
}

nanoseconds processor_time() {
    timespec spent{};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return std::chrono::seconds{spent.tv_sec} + nanoseconds{spent.tv_nsec};
}

}  // namespace confinit
