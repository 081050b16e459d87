// SPDX-License-Identifier: Apache-2.0
// Manager: holds every loaded unit, feeds the engine, and performs what it decides.
#include "supervisor/jobs/manager.h"

#include "base/text.h"
#include "kernel/probe.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "supervisor/jobs/engine_spec.h"
#include "supervisor/loop/memory_reserve.h"
#include "unit/origins.h"
#include "unit/unit_files.h"

#include <algorithm>
#include <ctime>
#include <fmt/format.h>
#include <set>
#include <sys/random.h>
#include <unistd.h>

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

// What the engine gives as the reason, if the event makes the run a failed one.
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

}  // namespace

std::vector<std::string> texts(const std::vector<Problem>& problems) {
    std::vector<std::string> all;
    for (const Problem& problem : problems) {
        // A unit that is nowhere has no place in a file to name.
        all.push_back(problem.key == not_found_key ? problem.message : problem.text());
    }
    return all;
}

// A text that is no name of a unit is the name of no unit.
UnitRefused refused(std::string_view name, const std::vector<Problem>& problems) {
    const bool exists =
        is_valid_unit_name(name) && !problems.empty() && problems.front().key != not_found_key;
    return {exists, texts(problems)};
}

const Cgroup* node_of(const Service& service) {
    if (service.run) return service.run->node();
    return service.group ? &service.group->node() : nullptr;
}

engine::Time engine_time(Clock::time_point time) {
    return std::chrono::duration_cast<engine::Time>(time.time_since_epoch());
}

engine::Time engine_now() {
    return engine_time(Clock::now());
}

// The group that a run is in, or will be that waits for its launch.
std::string group_in_use(const Service& service) {
    if (service.attempt && service.attempt->decided_unit)
        return service.attempt->decided_unit->cgroup_place.group;
    const bool is_in_use = running_unit(service) != nullptr || service.attempt;
    return is_in_use ? group_of(service) : "";
}

Manager::Manager(Machinery machinery, std::vector<std::string> unit_directories)
    : machinery_(machinery),
      directories_(std::move(unit_directories)),
      vocabulary_(kernel_vocabulary()),
      words_(vocabulary_),
      engine_(random_number()) {
    words_.filter_fault = nullptr;
}

std::optional<std::string> Manager::take(Unit unit, UnitStamp stamp) {
    const MemoryReserve reserve;
    // Its service stays as it is: a run keeps the unit that it was started with.
    const auto known = services_.find(unit.name);
    const bool is_known = known != services_.end();
    const std::string group = is_known ? group_in_use(*known->second) : "";
    if (auto cycle = engine_.load(make_engine_spec(unit, group))) {
        std::string text = fmt::format("{}: ordering cycle: {}", unit.name, *cycle);
        if (is_known) {
            known->second->disk = {std::move(stamp), OnDisk::broken, {}, {text}};
        }
        return text;
    }
    warn(unit, is_known ? known->second.get() : nullptr);
    Service& service = is_known ? *known->second : add_service(unit.name);
    broken_.erase(unit.name);
    service.vain_edits =
        is_known ? edits_without_effect(service.unit, unit) : std::vector<std::string>{};
    // The engine has decided on a start of the unit as it was.
    if (service.attempt && !service.attempt->decided_unit)
        service.attempt->decided_unit = std::make_unique<Unit>(std::move(service.unit));
    service.unit = std::move(unit);
    service.kept.forget();
    service.disk = {.stamp = std::move(stamp)};
    service.read_at = readings_.begun;
    return std::nullopt;
}

// It is complete before it has its place: an exception leaves no name without a service.
Service& Manager::add_service(const std::string& name) {
    auto service = std::make_unique<Service>();
    service->log.set_observer([this] {
        if (observer_) observer_();
    });
    service->log.set_unfinished_observer(
        [this, name](Clock::time_point due) { unfinished_lines_.try_emplace(name, due); });
    return *services_.emplace(name, std::move(service)).first->second;
}

// Told once, and again when it changes.
void Manager::warn(const Unit& unit, const Service* known) const {
    const bool is_told = known != nullptr && known->unit.warnings == unit.warnings;
    if (is_told) return;
    for (const std::string& warning : unit.warnings)
        machinery_.console.warning(warning);
    const auto high = unit.declared.find("cgroup.memory.high");
    if (high == unit.declared.end() || high->second == "max" || swap_total() != 0) return;
    machinery_.console.warning(fmt::format(
        "{}: cgroup.memory.high: this machine has no swap, so that a service that needs more can "
        "only be slowed down",
        unit.name));
}

// A file beside the unit files that is not read is told of once, also when it comes later.
void Manager::tell_foreign_files() {
    if (!readings_.foreign) return;
    std::vector<std::string> found = *readings_.foreign;
    for (const std::string& text : found) {
        const bool is_told = std::ranges::find(foreign_files_, text) != foreign_files_.end();
        if (!is_told) machinery_.console.warning(text);
    }
    foreign_files_ = std::move(found);
}

std::vector<std::string> Manager::load_all() {
    if (!read_failure_.empty()) return {read_failure_};
    tell_foreign_files();
    broken_.clear();
    std::vector<std::string> problems;
    for (const std::string& name : readings_.listed) {
        if (readings_.unchanged.contains(name)) {
            // An edit without effect was told when it was read.
            if (Service* service = find_service(name)) service->vain_edits.clear();
            continue;
        }
        auto found = load(name);
        if (!found.empty() && !services_.contains(name)) broken_[name] = found;
        std::ranges::move(found, std::back_inserter(problems));
    }
    return problems;
}

// One that is gone is no problem: nothing new is to be loaded.
std::vector<std::string> Manager::load(const std::string& name) {
    const Service* present = find_service(name);
    if (present != nullptr && is_outdone(*present)) return {};
    UnitOnDisk found = read_unit(name);
    if (found.unit) {
        auto refused = take(std::move(*found.unit), std::move(found.stamp));
        return refused ? std::vector{std::move(*refused)} : std::vector<std::string>{};
    }
    const auto known = services_.find(name);
    if (known == services_.end()) return texts(found.unit.error());
    DiskLook& look = known->second->disk;
    look = compared(known->second->unit, found);
    if (look.state == OnDisk::gone) forget_if_gone(name);
    return look.problems;
}

std::vector<std::string> Manager::reload(const std::string& name) {
    const Service* present = find_service(name);
    const bool is_newer = present != nullptr && is_outdone(*present);
    if (is_newer || readings_.unchanged.contains(name)) return {};
    auto [unit, stamp] = read_unit(name);
    if (!unit) return texts(unit.error());
    if (auto refused = take(std::move(*unit), std::move(stamp))) return {std::move(*refused)};
    return {};
}

std::optional<RunningUnit> Manager::find_running(std::string_view name) const {
    const auto found = services_.find(name);
    if (found == services_.end() || !found->second->run) return std::nullopt;
    const Run& run = *found->second->run;
    if (!run.main_pidfd()) return std::nullopt;
    return RunningUnit{run.main_pid(), run.main_pidfd().get()};
}

void Manager::add(Unit unit) {
    (void)take(std::move(unit), {});
}

void Manager::load_needed(const std::string& unit) {
    // A unit that cannot be loaded stays missing, and the engine fails those that require it.
    std::set<std::string> tried;
    for (;;) {
        bool found_new = false;
        for (const std::string& name : engine_.missing(unit)) {
            if (!tried.insert(name).second) continue;
            const auto loaded = find(name);
            if (loaded) {
                found_new = true;
            } else {
                const auto& problems = loaded.error().problems;
                if (!problems.empty()) {
                    engine_.explain_missing(name, problems.front() + naming_text(unit, name));
                }
                for (const std::string& problem : problems)
                    machinery_.console.error(problem);
            }
        }
        if (!found_new) return;
    }
}

Service* Manager::find_service(std::string_view unit) {
    const auto found = services_.find(unit);
    return found == services_.end() ? nullptr : found->second.get();
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
    for (const auto& [name, service] : services_) {
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
    for (const auto& retry : {events_.next_try(), actions_.next_try(), turns_.next_try()}) {
        if (retry) next = std::min(next.value_or(*retry), *retry);
    }
    for (const auto& [unit, due] : unfinished_lines_)
        next = std::min(next.value_or(due), due);
    return next;
}

void Manager::show_unfinished_lines() {
    const auto now = Clock::now();
    for (auto entry = unfinished_lines_.begin(); entry != unfinished_lines_.end();) {
        const auto [unit, due] = *entry;
        if (due > now) {
            ++entry;
            continue;
        }
        const auto found = services_.find(unit);
        const auto next =
            found != services_.end() ? found->second->log.show_unfinished(now) : std::nullopt;
        if (next) {
            entry->second = *next;
            ++entry;
        } else {
            entry = unfinished_lines_.erase(entry);
        }
    }
}

void Manager::expire() {
    const auto is_due = [now = Clock::now()](const auto& queue) {
        return queue.next_try().value_or(Clock::time_point::max()) <= now;
    };
    if (is_due(actions_)) perform_waiting();
    if (is_due(events_)) handle_events();
    {
        const MemoryReserve reserve;
        perform(engine_.expire(engine_now()));
    }
    if (is_due(turns_)) give_turns();
    show_unfinished_lines();
}

void Manager::post(std::string unit, std::uint64_t run_number, engine::Event event) {
    // An action may cause its event at once; the engine hears of it after the action list is done.
    events_.push({std::move(unit), run_number, event});
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
    Service* const found = find_service(event.unit);
    if (found == nullptr) return;
    Service& service = *found;
    if (service.run_number != event.run_number) return;
    const bool is_failure_of_launch =
        event.event == engine::Event::launch_failed || event.event == engine::Event::launcher_lost;
    if (is_failure_of_launch && service.attempt) return handle_failure(service, event.event);
    if (service.run && !service.run->end().text.empty()) service.last_end = service.run->end();
    // The confinement is in force, and nothing of the way to it is needed any more.
    if (event.event == engine::Event::launched) service.attempt.reset();
    perform(engine_.handle(event.unit, event.event, engine_now(), detail_of(service, event.event)));
}

}  // namespace confinit
