// SPDX-License-Identifier: Apache-2.0
// JobQueue: the requests under way for each unit, and which units each of them waits for.
#include "engine/job_queue.h"

#include <utility>

namespace confinit::engine {
namespace {

template <class Job>
Job& joined(std::optional<Job>& job, const JobNumbers& numbers) {
    if (!job) job.emplace();
    job->numbers.insert(job->numbers.end(), numbers.begin(), numbers.end());
    return *job;
}

template <class Job>
JobNumbers taken(std::optional<Job>& job) {
    if (!job) return {};
    JobNumbers numbers = std::move(job->numbers);
    job.reset();
    return numbers;
}

}  // namespace

void report(std::string_view unit, const JobNumbers& numbers, JobResult result,
            const std::string& reason, Actions& actions) {
    for (const std::uint64_t number : numbers) {
        actions.push_back({.kind = ActionKind::job_done,
                           .unit = std::string{unit},
                           .job = number,
                           .result = result,
                           .reason = reason});
    }
}

StartJob& JobQueue::add_start(const std::string& unit, const JobNumbers& numbers) {
    StartJob& job = joined(jobs_[unit].start, numbers);
    wake(unit);
    return job;
}

StopJob& JobQueue::add_stop(const std::string& unit, const JobNumbers& numbers) {
    StopJob& job = joined(jobs_[unit].stop, numbers);
    wake(unit);
    return job;
}

const StartJob* JobQueue::find_start(std::string_view unit) const {
    const auto found = jobs_.find(unit);
    return found != jobs_.end() && found->second.start ? &*found->second.start : nullptr;
}

StartJob* JobQueue::find_start(std::string_view unit) {
    const auto found = jobs_.find(unit);
    return found != jobs_.end() && found->second.start ? &*found->second.start : nullptr;
}

const StopJob* JobQueue::find_stop(std::string_view unit) const {
    const auto found = jobs_.find(unit);
    return found != jobs_.end() && found->second.stop ? &*found->second.stop : nullptr;
}

JobNumbers JobQueue::end_start(const std::string& unit, const UnitGraph& graph) {
    JobNumbers numbers = taken(jobs_[unit].start);
    tidy(unit, graph);
    return numbers;
}

JobNumbers JobQueue::end_stop(const std::string& unit, const UnitGraph& graph) {
    JobNumbers numbers = taken(jobs_[unit].stop);
    tidy(unit, graph);
    return numbers;
}

// A job has ended: its unit's other job and the neighbours' jobs may go on.
void JobQueue::tidy(const std::string& unit, const UnitGraph& graph) {
    const auto found = jobs_.find(unit);
    if (!found->second.start && !found->second.stop) jobs_.erase(found);
    wake(unit);
    for (const std::string& name : graph.earlier(unit))
        wake_if_blocked_by(unit, name);
    for (const std::string& name : graph.later(unit))
        wake_if_blocked_by(unit, name);
    for (const std::string& name : graph.conflicting(unit))
        wake_if_blocked_by(unit, name);
}

bool JobQueue::is_waited_for(const std::string& earlier, std::string_view unit,
                             const UnitGraph& graph) const {
    if (!has_job(earlier)) return false;
    const StartJob* start = find_start(earlier);
    return start == nullptr || !start->is_retry || !graph.is_implied(unit, earlier);
}

std::vector<std::string> JobQueue::blockers(std::string_view unit, const UnitGraph& graph) const {
    const bool is_start = find_stop(unit) == nullptr;
    std::vector<std::string> names;
    for (std::string& name : graph.later(unit)) {
        if (find_stop(name) != nullptr) names.push_back(std::move(name));
    }
    if (!is_start) return names;
    for (std::string& name : graph.earlier(unit)) {
        if (is_waited_for(name, unit, graph)) names.push_back(std::move(name));
    }
    for (std::string& name : graph.conflicting(unit)) {
        if (find_stop(name) != nullptr) names.push_back(std::move(name));
    }
    return names;
}

bool JobQueue::is_blocked(const std::string& unit, const UnitGraph& graph) {
    std::vector<std::string> names = blockers(unit, graph);
    // Those that start together mostly end in the order of their names: the last one ends last.
    std::string& blocker = jobs_[unit].blocker;
    blocker = names.empty() ? "" : std::move(names.back());
    return !blocker.empty();
}

void JobQueue::wake_if_blocked_by(const std::string& blocker, const std::string& unit) {
    const auto found = jobs_.find(unit);
    if (found != jobs_.end() && found->second.blocker == blocker) woken_.insert(unit);
}

void JobQueue::wake(const std::string& unit) {
    if (has_job(unit)) woken_.insert(unit);
}

void JobQueue::wake_all() {
    for (const auto& [unit, jobs] : jobs_)
        woken_.insert(unit);
}

std::optional<std::string> JobQueue::take_woken() {
    if (woken_.empty()) return std::nullopt;
    return std::move(woken_.extract(woken_.begin()).value());
}

}  // namespace confinit::engine
