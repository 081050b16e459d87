// SPDX-License-Identifier: Apache-2.0
// The manager's part about plans: asked for, kept for the next launch, and made anew.
#include "supervisor/jobs/manager.h"

namespace confinit {
namespace {

std::vector<std::string> keys_left_out(const Service& service) {
    std::vector<std::string> keys;
    for (const SkippedKey& skipped : service.skipped)
        keys.push_back(skipped.key);
    return keys;
}

}  // namespace

void Manager::ask_plan(Service& service) {
    forget_plan(service);
    auto unit = unit_to_run(service);
    if (!unit) {
        // The unit makes no sense without the key, which therefore is not optional.
        return on_refused(service, LaunchFailure{.key = service.skipped.back().key,
                                                 .hint = texts(unit.error()).front()});
    }
    service.planning = Planning{.joined = joined_runs(*unit), .basis = plan_basis(*unit)};
    if (auto kept = find_kept_plan(service))
        return on_planned(service, Planned{std::move(*unit), std::move(kept), {}});
    const std::string name = service.unit.name;
    const std::uint64_t number = service.run_number;
    service.planning->question =
        plan_unit(machinery_.planner, machinery_.launch_context, std::move(*unit),
                  [this, name, number](LaunchResult<Planned> planned) {
                      Service* const asked = find_waiting(name);
                      const bool is_awaited = asked != nullptr && asked->run_number == number;
                      if (!is_awaited) return;
                      if (planned && asked->is_planned_anew) age(*planned);
                      on_planned(*asked, std::move(planned));
                  });
}

void Manager::on_planned(Service& service, LaunchResult<Planned> planned) {
    if (!planned) return on_refused(service, std::move(planned).error());
    service.planned = std::move(*planned);
    launches_.push(service.unit.name);
    launches_soon_.ask();
}

// A namespace that is joined is that of one run.
std::vector<std::pair<std::string, std::uint64_t>> Manager::joined_runs(const Unit& unit) const {
    std::vector<std::pair<std::string, std::uint64_t>> joined;
    for (const JoinedNamespace& one : unit.namespaces.joined) {
        const auto found = services_.find(one.unit);
        if (found == services_.end()) continue;
        joined.emplace_back(one.unit, find_running(one.unit) ? found->second->run_number : 0);
    }
    return joined;
}

void Manager::forget_plan(Service& service) {
    service.planned.reset();
    if (service.planning && service.planning->question != 0)
        machinery_.planner.cancel(service.planning->question);
    service.planning.reset();
}

// The launch of a unit that was loaded anew meanwhile is the last one of the former unit.
std::shared_ptr<LaunchPlan> Manager::find_kept_plan(const Service& service) {
    if (service.decided_unit) return nullptr;
    return service.kept.find(service.planning->basis, keys_left_out(service));
}

void Manager::keep_plan(Service& service) {
    if (service.decided_unit || !service.planned->plan) return;
    service.kept.keep(service.planned->plan, service.planning->basis, keys_left_out(service));
}

// The turn of a launch may come some time after it was planned.
bool Manager::is_out_of_date(const Service& service) const {
    const Planned& planned = *service.planned;
    if (service.planning->joined != joined_runs(planned.unit)) return true;
    return service.kept.is(planned.plan.get()) &&
           service.planning->basis != plan_basis(planned.unit);
}

// A plan that is older than its launch may be to blame for any failure; one that is made anew
// decides.
bool Manager::plans_anew(Service& service, const LaunchPlan* plan, const LaunchFailure& failure) {
    if (service.kept.is(plan)) service.kept.forget();
    const bool is_old = plan != nullptr && plan->checks_witnesses;
    if (!is_old || service.is_planned_anew) return false;
    service.is_planned_anew = true;
    note(service.unit.name, EventKind::stale, "plan-stale: " + failure.text());
    return true;
}

}  // namespace confinit
