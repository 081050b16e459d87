// SPDX-License-Identifier: Apache-2.0
// Performer's part about launches: their turns, the making of a run or a group, and what is left of
// an attempt that has failed.
#include "supervisor/jobs/performer.h"

#include "kernel/descriptor_limit.h"
#include "supervisor/jobs/engine_clock.h"
#include "supervisor/loop/memory_reserve.h"

#include <cerrno>
#include <fmt/format.h>
#include <new>
#include <utility>

namespace confinit {
namespace {

void keep_plan(Service& service) {
    const PendingStart& start = *service.pending_start;
    if (start.decided_unit || !start.planned->plan) return;
    service.kept.keep(start.planned->plan, start.planning->basis, keys_left_out(service));
}

}  // namespace

void Performer::await_turn(const std::string& unit) {
    turns_.push(unit);
    turns_soon_.ask();
}

// A thousand launches in one turn of the loop would keep everybody waiting who calls or has ended.
void Performer::give_turns() {
    constexpr std::chrono::milliseconds share_of_turn{5};
    const auto begin = Clock::now();
    const auto give_turn = [this](const std::string& unit) {
        listener_.turn_came(unit);
    };
    const auto give_up_turn = [this](const std::string& unit) {
        Service* const service = units_.loaded(unit);
        if (service != nullptr) fail_start(*service, engine::ActionKind::await_turn);
    };
    for (auto now = begin; now - begin < share_of_turn; now = Clock::now()) {
        if (turns_.is_empty() || turns_.is_resting(now)) return;
        turns_.handle_first(now, give_turn, give_up_turn);
    }
    turns_soon_.ask();
}

void Performer::launch(Service& service) {
    service.run_number = next_run_number_++;
    if (is_out_of_date(service)) return post(service, engine::Event::plan_outdated);
    auto started = try_to_start(service);
    if (!started) return fail_attempt(service, std::move(started).error());
    keep_plan(service);
    // A group has nothing that would tell of itself.
    if (service.group) post(service, engine::Event::launched);
}

// A launch may need more memory than there is, and is tried again as after any other ENOMEM.
Status Performer::try_to_start(Service& service) {
    Status started = std::unexpected(Error{.error = ENOMEM});
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

Status Performer::start_once(Service& service) {
    const SparedDescriptors spared;
    const Planned& planned = *service.pending_start->planned;
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
        {[this, name, number](engine::Event event) { listener_.happened({name, number, event}); },
         [this, name](engine::Time length) { engine_.extend(name, length, engine_now()); },
         [this, name] {
             thaw_groups(name);
         }}));
    return {};
}

// A frozen group that is to stop as well must let its members end. Any other one stays frozen, with
// all the rest of its members.
void Performer::thaw_groups(const std::string& unit) {
    for (auto found = units_.all().find(unit); found != units_.all().end();
         found = units_.all().find(group_of(*found->second))) {
        Service& service = *found->second;
        if (service.group && engine_.is_to_stop(found->first)) {
            service.group->freeze(false, [](const Status&) {});
        }
    }
}

// The nodes that the unit's own goes below.
Result<GroupNodes> Performer::groups_of(const Unit& unit) const {
    const std::string& name = unit.cgroup_place.group;
    if (name.empty()) return GroupNodes{};
    const auto found = units_.all().find(name);
    const bool is_there = found != units_.all().end();
    if (is_there && found->second->group) {
        auto chain = found->second->group->chain();
        if (chain) return std::move(*chain);
        return std::unexpected(std::move(chain).error().in("cgroup.group"));
    }
    const bool is_other = is_there && !is_group(found->second->unit);
    return std::unexpected(Error{
        .key = "cgroup.group",
        .object = name,
        .hint = is_other ? "it is no group: that is a unit without [service], with a [cgroup] table"
                         : "the group is not active"});
}

// The first process would stand still in a frozen group before its first instruction, and the start
// would wait for as long as nobody thaws the group.
Status Performer::check_groups_run(const Unit& unit) const {
    const Unit* member = &unit;
    for (;;) {
        const auto found = units_.all().find(member->cgroup_place.group);
        if (found == units_.all().end() || !found->second->group) return {};
        const Group& group = *found->second->group;
        if (group.is_asked_to_freeze()) {
            return std::unexpected(Error{
                .key = "cgroup.group",
                .object = found->first,
                .hint = fmt::format("the group is frozen, and so would its first process be: svctl "
                                    "thaw {}, then start it",
                                    found->first)});
        }
        member = &group.unit();
    }
}

// There is no run, and nothing of one.
void Performer::fail_attempt(Service& service, Error failure) {
    service.pending_start->failure = std::move(failure);
    post(service, engine::Event::launch_failed);
}

// The next attempt takes over runtime directories that have been there for some time.
void Performer::drop_run(Service& service) {
    PendingStart& start = *service.pending_start;
    if (service.run && !service.run->release(Run::Next::launch))
        return post(service, engine::Event::release_failed);
    if (service.run && !service.run->plan()->runtime_directories.empty())
        start.former = std::move(service.run);
    service.run.reset();
    if (start.planned) age(*start.planned);
    service.run_number = next_run_number_++;
    post(service, engine::Event::dropped);
}

}  // namespace confinit
