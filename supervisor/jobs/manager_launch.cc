// SPDX-License-Identifier: Apache-2.0
// The manager's part about runs: begun, begun again without what is optional, and given back.
#include "supervisor/jobs/event_text.h"
#include "supervisor/jobs/manager.h"

#include "kernel/descriptor_limit.h"
#include "supervisor/jobs/engine_spec.h"
#include "supervisor/loop/memory_reserve.h"
#include "unit/keys.h"
#include "unit/reader.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <new>

namespace confinit {

namespace {

void end_drift(Manager& manager, Service& service) {
    for (const std::string& key : compare_drift(service.drift, {}).over)
        manager.note(service.unit.name, EventKind::drift, key + " is over with its run");
    service.drift.clear();
}

// How often, and after how long, another attempt may have what this one lacked.
struct Patience {
    std::chrono::milliseconds pause{0};
    unsigned tries = 0;
};

bool is_scarcity(const LaunchFailure& failure) {
    return failure.error == EMFILE || failure.error == ENFILE || failure.error == ENOMEM;
}

// Leftovers of an earlier run have been killed, but a process takes its time to end; and others may
// give back the descriptors or memory that the machine lacks at this moment.
Patience patience_for(const LaunchFailure& failure) {
    if (failure.call == "rmdir" && failure.error == EBUSY)
        return {std::chrono::milliseconds{20}, 100};
    if (is_scarcity(failure)) return {std::chrono::seconds{1}, 5};
    return {};
}

// A path that need not be there may be left out when it is not there, and for no other failure: a
// wall would fall to a link that has come. What only gives back is stricter when it is left out.
bool may_leave_out_entry(const LaunchFailure& failure) {
    return failure.error == ENOENT || failure.error == ENOTDIR ||
           is_key_within(failure.key, "mounts.read_write") ||
           is_key_within(failure.key, "mounts.exec");
}

const Unit& unit_to_launch(const Service& service) {
    return service.decided_unit ? *service.decided_unit : service.unit;
}

}  // namespace

void Manager::launch(Service& service) {
    end_wait_for_launch(service);
    service.skipped.clear();
    service.starts_without = false;
    service.is_planned_anew = false;
    queue_launch(service, LaunchTurn::awaited);
}

// It has its turn once it is planned.
void Manager::queue_launch(Service& service, LaunchTurn turn) {
    service.launch_turn = turn;
    // Events of the last run that are still told are not of this one.
    service.run_number = next_run_number_++;
    if (!service.planned) return ask_plan(service);
    launches_.push(service.unit.name);
    launches_soon_.ask();
}

// Another attempt, now without what is optional or later, or none any more.
void Manager::on_refused(Service& service, LaunchFailure failure) {
    const LaunchPlan* plan = service.planned ? service.planned->plan.get() : nullptr;
    const bool may_pass = patience_for(failure).tries > 0;
    if ((!may_pass && plans_anew(service, plan, failure)) || skip(service, failure)) {
        forget_plan(service);
        return queue_launch(service, service.launch_turn);
    }
    if (try_later(service.unit.name, failure)) return;
    RunEnd end;
    end.text = "setup-failed: " + failure.text();
    end.setup_failure = std::move(failure);
    fail_launch(service, std::move(end));
}

// A thousand launches in one turn of the loop would keep everybody waiting who calls or has ended.
void Manager::launch_waiting() {
    constexpr std::chrono::milliseconds share_of_turn{5};
    const auto begin = Clock::now();
    for (auto now = begin; now - begin < share_of_turn; now = Clock::now()) {
        if (launches_.is_empty() || launches_.is_resting(now)) return;
        launches_.handle_first(
            now, [this](const std::string& unit) { launch_first(unit); },
            [this](const std::string& unit) {
                if (Service* const service = find_waiting(unit)) give_up_launch(*service);
            });
    }
    launches_soon_.ask();
}

Service* Manager::find_waiting(std::string_view unit) {
    Service* const service = find_service(unit);
    const bool waits = service != nullptr && service->launch_turn != LaunchTurn::none;
    return waits ? service : nullptr;
}

// One that is to stop waits for that instead.
void Manager::launch_first(const std::string& unit) {
    Service* service = find_waiting(unit);
    if (service == nullptr || engine_.is_to_stop(unit)) return;
    // Without memory the plan may have got lost on its way.
    const bool is_asked = service->planning && service->planning->question != 0;
    if (!service->planned) return is_asked ? void() : ask_plan(*service);
    const bool is_first_try = service->launch_turn == LaunchTurn::awaited;
    if (is_first_try) {
        service->launch_turn = LaunchTurn::told;
        perform(engine_.handle(unit, engine::Event::launching, engine_now()));
        service = find_waiting(unit);
        if (service == nullptr || !service->planned) return;
    }
    start_run(*service);
    if (is_first_try) report_state(unit);
}

void Manager::give_up_launch(Service& service) {
    RunEnd end;
    end.text = "setup-failed: the supervisor fails at its launch each time";
    machinery_.console.error(fmt::format("{}: {}", service.unit.name, end.text));
    fail_launch(service, std::move(end));
}

// There is no run, and nobody has to wait for one.
void Manager::fail_launch(Service& service, RunEnd end) {
    service.last_end = std::move(end);
    post(service.unit.name, service.run_number, engine::Event::launch_failed);
    end_wait_for_launch(service);
}

void Manager::end_wait_for_launch(Service& service) {
    retries_.erase(service.unit.name);
    forget_plan(service);
    service.launch_turn = LaunchTurn::none;
    service.decided_unit.reset();
}

Checked<Unit> Manager::unit_to_run(const Service& service) const {
    const Unit& unit = unit_to_launch(service);
    if (service.skipped.empty()) return unit;
    std::vector<std::string> keys;
    for (const SkippedKey& skipped : service.skipped)
        keys.push_back(skipped.key);
    return without_keys(unit, keys, vocabulary_);
}

void Manager::start_run(Service& service) {
    const std::uint64_t number = service.run_number = next_run_number_++;
    const std::string name = service.unit.name;
    if (is_out_of_date(service)) return ask_plan(service);
    if (const auto started = try_to_start(service); !started)
        return on_refused(service, started.error());
    keep_plan(service);
    // A group has nothing that would tell of itself.
    if (service.group) post(name, number, engine::Event::launched);
    end_wait_for_launch(service);
}

bool Manager::try_later(const std::string& unit, const LaunchFailure& failure) {
    const Patience patience = patience_for(failure);
    Retry& retry = retries_[unit];
    if (retry.tries >= patience.tries) {
        retries_.erase(unit);
        return false;
    }
    if (is_scarcity(failure) && retry.tries == 0) {
        machinery_.console.warning(
            fmt::format("{}: {}; will be tried again", unit, failure.text()));
    }
    ++retry.tries;
    retry.due = Clock::now() + patience.pause;
    return true;
}

void Manager::retry_starts() {
    std::vector<std::string> due;
    for (const auto& [unit, retry] : retries_) {
        if (retry.due <= Clock::now()) due.push_back(unit);
    }
    for (const std::string& unit : due) {
        Service* const service = find_waiting(unit);
        if (service != nullptr && service->planned) age(*service->planned);
        if (service != nullptr) queue_launch(*service, service->launch_turn);
        // How often it has been tried counts until it has begun, or failed for another reason.
        const auto retry = retries_.find(unit);
        if (retry != retries_.end()) retry->second.due = Clock::time_point::max();
    }
}

// Somebody may wait for the end of a run that has not begun, and hears of it here.
void Manager::cancel_launch(Service& service) {
    if (service.launch_turn == LaunchTurn::none) return;
    post(service.unit.name, service.run_number, engine::Event::launch_failed);
    end_wait_for_launch(service);
}

// A launch may need more memory than there is, and is tried again as after any other ENOMEM.
LaunchStatus Manager::try_to_start(Service& service) {
    LaunchStatus started = std::unexpected(LaunchFailure{.error = ENOMEM});
    try {
        if (is_reserve_ample()) started = start_once(service);
    } catch (const std::bad_alloc&) {
        // The answer is the same.
    }
    if (!started && started.error().error == ENOMEM && started.error().hint.empty()) {
        started.error().hint = "the supervisor itself is given no memory";
    }
    return started;
}

LaunchStatus Manager::start_once(Service& service) {
    const SparedDescriptors spared;
    const Planned& planned = *service.planned;
    const Unit& unit = planned.unit;
    GroupNodes groups = TRY(groups_of(unit));
    if (is_group(unit)) {
        service.group = TRY(Group::start(planned, machinery_, std::move(groups)));
        return {};
    }
    TRY(check_groups_run(unit));
    const std::string& name = service.unit.name;
    const std::uint64_t number = service.run_number;
    service.run = TRY(Run::start(
        planned, machinery_, std::move(groups), service.log,
        {[this, name, number](engine::Event event) { post(name, number, event); },
         [this, name](engine::Time length) { engine_.extend(name, length, engine_now()); },
         [this, name] {
             thaw_groups(name);
         }}));
    return {};
}

// A frozen group that is to stop as well must let its members end. Any other one stays frozen, with
// all the rest of its members.
void Manager::thaw_groups(const std::string& unit) {
    for (auto found = services_.find(unit); found != services_.end();
         found = services_.find(group_of(*found->second))) {
        Service& service = *found->second;
        if (service.group && engine_.is_to_stop(found->first)) {
            service.group->freeze(false, [](const Status&) {});
        }
    }
}

// The nodes that the unit's own goes below.
LaunchResult<GroupNodes> Manager::groups_of(const Unit& unit) const {
    const std::string& name = unit.cgroup_place.group;
    if (name.empty()) return GroupNodes{};
    const auto found = services_.find(name);
    const bool is_there = found != services_.end();
    if (is_there && found->second->group) {
        auto chain = found->second->group->chain();
        if (chain) return std::move(*chain);
        return std::unexpected(LaunchFailure{.key = "cgroup.group",
                                             .object = name,
                                             .error = chain.error().code,
                                             .hint = chain.error().what});
    }
    const bool is_other = is_there && !is_group(found->second->unit);
    return std::unexpected(LaunchFailure{
        .key = "cgroup.group",
        .object = name,
        .hint = is_other ? "it is no group: that is a unit without [service], with a [cgroup] table"
                         : "the group is not active"});
}

// The first process would stand still in a frozen group before its first instruction, and the start
// would wait for as long as nobody thaws the group.
LaunchStatus Manager::check_groups_run(const Unit& unit) const {
    const Unit* member = &unit;
    for (;;) {
        const auto found = services_.find(member->cgroup_place.group);
        if (found == services_.end() || !found->second->group) return {};
        const Group& group = *found->second->group;
        if (group.is_asked_to_freeze()) {
            return std::unexpected(LaunchFailure{
                .key = "cgroup.group",
                .object = found->first,
                .hint = fmt::format("the group is frozen, and so would its first process be: svctl "
                                    "thaw {}, then start it",
                                    found->first)});
        }
        member = &group.unit();
    }
}

// Whether the failure is one of an optional key, which is then left out of the next attempt.
bool Manager::skip(Service& service, const LaunchFailure& failure) {
    const Unit& unit = unit_to_launch(service);
    // That is no reason to do without a key for good.
    if (patience_for(failure).tries > 0) return false;
    std::vector<std::string> optional;
    if (may_leave_out_entry(failure)) optional = unit.optional_entries;
    optional.insert(optional.end(), unit.unit.optional.begin(), unit.unit.optional.end());
    for (const std::string& outer : optional) {
        const std::string key = left_out_part(failure.key, outer);
        const bool is_new =
            std::ranges::find(service.skipped, key, &SkippedKey::key) == service.skipped.end();
        if (key.empty() || !is_new) continue;
        service.skipped.push_back({key, failure.text()});
        machinery_.console.warning(
            fmt::format("{}: without the optional {}: {}", service.unit.name, key, failure.text()));
        note(service.unit.name, EventKind::skipped, failure.text());
        return true;
    }
    return false;
}

// A launch that failed in the child, for an optional key or by a plan that was kept, is made anew
// once nothing of it is left. If the unit is stopped meanwhile, the engine is told of the failure
// after all.
bool Manager::starts_without(Service& service, engine::Event event) {
    if (!service.run) return false;
    if (event == engine::Event::launch_failed) {
        const auto& failure = service.run->end().setup_failure;
        service.starts_without = failure && (plans_anew(service, &service.run->plan(), *failure) ||
                                             skip(service, *failure));
        return service.starts_without;
    }
    if (event != engine::Event::cgroup_empty || !service.starts_without) return false;
    service.starts_without = false;
    const std::string& name = service.unit.name;
    const bool is_wanted = engine_.state(name).sub == engine::SubState::start;
    if (is_wanted && service.run->release(Run::Next::launch)) {
        service.run.reset();
        service.last_end.reset();
        queue_launch(service, LaunchTurn::told);
        return true;
    }
    perform(engine_.handle(name, engine::Event::launch_failed, engine_now(),
                           service.last_end ? service.last_end->text : ""));
    return false;
}

void Manager::release(Service& service) {
    end_wait_for_launch(service);
    const std::string& name = service.unit.name;
    if (service.run && !service.run->release()) {
        post(name, service.run_number, engine::Event::release_failed);
        return;
    }
    if (service.group && !service.group->release()) {
        post(name, service.run_number, engine::Event::release_failed);
        return;
    }
    const bool has_moved = group_of(service) != service.unit.cgroup_place.group;
    service.run.reset();
    service.group.reset();
    // From now on it needs what the loaded unit names alone; there is no cycle in less than before.
    if (has_moved) (void)engine_.load(make_engine_spec(service.unit, {}));
    end_drift(*this, service);
    post(name, service.run_number, engine::Event::released);
}

}  // namespace confinit
