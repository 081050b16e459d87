// SPDX-License-Identifier: Apache-2.0
// Manager: feeds the engine with requests and with what happens, and has its decisions performed.
#include "supervisor/jobs/manager.h"

#include "base/text.h"
#include "supervisor/jobs/event_text.h"
#include "supervisor/loop/memory_reserve.h"

#include <algorithm>
#include <ctime>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

// Without entropy, which early in the life of some machines is not there yet, the time serves.
std::uint64_t random_number() {
    std::uint64_t number = 0;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) == sizeof number) return number;
    timespec now{};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_nsec) << 20U ^ static_cast<std::uint64_t>(getpid());
}

// The reason that the engine gives, if the event makes the run a failed one.
std::string detail_of(const Service& service, engine::Event event) {
    if (event == engine::Event::watchdog_missed && service.run) {
        const auto& watchdog = service.run->unit().service->watchdog;
        return "gave no sign of life within its watchdog of " +
               format_duration(watchdog.value_or(engine::Time{0}));
    }
    if (event == engine::Event::frozen && service.run) return service.run->frozen_by();
    if (event == engine::Event::stuck) return leftovers_text(service);
    const bool is_end =
        event == engine::Event::main_failed || event == engine::Event::main_exited_clean;
    return is_end && service.last_end ? service.last_end->text : "";
}

bool is_before_turn(const engine::UnitState& state) {
    return state.step != engine::Step::none && !state.has_had_turn;
}

}  // namespace

Manager::Manager(Machinery machinery, std::vector<std::string> unit_directories)
    : machinery_(machinery),
      engine_(random_number()),
      units_(machinery_, engine_, std::move(unit_directories),
             {.new_output =
                  [this] {
                      if (observer_) observer_();
                  },
              .forgotten =
                  [this](std::string_view unit) {
                      note(unit, EventKind::units, "forgotten");
                  }}),
      performer_(machinery_, engine_, units_,
                 {.happened = [this](RunEvent event) { post(std::move(event)); },
                  .turn_came =
                      [this](const std::string& unit) {
                          perform(engine_.handle(unit, engine::Event::turn_came, engine_now()));
                      },
                  .note =
                      [this](std::string_view unit, EventKind kind, std::string_view text) {
                          note(unit, kind, text);
                      }}) {}

void Manager::reset_failed(const std::string& name) {
    Service* const service = units_.loaded(name);
    if (service == nullptr) return;
    if (engine_.state(name).sub == engine::SubState::failed) {
        service->last_end.reset();
        service->skipped.clear();
    }
    const MemoryReserve reserve;
    perform(engine_.reset_failed(name, engine_now()));
}

void Manager::shut_down(std::function<void()> done, Clock::time_point until) {
    if (on_quiet_) return;
    const MemoryReserve reserve;
    on_quiet_ = std::move(done);
    perform(engine_.shut_down(engine_now(), engine_time(until)));
    machinery_.loop.defer([this] { check_quiet(); });
}

void Manager::limit_stops(Clock::time_point until) {
    engine_.limit_stops(engine_time(until), engine_now());
}

void Manager::kill_everything() {
    for (const auto& [name, service] : units_.all()) {
        if (service->run) service->run->kill_all();
    }
}

void Manager::check_quiet() {
    if (on_quiet_ && engine_.is_quiet()) on_quiet_();
}

std::optional<Clock::time_point> Manager::next_deadline() const {
    std::optional<Clock::time_point> next;
    if (const auto deadline = engine_.next_deadline()) {
        next = Clock::time_point{std::chrono::duration_cast<Clock::duration>(*deadline)};
    }
    for (const auto& due : {events_.next_try(), actions_.next_try(), performer_.next_deadline(),
                            units_.next_deadline()}) {
        if (due) next = std::min(next.value_or(*due), *due);
    }
    return next;
}

void Manager::expire() {
    const auto is_due = [now = Clock::now()](const std::optional<Clock::time_point>& due) {
        return due.value_or(Clock::time_point::max()) <= now;
    };
    if (is_due(actions_.next_try())) perform_waiting();
    if (is_due(events_.next_try())) handle_events();
    {
        const MemoryReserve reserve;
        perform(engine_.expire(engine_now()));
    }
    if (is_due(performer_.next_deadline())) performer_.give_turns();
    units_.show_unfinished_lines();
}

void Manager::post(RunEvent event) {
    events_.push(std::move(event));
    events_soon_.ask();
}

void Manager::handle_events() {
    events_.handle_all(
        Clock::now(), [this](const RunEvent& event) { handle_event(event); },
        [this](const RunEvent& event) {
            machinery_.console.error(
                fmt::format("{}: an event of its run is given up: it fails each time", event.unit));
        });
    // Events that an event has caused at once are handled in the next turn of the loop.
    if (!events_.is_empty() && !events_.is_resting(Clock::now())) events_soon_.ask();
    check_quiet();
}

void Manager::handle_event(const RunEvent& event) {
    Service* const found = units_.loaded(event.unit);
    if (found == nullptr) return;
    Service& service = *found;
    if (service.run_number != event.run_number) return;
    if (engine::is_failure_of_launch(event.event) && service.pending_start)
        return handle_failed_attempt(service, event.event);
    if (service.run && !service.run->end().text.empty()) service.last_end = service.run->end();
    // The confinement is in force, and nothing of the way to it is needed any more.
    if (event.event == engine::Event::launched) {
        service.pending_start.reset();
        // A service may be starting for long after that: the state says nothing of it.
        if (service.run)
            note(event.unit, EventKind::launched, launched_text(service.run->main_pid()));
    }
    perform(engine_.handle(event.unit, event.event, engine_now(), detail_of(service, event.event)));
}

// There may be another attempt, and then this one is no end of a run.
void Manager::handle_failed_attempt(Service& service, engine::Event event) {
    auto [fault, end] = performer_.judge(service);
    const std::string& name = service.unit.name;
    auto actions = engine_.handle(name, event, engine_now(), end.text, fault);
    if (engine_.state(name).step == engine::Step::none) service.last_end = std::move(end);
    perform(std::move(actions));
}

// An action that ends a job may ask for more: those of a later call come after those of an earlier.
void Manager::perform(engine::Actions actions) {
    for (engine::Action& action : actions)
        actions_.push(std::move(action));
    if (!is_performing_) perform_waiting();
}

// The engine has said its word: an action that fails by an exception is performed later, and its
// event must not be handled again.
void Manager::perform_waiting() {
    is_performing_ = true;
    (void)machinery_.loop.run_guarded([this] {
        while (!actions_.is_empty() && !actions_.is_resting(Clock::now())) {
            actions_.handle_all(
                Clock::now(), [this](const engine::Action& action) { perform_one(action); },
                [this](const engine::Action& action) { give_up(action); });
        }
        if (observer_) observer_();
    });
    is_performing_ = false;
}

void Manager::give_up(const engine::Action& action) {
    Service* const service = units_.loaded(action.unit);
    if (service != nullptr && performer_.fail_start(*service, action.kind)) return;
    machinery_.console.error(
        fmt::format("{}: something is given up that it needs: it fails each time", action.unit));
}

void Manager::perform_one(const engine::Action& action) {
    if (action.kind == engine::ActionKind::job_done) return finish_job(action);
    // Those who hear of a start look for its process: it is told once there is one.
    if (action.kind == engine::ActionKind::state_changed) {
        if (!is_before_turn(state(action.unit))) report_state(action.unit);
        return;
    }
    if (action.kind == engine::ActionKind::end_everything) {
        if (essential_end_) essential_end_(action.unit);
        return;
    }
    Service* const service = units_.loaded(action.unit);
    if (service != nullptr) performer_.perform(*service, action.kind);
}

}  // namespace confinit
