// SPDX-License-Identifier: Apache-2.0
// UnitStore's part about unit files: PID 1 asks a planner, or a worker, and reads none itself.
#include "supervisor/helpers/helper_process.h"
#include "supervisor/jobs/unit_store.h"

#include "base/look_note.h"
#include "unit/seccomp_profile.h"
#include "unit/unit_files.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace confinit {
namespace {

constexpr std::chrono::seconds patience_for_files{30};

void add_names(const UnitSection& section, std::vector<std::string>& names) {
    for (const auto* list : {&section.requires_units, &section.wants})
        names.insert(names.end(), list->begin(), list->end());
}

}  // namespace

// In a helper: the units of these names, and those that they need and that nobody has loaded.
DiskReadings UnitStore::look_at_files(std::vector<std::string> names, bool all) const {
    DiskReadings readings;
    readings.begun = Clock::now();
    if (all) {
        readings.foreign = foreign_files(directories_);
        for (std::string& name : list_unit_names(directories_)) {
            if (!name.ends_with('@')) names.push_back(std::move(name));
        }
        // Instances and units whose file is gone are known by name only.
        for (const auto& [name, service] : services_) {
            if (!service->unit.files.empty()) names.push_back(name);
        }
        std::ranges::sort(names);
        names.erase(std::ranges::unique(names).begin(), names.end());
        readings.listed = names;
    }
    while (!names.empty()) {
        const std::string name = std::move(names.back());
        names.pop_back();
        if (readings.units.contains(name) || readings.unchanged.contains(name)) continue;
        look_at_files_of(name, readings, names);
    }
    return readings;
}

void UnitStore::look_at_files_of(const std::string& name, DiskReadings& readings,
                                 std::vector<std::string>& needed) const {
    note_key(name);
    // Where all is looked at, what lies beside the units is known as a whole.
    const auto lies_beside = [&](const std::string& unit) {
        return readings.foreign ? std::vector<std::string>{} : foreign_files_of(unit, directories_);
    };
    const auto known = services_.find(name);
    const bool is_known = known != services_.end();
    if (is_known) {
        for (std::string& missing : engine_.missing(name))
            needed.push_back(std::move(missing));
        const Service& service = *known->second;
        const DiskLook& look = service.disk;
        const UnitStamp now = stamp_of(service.unit);
        const bool is_as_it_was = look.state == OnDisk::same && !look.stamp.is_young() &&
                                  !now.is_young() && now.is_same(look.stamp);
        if (service.unit.files.empty() || is_as_it_was) {
            for (const std::string& path : service.unit.files)
                readings.add_rules_of(path);
            readings.unchanged.emplace(name, lies_beside(name));
            return;
        }
    }
    Checked<Unit> unit;
    UnitReading reading = read_unit_files(name, directories_, vocabulary_, unit);
    if (is_known) reading.not_read = lies_beside(name);
    for (const std::string& path : reading.stamp.paths())
        readings.add_rules_of(path);
    if (unit) add_names(unit->unit, needed);
    readings.units.emplace(name, std::move(reading));
}

UnitStamp UnitStore::stamp_of(const Unit& unit) const {
    UnitStamp stamp = UnitStamp::take(unit.name, directories_);
    if (unit.seccomp && unit.seccomp->profile) stamp.add_file(unit.seccomp->profile->path);
    return stamp;
}

void UnitStore::read_ahead(ReadAhead wanted, std::function<void()> then) {
    const std::string what = wanted.names.empty() ? "unit files" : wanted.names.front();
    const auto shared = std::make_shared<const ReadAhead>(std::move(wanted));
    auto look = [this, shared] {
        return look_at_files(shared->names, shared->all).pack();
    };
    if (shared->account == 0) {
        machinery_.planner.ask({.unit = what,
                                .is_urgent = true,
                                .patience = patience_for_files,
                                .look = [look]() -> PlannerAnswer {
                                    return PlanMessage{look(), {}};
                                }},
                               [this, then = std::move(then)](PlannerAnswer answer) {
                                   if (answer) return on_read(answer->bytes, then);
                                   on_read(failure(answer.error().text()), then);
                               });
        return;
    }
    machinery_.workers.run({.name = fmt::format("look at the files of '{}'", what),
                            .uid = shared->account,
                            .task = {.work = [look]() -> Result<std::string> {
                                return look();
                            }}},
                           [this, then = std::move(then)](const Result<std::string>& answer) {
                               on_read(answer, then);
                           });
}

// It holds for as long as `then` runs: a moment later the files may be others.
void UnitStore::on_read(const Result<std::string>& answer, const std::function<void()>& then) {
    const bool is_taken = machinery_.loop.run_guarded([&] { take_readings(answer); });
    if (!is_taken) read_failure_ = "no memory";
    (void)machinery_.loop.run_guarded(then);
    readings_ = {};
    read_failure_.clear();
}

void UnitStore::take_readings(const Result<std::string>& answer) {
    auto readings = answer ? DiskReadings::unpack(*answer) : std::unexpected(answer.error());
    if (!readings) {
        read_failure_ = readings.error().text();
        return;
    }
    for (const auto& [path, rule] : readings->rules)
        file_rules_.insert_or_assign(path, rule);
    readings_ = std::move(*readings);
}

// Readings may come in another order than that of their looks.
bool UnitStore::is_outdone(const Service& service) const {
    return readings_.begun < service.read_at;
}

std::optional<FileRule> UnitStore::rule_of(const std::string& path) const {
    if (is_helper()) return look_at_rule(path);
    const auto known = file_rules_.find(path);
    return known == file_rules_.end() ? std::nullopt : std::optional{known->second};
}

// PID 1 knows what it was told; a helper looks.
UnitStore::UnitOnDisk UnitStore::read_unit(std::string_view name) const {
    if (is_helper()) {
        Checked<Unit> unit;
        UnitReading reading = read_unit_files(name, directories_, vocabulary_, unit);
        return {std::move(unit), std::move(reading.stamp)};
    }
    const auto found = readings_.units.find(name);
    if (found != readings_.units.end())
        return {unit_of(found->second, words_), found->second.stamp};
    const bool has_failed = !read_failure_.empty();
    return {std::unexpected(std::vector{
                Problem{.key = has_failed ? "" : std::string{not_found_key},
                        .message = has_failed ? "its files could not be read: " + read_failure_
                                              : fmt::format("there is no unit '{}'", name)}}),
            {}};
}

}  // namespace confinit
