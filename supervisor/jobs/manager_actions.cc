// SPDX-License-Identifier: Apache-2.0
// The manager's part about the engine's actions: each is performed, sooner or later.
#include "supervisor/jobs/manager.h"

#include <fmt/format.h>
#include <utility>

namespace confinit {
namespace {

// Each of them is answered by an event.
bool answers_start(engine::ActionKind kind) {
    return kind == engine::ActionKind::plan || kind == engine::ActionKind::await_turn ||
           kind == engine::ActionKind::launch || kind == engine::ActionKind::drop_run;
}

bool is_before_turn(const engine::UnitState& state) {
    return state.step != engine::Step::none && !state.has_had_turn;
}

}  // namespace

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
    Service* const service = find_service(action.unit);
    // Without an answer to it the start would never end.
    if (service != nullptr && service->attempt && answers_start(action.kind)) {
        machinery_.console.error(
            fmt::format("{}: the supervisor fails at its start each time", action.unit));
        return fail_attempt(*service,
                            LaunchFailure{.hint = "the supervisor fails at its launch each time"});
    }
    machinery_.console.error(
        fmt::format("{}: something is given up that it needs: it fails each time", action.unit));
}

void Manager::perform_one(const engine::Action& action) {
    if (action.kind == engine::ActionKind::job_done) return finish_job(action);
    // Those who hear of a start look for its process: it is told once there is one.
    const bool is_change = action.kind == engine::ActionKind::state_changed;
    if (is_change) return is_before_turn(state(action.unit)) ? void() : report_state(action.unit);
    Service* const service = find_service(action.unit);
    if (service != nullptr) perform_on(*service, action.kind);
}

void Manager::perform_on(Service& service, engine::ActionKind kind) {
    switch (kind) {
    case engine::ActionKind::plan:
        return plan(service);
    case engine::ActionKind::await_turn:
        return await_turn(service.unit.name);
    case engine::ActionKind::launch:
        return launch(service);
    case engine::ActionKind::drop_plan:
        return drop_plan(service);
    case engine::ActionKind::leave_out:
        return leave_out(service);
    case engine::ActionKind::drop_run:
        return drop_run(service);
    case engine::ActionKind::tell_again:
        return tell_again(service);
    case engine::ActionKind::send_stop_signal:
        if (service.run) service.run->send_stop_signal();
        return;
    case engine::ActionKind::send_abort_signal:
        if (service.run) service.run->send_abort_signal();
        return;
    case engine::ActionKind::kill_all:
        if (service.run) service.run->kill_all();
        if (service.group) service.group->kill_all();
        return;
    case engine::ActionKind::release:
        return release(service);
    case engine::ActionKind::find_leftovers:
        return post(service.unit.name, service.run_number, engine::Event::stuck);
    case engine::ActionKind::job_done:
    case engine::ActionKind::state_changed:
        return;
    }
}

}  // namespace confinit
