// SPDX-License-Identifier: Apache-2.0
// UnitStore's part about versions: how the files of loaded units compare with what is loaded.
#include "supervisor/helpers/helper_process.h"
#include "supervisor/jobs/unit_store.h"
#include "supervisor/loop/memory_reserve.h"

#include "unit/difference.h"
#include "unit/origins.h"
#include "unit/seccomp_profile.h"
#include "unit/unit_files.h"

#include <algorithm>
#include <fmt/format.h>

namespace confinit {
namespace {

bool is_not_found(const std::vector<Problem>& problems) {
    return !problems.empty() && problems.front().key == not_found_key;
}

}  // namespace

DiskLook UnitStore::compared(const Unit& loaded, const UnitOnDisk& found) {
    if (!found.unit) {
        const std::vector<Problem>& problems = found.unit.error();
        if (is_not_found(problems)) return {found.stamp, OnDisk::gone};
        return {found.stamp, OnDisk::broken, {}, texts(problems)};
    }
    auto keys = differing_keys(loaded, *found.unit);
    if (keys.empty()) return {found.stamp, OnDisk::same};
    return {found.stamp, OnDisk::changed, std::move(keys)};
}

Checked<Unit> UnitStore::read_with(std::string_view name, std::span<const Draft> drafts) const {
    return load_unit_with(name, directories_, vocabulary_, drafts);
}

const DiskLook& UnitStore::look_at_disk(Service& service) {
    if (is_outdone(service)) return service.disk;
    const auto reading = readings_.units.find(service.unit.name);
    if (reading == readings_.units.end()) {
        const auto unchanged = readings_.unchanged.find(service.unit.name);
        if (unchanged != readings_.unchanged.end()) {
            service.disk.stamp = unchanged->second.stamp;
            service.disk.not_read = unchanged->second.not_read;
        }
        return service.disk;
    }
    service.disk = compared(service.unit, read_unit(service.unit.name));
    service.disk.not_read = reading->second.not_read;
    return service.disk;
}

OnDisk UnitStore::glance_at_disk(const Service& service, std::uint64_t directories) const {
    const DiskLook& look = service.disk;
    if (!is_helper() || service.unit.files.empty() || look.stamp.holds(directories))
        return look.state;
    const UnitStamp now = stamp_now(service.unit.name, profile_of(service.unit), directories_);
    if (!now.has_main_file()) return OnDisk::gone;
    return now.is_same(look.stamp) ? look.state : OnDisk::changed;
}

std::uint64_t UnitStore::mark_of_disk() const {
    return is_helper() ? mark_of_directories(directories_) : 0;
}

bool UnitStore::forget(const std::string& name) {
    const auto found = units_.find(name);
    if (found == units_.end() || !engine_.forget(name)) return false;
    listener_.forgotten(name);
    // The caller's name may be that of the unit itself.
    units_.erase(found);
    return true;
}

// Nothing may be forgotten while an action of this unit is performed.
void UnitStore::forget_if_gone(const std::string& name) {
    machinery_.loop.defer([this, name] {
        const auto found = units_.find(name);
        if (found == units_.end()) return;
        if (engine_.state(name).sub != engine::SubState::dead) return;
        if (glance_at_disk(*found->second, mark_of_disk()) == OnDisk::gone) (void)forget(name);
    });
}

std::string UnitStore::naming_text(const std::string& starter, const std::string& name) const {
    const auto index_in = [&](const Unit& unit) {
        const auto& names = unit.unit.requires_units;
        return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
    };
    const auto names_it = [&](const auto& entry) {
        const Unit& unit = entry.second->unit;
        return index_in(unit) < unit.unit.requires_units.size();
    };
    auto found = units_.find(starter);
    if (found == units_.end() || !names_it(*found)) {
        found = std::ranges::find_if(units_, names_it);
    }
    if (found == units_.end()) return {};
    const Unit& unit = found->second->unit;
    const Naming naming = find_naming(unit, "unit.requires", index_in(unit), name);
    return fmt::format("; {} of {} names it", naming.key, place_text(naming.place));
}

}  // namespace confinit
