// SPDX-License-Identifier: Apache-2.0
// The manager's part about jobs: requests of somebody who may wait for their end.
#include "supervisor/jobs/event_text.h"
#include "supervisor/jobs/manager.h"
#include "supervisor/loop/memory_reserve.h"

#include <utility>

namespace confinit {

std::uint64_t Manager::new_job(const std::string& unit, std::string_view kind, Done done,
                               std::string_view asked_by) {
    const std::uint64_t job = jobs_.open({unit, std::string{kind}, std::string{asked_by}});
    events_of_units_.add(unit, EventKind::job, with_asker(std::string{kind}, asked_by)).job = job;
    waiters_.emplace(job, std::move(done));
    return job;
}

std::uint64_t Manager::request(EngineRequest decide, const std::string& unit, std::string_view kind,
                               Done done, std::string_view asked_by) {
    const MemoryReserve reserve;
    if (Service* service = units_.loaded(unit)) service->asked_by = asked_by;
    const std::uint64_t job = new_job(unit, kind, std::move(done), asked_by);
    perform((engine_.*decide)(unit, job, engine_now()));
    return job;
}

std::uint64_t Manager::start(const std::string& unit, Done done, std::string_view asked_by) {
    units_.load_needed(unit);
    return request(&engine::Engine::start, unit, "start", std::move(done), asked_by);
}

std::uint64_t Manager::stop(const std::string& unit, Done done, std::string_view asked_by) {
    if (Service* service = units_.loaded(unit)) ++service->stops_asked;
    return request(&engine::Engine::stop, unit, "stop", std::move(done), asked_by);
}

std::uint64_t Manager::restart(const std::string& unit, Done done, std::string_view asked_by) {
    units_.load_needed(unit);
    return request(&engine::Engine::restart, unit, "restart", std::move(done), asked_by);
}

// The engine has no part in it: the state of the unit is the same.
std::uint64_t Manager::signal_reload(const std::string& unit, Done done,
                                     std::string_view asked_by) {
    const MemoryReserve reserve;
    const std::uint64_t job = new_job(unit, "reload", std::move(done), asked_by);
    const Service* service = units_.loaded(unit);
    const Status sent = service != nullptr && service->run ? service->run->send_reload_signal()
                                                           : failure("it does not run");
    perform({{.kind = engine::ActionKind::job_done,
              .unit = unit,
              .job = job,
              .result = sent ? engine::JobResult::done : engine::JobResult::failed,
              .reason = sent ? "" : sent.error().text()}});
    return job;
}

// After an exception it is called again, for what it has not done yet. Nobody is answered twice.
void Manager::finish_job(const engine::Action& action) {
    const Job* const job = jobs_.find(action.job);
    if (job == nullptr) return;
    if (auto waiter = waiters_.extract(action.job)) {
        if (waiter.mapped()) waiter.mapped()(action.result, action.reason);
    }
    std::string result{engine::name(action.result)};
    UnitEvent& event = events_of_units_.add(job->unit, EventKind::job, action.reason);
    event.job = action.job;
    event.result = std::move(result);
    jobs_.close(action.job);
}

}  // namespace confinit
