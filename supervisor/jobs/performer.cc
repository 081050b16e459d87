// SPDX-License-Identifier: Apache-2.0
// Performer: carries out what the engine has decided for one unit.
#include "supervisor/jobs/performer.h"

#include "supervisor/jobs/engine_spec.h"
#include "supervisor/jobs/event_text.h"
#include "unit/optional.h"

#include <cerrno>
#include <fmt/format.h>
#include <utility>

namespace confinit {
namespace {

// Another attempt may have what this one lacked, where it failed before there was a process.
engine::Lack lack_of(const Error& failure) {
    if (failure.call == "rmdir" && failure.error == EBUSY) return engine::Lack::node;
    const bool is_scarcity =
        failure.error == EMFILE || failure.error == ENFILE || failure.error == ENOMEM;
    return is_scarcity ? engine::Lack::resources : engine::Lack::nothing;
}

RunEnd end_by(const Error& failure) {
    return {.text = "setup-failed: " + failure.text(), .setup_failure = failure};
}

}  // namespace

const Unit& unit_to_launch(const Service& service) {
    const auto& decided = service.pending_start->decided_unit;
    return decided ? *decided : service.unit;
}

// The optional key that the failure is one of, or the part of it that can be left out; empty for
// none.
std::string key_to_leave_out(const Service& service, const Error& failure) {
    const Unit& unit = unit_to_launch(service);
    // That is no reason to do without a key for good.
    if (lack_of(failure) != engine::Lack::nothing) return {};
    return key_to_leave_out(unit, failure, keys_left_out(service));
}

Performer::Performer(Machinery& machinery, engine::Engine& engine, UnitStore& units,
                     Listener listener)
    : machinery_(machinery), engine_(engine), units_(units), listener_(std::move(listener)) {}

void Performer::perform(Service& service, engine::ActionKind kind) {
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
    case engine::ActionKind::tell_of_retry:
        return tell_of_retry(service);
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
        return post(service, engine::Event::stuck);
    case engine::ActionKind::job_done:
    case engine::ActionKind::end_everything:
    case engine::ActionKind::state_changed:
        return;
    }
}

// Each of these is answered by an event.
bool Performer::fail_start(Service& service, engine::ActionKind kind) {
    const bool is_awaited =
        kind == engine::ActionKind::plan || kind == engine::ActionKind::await_turn ||
        kind == engine::ActionKind::launch || kind == engine::ActionKind::drop_run;
    if (!service.pending_start || !is_awaited) return false;
    Error failure{.hint = "the supervisor fails at its launch each time"};
    machinery_.console.error(fmt::format("{}: {}", service.unit.name, failure.text()));
    fail_attempt(service, std::move(failure));
    return true;
}

// The engine decides what comes of it by what it is.
Performer::FailedAttempt Performer::judge(Service& service) {
    PendingStart& start = *service.pending_start;
    RunEnd end = service.run ? service.run->end() : RunEnd{};
    if (end.setup_failure) start.failure = end.setup_failure;
    if (!end.setup_failure) end = end_by(*start.failure);
    const Error& failure = *start.failure;
    const LaunchPlan* plan = start.planned ? start.planned->plan.get() : nullptr;
    if (service.run) plan = &service.run->plan();
    // In the child it is not the supervisor that lacks something.
    const bool is_of_child = service.run && service.run->is_made();
    const engine::Lack lack = is_of_child ? engine::Lack::nothing : lack_of(failure);
    if (lack == engine::Lack::nothing && service.kept.is(plan)) service.kept.forget();
    // A stale plan names the key that its file was looked at for, which has not failed itself.
    const bool is_stale = service.run && service.run->has_stale_plan();
    const engine::Fault fault{
        .lack = lack,
        .plan_is_old = (plan != nullptr && plan->is_old) || is_stale,
        .key_is_optional = !is_stale && !key_to_leave_out(service, failure).empty()};
    return {fault, std::move(end)};
}

void Performer::tell_of_retry(const Service& service) {
    machinery_.console.warning(fmt::format("{}: {}; will be tried again", service.unit.name,
                                           service.pending_start->failure->text()));
}

void Performer::release(Service& service) {
    if (service.pending_start) forget_plan(service);
    if (service.run && !service.run->release()) {
        post(service, engine::Event::release_failed);
        return;
    }
    if (service.group && !service.group->release()) {
        post(service, engine::Event::release_failed);
        return;
    }
    // Without a last try it is up to the one before to remove what both have used.
    if (service.pending_start && service.pending_start->former &&
        !service.pending_start->former->release()) {
        post(service, engine::Event::release_failed);
        return;
    }
    const bool has_moved = group_of(service) != service.unit.cgroup_place.group;
    service.pending_start.reset();
    service.run.reset();
    service.group.reset();
    // From now on it needs what the loaded unit names alone; there is no cycle in less than before.
    if (has_moved) (void)engine_.load(units_.spec_of(service.unit, {}));
    end_drift(service);
    post(service, engine::Event::released);
}

void Performer::end_drift(Service& service) {
    for (const std::string& key : compare_drift(service.drift, {}).over)
        listener_.note(service.unit.name, EventKind::drift, key + " is over with its run");
    service.drift.clear();
}

// An action may cause its event at once; the engine hears of it after the action list is done.
void Performer::post(const Service& service, engine::Event event) {
    listener_.happened({service.unit.name, service.run_number, event});
}

}  // namespace confinit
