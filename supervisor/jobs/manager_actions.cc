// SPDX-License-Identifier: Apache-2.0
// The manager's part about the engine's actions: each is performed, sooner or later.
#include "supervisor/jobs/manager.h"

#include <fmt/format.h>
#include <utility>

namespace confinit {

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
    const bool is_launch = action.kind == engine::ActionKind::launch && service != nullptr;
    if (is_launch) return give_up_launch(*service);
    machinery_.console.error(
        fmt::format("{}: something is given up that it needs: it fails each time", action.unit));
}

bool Manager::is_before_launch(const Service* service) const {
    return service != nullptr && service->launch_turn == LaunchTurn::awaited &&
           engine_.state(service->unit.name).sub == engine::SubState::start;
}

void Manager::perform_one(const engine::Action& action) {
    Service* const service = find_service(action.unit);
    switch (action.kind) {
    case engine::ActionKind::launch:
        if (service != nullptr) launch(*service);
        return;
    case engine::ActionKind::send_stop_signal:
        if (service != nullptr && service->run) service->run->send_stop_signal();
        return;
    case engine::ActionKind::send_abort_signal:
        if (service != nullptr && service->run) service->run->send_abort_signal();
        return;
    case engine::ActionKind::kill_all:
        if (service != nullptr && service->run) service->run->kill_all();
        if (service != nullptr && service->group) service->group->kill_all();
        if (service != nullptr) cancel_launch(*service);
        return;
    case engine::ActionKind::release:
        if (service != nullptr) release(*service);
        return;
    case engine::ActionKind::find_leftovers:
        if (service != nullptr) post(action.unit, service->run_number, engine::Event::stuck);
        return;
    case engine::ActionKind::job_done:
        finish_job(action);
        return;
    case engine::ActionKind::state_changed:
        // Those who hear of a start look for its process: it is told once there is one.
        if (!is_before_launch(service)) report_state(action.unit);
        return;
    }
}

}  // namespace confinit
