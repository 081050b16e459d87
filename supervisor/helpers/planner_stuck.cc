// SPDX-License-Identifier: Apache-2.0
// Planner: which planners are late, which are left behind, and how much of that there may be.
#include "supervisor/helpers/planner.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <utility>

namespace confinit {

Error Planner::failure_at(const PlannerPage& page, int error, std::string hint) {
    return {.key = text_of(page.note.key),
            .object = text_of(page.note.path),
            .call = {},
            .error = error,
            .hint = std::move(hint)};
}

Error Planner::too_many_stuck() const {
    auto one =
        std::ranges::find_if(helpers_, [this](const Helper& helper) { return is_stuck(helper); });
    if (one == helpers_.end()) one = helpers_.begin();
    return failure_at(*one->page, EBUSY,
                      fmt::format("{} looks wait for what does not answer; this one is of '{}'",
                                  stuck(), one->unit));
}

bool Planner::is_late(const Helper& helper) const {
    return helper.question && Clock::now() - helper.since >= bounds_.turn;
}

// One that was killed ends at once, unless the kernel does not let it.
bool Planner::is_stuck(const Helper& helper) const {
    if (helper.killed_at)
        return helper.question && Clock::now() - *helper.killed_at >= bounds_.turn;
    return is_late(helper);
}

// Also those that were killed a moment ago: there may be no more of them than that.
std::size_t Planner::stuck() const {
    return static_cast<std::size_t>(std::ranges::count_if(helpers_, [this](const Helper& one) {
        return one.killed_at ? one.question.has_value() : is_late(one);
    }));
}

std::size_t Planner::left_behind() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        helpers_, [this](const Helper& one) { return one.killed_at && is_stuck(one); }));
}

const Planner::Helper* Planner::killed_over(const std::string& unit) const {
    const auto found = std::ranges::find_if(helpers_, [&](const Helper& helper) {
        return helper.killed_at && helper.question && helper.unit == unit;
    });
    return found != helpers_.end() ? &*found : nullptr;
}

// A machine may be so busy that the next one needs longer.
Clock::duration Planner::patience_for_birth(Id question) const {
    return bounds_.birth * (1U << std::min(questions_.at(question).losses, 6U));
}

// Those that no planner had time for.
void Planner::give_up_waiting(Clock::time_point now) {
    for (const Id id : waiting()) {
        const auto found = questions_.find(id);
        if (found == questions_.end() || stuck() < bounds_.stuck) continue;
        if (now - found->second.since >= found->second.question.patience)
            fail(id, too_many_stuck());
    }
}

}  // namespace confinit
