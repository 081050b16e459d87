// SPDX-License-Identifier: Apache-2.0
// UnitStore: every loaded unit with its service, and what is known of the unit files.
#include "supervisor/jobs/unit_store.h"

#include "kernel/probe.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "supervisor/jobs/engine_spec.h"
#include "supervisor/loop/memory_reserve.h"
#include "supervisor/units/forwarded_line.h"
#include "unit/origins.h"
#include "unit/unit_files.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

namespace confinit {

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

UnitStore::UnitStore(Machinery& machinery, engine::Engine& engine,
                     std::vector<std::string> unit_directories, Listener listener)
    : machinery_(machinery),
      engine_(engine),
      directories_(std::move(unit_directories)),
      listener_(std::move(listener)),
      vocabulary_(kernel_vocabulary()),
      words_(vocabulary_) {
    words_.filter_fault = nullptr;
    machinery_.planner.set_reader([this](std::string_view words) { return look_at(words); });
}

Service* UnitStore::loaded(std::string_view unit) const {
    const auto found = units_.find(unit);
    return found == units_.end() ? nullptr : found->second.get();
}

// With the service that boot starts, a supervisor has nothing left to be there for.
bool UnitStore::is_essential(const Unit& unit) const {
    return unit.service && (unit.service->is_essential || unit.name == machinery_.boot_unit);
}

engine::UnitSpec UnitStore::spec_of(const Unit& unit, const std::string& group) const {
    engine::UnitSpec spec = make_engine_spec(unit, group);
    spec.is_essential = is_essential(unit);
    return spec;
}

std::optional<std::string> UnitStore::take(Unit unit, UnitStamp stamp) {
    const MemoryReserve reserve;
    // Its service stays as it is: a run keeps the unit that it was started with.
    const auto known = units_.find(unit.name);
    const bool is_known = known != units_.end();
    const std::string group = is_known ? group_in_use(*known->second) : "";
    if (auto cycle = engine_.load(spec_of(unit, group))) {
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
    if (service.pending_start && !service.pending_start->decided_unit)
        service.pending_start->decided_unit = std::make_unique<Unit>(std::move(service.unit));
    service.unit = std::move(unit);
    service.kept.forget();
    service.disk = {.stamp = std::move(stamp)};
    service.read_at = readings_.begun;
    return std::nullopt;
}

// It is complete before it has its place: an exception leaves no name without a service.
Service& UnitStore::add_service(const std::string& name) {
    auto service = std::make_unique<Service>();
    service->log.set_observer([this, raw = service.get()](const LogLine& line) {
        forward(*raw, line);
        listener_.new_output();
    });
    service->log.set_unfinished_observer(
        [this, name](Clock::time_point due) { unfinished_lines_.try_emplace(name, due); });
    return *units_.emplace(name, std::move(service)).first->second;
}

void UnitStore::forward(const Service& service, const LogLine& line) const {
    const bool is_error = line.stream == LogStream::standard_error;
    OwnOutput* const output = is_error ? machinery_.error_output : machinery_.output;
    if (output == nullptr) return;
    const Unit* running = running_unit(service);
    const Unit& unit = running != nullptr ? *running : service.unit;
    const LogForm form = unit.log.forward.value_or(machinery_.log_form);
    output->write(forwarded_text(form, unit.name, line));
}

// Told once, and again when it changes.
void UnitStore::warn(const Unit& unit, const Service* known) const {
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
void UnitStore::tell_foreign_files() {
    if (!readings_.foreign) return;
    std::vector<std::string> found = *readings_.foreign;
    for (const std::string& text : found) {
        const bool is_told = std::ranges::find(foreign_files_, text) != foreign_files_.end();
        if (!is_told) machinery_.console.warning(text);
    }
    foreign_files_ = std::move(found);
}

std::vector<std::string> UnitStore::load_all() {
    if (!read_failure_.empty()) return {read_failure_};
    tell_foreign_files();
    broken_.clear();
    std::vector<std::string> problems;
    for (const std::string& name : readings_.listed) {
        if (readings_.unchanged.contains(name)) {
            // An edit without effect was told when it was read.
            if (Service* service = loaded(name)) service->vain_edits.clear();
            continue;
        }
        auto found = load(name);
        if (!found.empty() && !units_.contains(name)) broken_[name] = found;
        std::ranges::move(found, std::back_inserter(problems));
    }
    return problems;
}

// One that is gone is no problem: nothing new is to be loaded.
std::vector<std::string> UnitStore::load(const std::string& name) {
    const Service* present = loaded(name);
    if (present != nullptr && is_outdone(*present)) return {};
    UnitOnDisk found = read_unit(name);
    if (found.unit) {
        auto refused = take(std::move(*found.unit), std::move(found.stamp));
        return refused ? std::vector{std::move(*refused)} : std::vector<std::string>{};
    }
    const auto known = units_.find(name);
    if (known == units_.end()) return texts(found.unit.error());
    DiskLook& look = known->second->disk;
    look = compared(known->second->unit, found);
    if (look.state == OnDisk::gone) forget_if_gone(name);
    return look.problems;
}

std::vector<std::string> UnitStore::reload(const std::string& name) {
    const Service* present = loaded(name);
    const bool is_newer = present != nullptr && is_outdone(*present);
    if (is_newer || readings_.unchanged.contains(name)) return {};
    auto [unit, stamp] = read_unit(name);
    if (!unit) return texts(unit.error());
    if (auto refused = take(std::move(*unit), std::move(stamp))) return {std::move(*refused)};
    return {};
}

const Process* UnitStore::find_running(std::string_view name) const {
    const auto found = units_.find(name);
    if (found == units_.end() || !found->second->run) return nullptr;
    const Process& main = found->second->run->main_process();
    return main ? &main : nullptr;
}

void UnitStore::add(Unit unit) {
    (void)take(std::move(unit), {});
}

void UnitStore::load_needed(const std::string& unit) {
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

void UnitStore::show_unfinished_lines() {
    const auto now = Clock::now();
    for (auto entry = unfinished_lines_.begin(); entry != unfinished_lines_.end();) {
        const auto [unit, due] = *entry;
        if (due > now) {
            ++entry;
            continue;
        }
        const auto found = units_.find(unit);
        const auto next =
            found != units_.end() ? found->second->log.show_unfinished(now) : std::nullopt;
        if (next) {
            entry->second = *next;
            ++entry;
        } else {
            entry = unfinished_lines_.erase(entry);
        }
    }
}

std::optional<Clock::time_point> UnitStore::next_deadline() const {
    std::optional<Clock::time_point> next;
    for (const auto& [unit, due] : unfinished_lines_)
        next = std::min(next.value_or(due), due);
    return next;
}

}  // namespace confinit
