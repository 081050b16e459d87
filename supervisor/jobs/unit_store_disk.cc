// SPDX-License-Identifier: Apache-2.0
// UnitStore's part about unit files: PID 1 asks a planner, or a worker, and reads none itself.
#include "supervisor/helpers/helper_process.h"
#include "supervisor/jobs/unit_store.h"

#include "unit/unit_files.h"

#include <fmt/format.h>
#include <utility>

namespace confinit {
namespace {

constexpr std::chrono::seconds patience_for_files{30};

// A longer question is answered by a planner that is born for it.
constexpr std::size_t longest_words = 32768;

}  // namespace

std::optional<KnownFiles> UnitStore::known_files(const std::string& name) const {
    const auto found = units_.find(name);
    if (found == units_.end()) return std::nullopt;
    const Service& service = *found->second;
    return KnownFiles{.paths = service.unit.files,
                      .profile = profile_of(service.unit),
                      .missing = engine_.missing(name),
                      .are_as_loaded = service.disk.state == OnDisk::same,
                      .stamp = service.disk.stamp,
                      .not_read = service.disk.not_read};
}

// In a helper that has PID 1's memory of today.
DiskReadings UnitStore::look_at(FilesLook wanted) const {
    if (wanted.all) {
        // Instances and units whose file is gone are known by name only.
        for (const auto& [name, service] : units_) {
            if (!service->unit.files.empty()) wanted.names.push_back(name);
        }
    }
    return look_at_files(std::move(wanted), directories_, vocabulary_,
                         [this](const std::string& name) { return known_files(name); });
}

// In a helper that has none.
PlannerAnswer UnitStore::look_at(std::string_view words) const {
    const auto units = unpack_known_units(words);
    if (!units) return failure("the question about unit files is damaged");
    FilesLook wanted;
    for (const auto& [name, known] : *units)
        wanted.names.push_back(name);
    const auto find_known = [&](const std::string& name) -> std::optional<KnownFiles> {
        const auto found = units->find(name);
        return found == units->end() ? std::nullopt : std::optional{found->second};
    };
    return Parcel{look_at_files(std::move(wanted), directories_, vocabulary_, find_known).pack(),
                  {}};
}

// The question in words, where each of the units is loaded; or empty.
std::string UnitStore::in_words(const FilesLook& wanted) const {
    if (wanted.all) return {};
    KnownUnits units;
    for (const std::string& name : wanted.names) {
        auto known = known_files(name);
        if (!known) return {};
        units.emplace(name, std::move(*known));
    }
    std::string words = pack(units);
    return words.size() <= longest_words ? std::move(words) : std::string{};
}

void UnitStore::read_ahead(ReadAhead wanted, std::function<void()> then) {
    const std::string what = wanted.look.names.empty() ? "unit files" : wanted.look.names.front();
    const auto shared = std::make_shared<const ReadAhead>(std::move(wanted));
    auto look = [this, shared] {
        return look_at(shared->look).pack();
    };
    if (shared->account == 0) {
        machinery_.planner.ask({.unit = what,
                                .is_urgent = true,
                                .patience = patience_for_files,
                                .look = [look]() -> PlannerAnswer { return Parcel{look(), {}}; },
                                .words = in_words(shared->look)},
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
                            }},
                            .payer = shared->payer},
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
