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
    auto one = std::ranges::find_if(processes_,
                                    [this](const Process& process) { return is_stuck(process); });
    if (one == processes_.end()) one = processes_.begin();
    return failure_at(*one->page, EBUSY,
                      fmt::format("{} looks wait for what does not answer; this one is of '{}'",
                                  stuck(), one->unit));
}

bool Planner::is_late(const Process& process) const {
    return process.question && Clock::now() - process.since >= bounds_.turn;
}

// One that was killed ends at once, unless the kernel does not let it.
bool Planner::is_stuck(const Process& process) const {
    if (process.killed_at)
        return process.question && Clock::now() - *process.killed_at >= bounds_.turn;
    return is_late(process);
}

// Also those that were killed a moment ago: there may be no more of them than that.
std::size_t Planner::stuck() const {
    return static_cast<std::size_t>(std::ranges::count_if(processes_, [this](const Process& one) {
        return one.killed_at ? one.question.has_value() : is_late(one);
    }));
}

std::size_t Planner::left_behind() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        processes_, [this](const Process& one) { return one.killed_at && is_stuck(one); }));
}

const Planner::Process* Planner::killed_over(const std::string& unit) const {
    const auto found = std::ranges::find_if(processes_, [&](const Process& process) {
        return process.killed_at && process.question && process.unit == unit;
    });
    return found != processes_.end() ? &*found : nullptr;
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
