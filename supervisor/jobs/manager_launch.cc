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

// Of a failure before there was a process: whether another attempt may have what this one lacked.
engine::Lack lack_of(const LaunchFailure& failure) {
    if (failure.call == "rmdir" && failure.error == EBUSY) return engine::Lack::time;
    const bool is_scarcity =
        failure.error == EMFILE || failure.error == ENFILE || failure.error == ENOMEM;
    return is_scarcity ? engine::Lack::resources : engine::Lack::nothing;
}

// A path that need not be there may be left out when it is not there, and for no other failure: a
// wall would fall to a link that has come. What only gives back is stricter when it is left out.
bool may_leave_out_entry(const LaunchFailure& failure) {
    return failure.error == ENOENT || failure.error == ENOTDIR ||
           is_key_within(failure.key, "mounts.read_write") ||
           is_key_within(failure.key, "mounts.exec");
}

const Unit& unit_to_launch(const Service& service) {
    const auto& decided = service.attempt->decided_unit;
    return decided ? *decided : service.unit;
}

// The optional key that the failure is one of, or the part of it that can be left out; empty for
// none.
std::string key_to_leave_out(const Service& service, const LaunchFailure& failure) {
    const Unit& unit = unit_to_launch(service);
    // That is no reason to do without a key for good.
    if (lack_of(failure) != engine::Lack::nothing) return {};
    std::vector<std::string> optional;
    if (may_leave_out_entry(failure)) optional = unit.optional_entries;
    optional.insert(optional.end(), unit.unit.optional.begin(), unit.unit.optional.end());
    for (const std::string& outer : optional) {
        std::string key = left_out_part(failure.key, outer);
        const bool is_new =
            std::ranges::find(service.skipped, key, &SkippedKey::key) == service.skipped.end();
        if (!key.empty() && is_new) return key;
    }
    return {};
}

RunEnd end_by(const LaunchFailure& failure) {
    return {.text = "setup-failed: " + failure.text(), .setup_failure = failure};
}

}  // namespace

void Manager::await_turn(const std::string& unit) {
    turns_.push(unit);
    turns_soon_.ask();
}

// A thousand launches in one turn of the loop would keep everybody waiting who calls or has ended.
void Manager::give_turns() {
    constexpr std::chrono::milliseconds share_of_turn{5};
    const auto begin = Clock::now();
    const auto give_turn = [this](const std::string& unit) {
        perform(engine_.handle(unit, engine::Event::launching, engine_now()));
    };
    const auto give_up_turn = [this](const std::string& unit) {
        give_up({.kind = engine::ActionKind::await_turn, .unit = unit});
    };
    for (auto now = begin; now - begin < share_of_turn; now = Clock::now()) {
        if (turns_.is_empty() || turns_.is_resting(now)) return;
        turns_.handle_first(now, give_turn, give_up_turn);
    }
    turns_soon_.ask();
}

// There is no run, and nothing of one.
void Manager::fail_attempt(Service& service, LaunchFailure failure) {
    service.attempt->failure = std::move(failure);
    post(service.unit.name, service.run_number, engine::Event::launch_failed);
}

// The engine decides what comes of it by what it is.
engine::Fault Manager::judge(Service& service) {
    const Attempt& attempt = *service.attempt;
    const LaunchFailure& failure = *attempt.failure;
    const LaunchPlan* plan = attempt.planned ? attempt.planned->plan.get() : nullptr;
    if (service.run) plan = &service.run->plan();
    // In the child it is not the supervisor that lacks something.
    const bool is_of_child = service.run && service.run->is_made();
    const engine::Lack lack = is_of_child ? engine::Lack::nothing : lack_of(failure);
    if (lack == engine::Lack::nothing && service.kept.is(plan)) service.kept.forget();
    return {.lack = lack,
            .plan_is_old = plan != nullptr && plan->checks_witnesses,
            .key_is_optional = !key_to_leave_out(service, failure).empty()};
}

// There may be another attempt, and then this one is no end of a run.
void Manager::handle_failure(Service& service, engine::Event event) {
    Attempt& attempt = *service.attempt;
    RunEnd end = service.run ? service.run->end() : RunEnd{};
    if (end.setup_failure) attempt.failure = end.setup_failure;
    if (event == engine::Event::launcher_lost && !end.setup_failure)
        attempt.failure = LaunchFailure{.hint = "the launcher has ended"};
    if (!end.setup_failure) end = end_by(*attempt.failure);
    const engine::Fault fault = judge(service);
    const std::string& name = service.unit.name;
    auto actions = engine_.handle(name, event, engine_now(), end.text, fault);
    if (engine_.state(name).step == engine::Step::none) service.last_end = std::move(end);
    perform(std::move(actions));
}

void Manager::tell_again(const Service& service) {
    machinery_.console.warning(fmt::format("{}: {}; will be tried again", service.unit.name,
                                           service.attempt->failure->text()));
}

Checked<Unit> Manager::unit_to_run(const Service& service) const {
    const Unit& unit = unit_to_launch(service);
    if (service.skipped.empty()) return unit;
    std::vector<std::string> keys;
    for (const SkippedKey& skipped : service.skipped)
        keys.push_back(skipped.key);
    return without_keys(unit, keys, vocabulary_);
}

void Manager::launch(Service& service) {
    const std::uint64_t number = service.run_number = next_run_number_++;
    const std::string name = service.unit.name;
    if (is_out_of_date(service)) return post(name, number, engine::Event::plan_outdated);
    auto started = try_to_start(service);
    if (!started) return fail_attempt(service, std::move(started).error());
    keep_plan(service);
    // A group has nothing that would tell of itself.
    if (service.group) post(name, number, engine::Event::launched);
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
    const Planned& planned = *service.attempt->planned;
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

void Manager::leave_out(Service& service) {
    const LaunchFailure& failure = *service.attempt->failure;
    const std::string key = key_to_leave_out(service, failure);
    service.skipped.push_back({key, failure.text()});
    machinery_.console.warning(
        fmt::format("{}: without the optional {}: {}", service.unit.name, key, failure.text()));
    note(service.unit.name, EventKind::skipped, failure.text());
}

// What the next attempt takes over has been there for some time.
void Manager::drop_run(Service& service) {
    Attempt& attempt = *service.attempt;
    const std::string& name = service.unit.name;
    if (service.run && !service.run->release(Run::Next::launch))
        return post(name, service.run_number, engine::Event::release_failed);
    if (service.run && !service.run->plan()->runtime_directories.empty())
        attempt.former = std::move(service.run);
    service.run.reset();
    if (attempt.planned) age(*attempt.planned);
    service.run_number = next_run_number_++;
    post(name, service.run_number, engine::Event::dropped);
}

void Manager::release(Service& service) {
    if (service.attempt) forget_plan(service);
    const std::string& name = service.unit.name;
    if (service.run && !service.run->release()) {
        post(name, service.run_number, engine::Event::release_failed);
        return;
    }
    if (service.group && !service.group->release()) {
        post(name, service.run_number, engine::Event::release_failed);
        return;
    }
    // Without a last try it is up to the one before to remove what both have used.
    if (service.attempt && service.attempt->former && !service.attempt->former->release()) {
        post(name, service.run_number, engine::Event::release_failed);
        return;
    }
    const bool has_moved = group_of(service) != service.unit.cgroup_place.group;
    service.attempt.reset();
    service.run.reset();
    service.group.reset();
    // From now on it needs what the loaded unit names alone; there is no cycle in less than before.
    if (has_moved) (void)engine_.load(make_engine_spec(service.unit, {}));
    end_drift(*this, service);
    post(name, service.run_number, engine::Event::released);
}

}  // namespace confinit
