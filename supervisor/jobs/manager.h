// SPDX-License-Identifier: Apache-2.0
// Manager: feeds the engine with requests and with what happens, and has its decisions performed.
#pragma once

#include "engine/engine.h"
#include "supervisor/jobs/engine_clock.h"
#include "supervisor/jobs/event_ring.h"
#include "supervisor/jobs/job_table.h"
#include "supervisor/jobs/performer.h"
#include "supervisor/jobs/unit_store.h"
#include "supervisor/loop/retry_queue.h"
#include "supervisor/loop/soon.h"
#include "supervisor/units/machinery.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

class Manager {
public:
    using Done = std::function<void(engine::JobResult result, const std::string& reason)>;

    Manager(Machinery machinery, std::vector<std::string> unit_directories);

    UnitStore& units() { return units_; }
    const UnitStore& units() const { return units_; }

    // The number of the job. `asked_by` tells in whose name a deputy asks for it.
    std::uint64_t start(const std::string& unit, Done done, std::string_view asked_by = {});
    std::uint64_t stop(const std::string& unit, Done done, std::string_view asked_by = {});
    std::uint64_t restart(const std::string& unit, Done done, std::string_view asked_by = {});
    // Sends the signal of service.reload.
    std::uint64_t signal_reload(const std::string& unit, Done done, std::string_view asked_by = {});

    // A failed unit is as if it had never run; one that is tried again begins to count anew.
    void reset_failed(const std::string& name);

    // Stops everything in reverse order, then calls `done`. No unit has more time than this.
    void shut_down(std::function<void()> done, Clock::time_point until);
    void limit_stops(Clock::time_point until);
    // Ends every service at once, for a stop that may not wait.
    void kill_everything();

    // For the loop: when the engine's next timer is due, and its firing.
    std::optional<Clock::time_point> next_deadline() const;
    void expire();

    engine::UnitState state(std::string_view unit) const { return engine_.state(unit); }
    bool is_wanted_by(std::string_view unit, const std::string& other) const {
        return engine_.is_wanted_by(unit, other);
    }
    bool is_required_by(std::string_view unit, const std::string& other) const {
        return engine_.is_required_by(unit, other);
    }
    std::vector<std::string> started_with(std::string_view unit) const {
        return engine_.started_with(unit);
    }
    bool is_to_stop(std::string_view unit) const { return engine_.is_to_stop(unit); }

    Machinery& machinery() { return machinery_; }
    const Machinery& machinery() const { return machinery_; }

    const EventRing& events() const { return events_of_units_; }
    // Keeps what has happened, and tells those who follow.
    void note(std::string_view unit, EventKind kind, std::string_view text);

    // For those who wait for new log lines or states of any unit.
    void set_observer(std::function<void()> observer) { observer_ = std::move(observer); }

    // Told when an essential unit has ended by itself.
    void set_essential_end(std::function<void(const std::string& unit)> ended) {
        essential_end_ = std::move(ended);
    }

private:
    // manager_jobs.cc
    std::uint64_t new_job(const std::string& unit, std::string_view kind, Done done,
                          std::string_view asked_by);
    using EngineRequest = engine::Actions (engine::Engine::*)(std::string_view unit,
                                                              std::uint64_t job, engine::Time now);
    // A job that the engine decides on; the unit will be in its next state in that name.
    std::uint64_t request(EngineRequest decide, const std::string& unit, std::string_view kind,
                          Done done, std::string_view asked_by);
    void finish_job(const engine::Action& action);

    void post(RunEvent event);
    void handle_events();
    void handle_event(const RunEvent& event);
    void handle_failed_attempt(Service& service, engine::Event event);
    void perform(engine::Actions actions);
    void perform_waiting();
    void perform_one(const engine::Action& action);
    void give_up(const engine::Action& action);
    void report_state(const std::string& unit);
    void check_quiet();

    Machinery machinery_;
    std::function<void()> observer_;
    std::function<void(const std::string&)> essential_end_;
    EventRing events_of_units_;
    engine::Engine engine_;
    UnitStore units_;
    RetryQueue<RunEvent> events_;
    Soon events_soon_{machinery_.loop, [this] {
                          handle_events();
                      }};
    RetryQueue<engine::Action> actions_;
    bool is_performing_ = false;
    JobTable jobs_;
    std::map<std::uint64_t, Done> waiters_;  // for the ends of jobs, by their numbers
    std::function<void()> on_quiet_;
    Performer performer_;
};

}  // namespace confinit
