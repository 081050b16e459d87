// SPDX-License-Identifier: Apache-2.0
// Performer's part about plans: asked for, kept for the next launch, and made anew.
#include "supervisor/jobs/performer.h"
#include "supervisor/loop/memory_reserve.h"

#include "unit/reader.h"

#include <fmt/format.h>
#include <new>
#include <utility>

namespace confinit {
namespace {

// The launch of a unit that was loaded anew meanwhile is the last one of the former unit.
std::shared_ptr<LaunchPlan> find_kept_plan(const Service& service) {
    if (service.pending_start->decided_unit) return nullptr;
    return service.kept.find(service.pending_start->planning->basis, keys_left_out(service));
}

}  // namespace

// The first of a start begins it.
void Performer::plan(Service& service) {
    if (!service.pending_start) {
        service.pending_start.emplace();
        service.skipped.clear();
    }
    PendingStart& start = *service.pending_start;
    forget_plan(service);
    // Events of the last run, and answers of the planner, that are still told are not of this one.
    const std::uint64_t number = service.run_number = next_run_number_++;
    auto unit = unit_to_run(service);
    if (!unit) {
        // The unit makes no sense without the key, which therefore is not optional.
        return fail_attempt(
            service, Error{.key = service.skipped.back().key, .hint = texts(unit.error()).front()});
    }
    start.planning = Planning{.joined = joined_runs(*unit), .basis = plan_basis(*unit)};
    if (auto kept = find_kept_plan(service))
        return take_plan(service, Planned{std::move(*unit), std::move(kept), {}});
    const std::string name = service.unit.name;
    start.planning->question =
        plan_unit(machinery_.planner, machinery_.launch_context, std::move(*unit),
                  [this, name, number](Result<Planned> planned) {
                      // The answer comes once.
                      const MemoryReserve reserve{std::nothrow};
                      Service* const asked = units_.loaded(name);
                      const bool is_awaited =
                          asked != nullptr && asked->pending_start && asked->run_number == number;
                      if (!is_awaited) return;
                      take_plan(*asked, std::move(planned));
                  });
}

void Performer::take_plan(Service& service, Result<Planned> planned) {
    if (!planned) return fail_attempt(service, std::move(planned).error());
    service.pending_start->planned = std::move(*planned);
    post(service, engine::Event::planned);
}

// A namespace that is joined is that of one run.
std::vector<std::pair<std::string, std::uint64_t>> Performer::joined_runs(const Unit& unit) const {
    std::vector<std::pair<std::string, std::uint64_t>> joined;
    for (const JoinedNamespace& one : unit.namespaces.joined) {
        const auto found = units_.all().find(one.unit);
        if (found == units_.all().end()) continue;
        joined.emplace_back(one.unit,
                            units_.find_running(one.unit) ? found->second->run_number : 0);
    }
    return joined;
}

void Performer::forget_plan(Service& service) {
    PendingStart& start = *service.pending_start;
    start.planned.reset();
    if (start.planning && start.planning->question != 0)
        machinery_.planner.cancel(start.planning->question);
    start.planning.reset();
}

// The turn of a launch may come some time after it was planned.
bool Performer::is_out_of_date(const Service& service) const {
    const PendingStart& start = *service.pending_start;
    if (!start.planned) return true;
    const Planned& planned = *start.planned;
    const bool was_left = planned.plan && planned.plan->serves_once && planned.plan->is_old;
    if (was_left) return true;
    if (start.planning->joined != joined_runs(planned.unit)) return true;
    return start.planning->basis != plan_basis(planned.unit);
}

Checked<Unit> Performer::unit_to_run(const Service& service) const {
    const Unit& unit = unit_to_launch(service);
    if (service.skipped.empty()) return unit;
    return without_keys(unit, keys_left_out(service), units_.vocabulary());
}

void Performer::drop_plan(Service& service) {
    listener_.note(service.unit.name, EventKind::stale,
                   "plan-stale: " + service.pending_start->failure->text());
}

// After an exception it is called again, when the key may have been noted already.
void Performer::leave_out(Service& service) {
    const Error& failure = *service.pending_start->failure;
    const std::string key = key_to_leave_out(service, failure);
    if (key.empty()) return;
    // With a whole table goes more than the entry that has failed.
    const std::string reason =
        failure.key == key ? failure.text() : fmt::format("{}: {}", key, failure.text());
    service.skipped.push_back({key, reason});
    machinery_.console.warning(
        fmt::format("{}: without the optional {}", service.unit.name, reason));
    listener_.note(service.unit.name, EventKind::skipped, reason);
}

}  // namespace confinit
