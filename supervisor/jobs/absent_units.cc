// SPDX-License-Identifier: Apache-2.0
// Units that are not there: those that others name, and files that nobody has loaded yet.
#include "supervisor/jobs/absent_units.h"

#include "supervisor/helpers/helper_process.h"

#include "unit/origins.h"
#include "unit/systemd_names.h"

#include <fmt/format.h>
#include <utility>

namespace confinit {
namespace {

// A caller that lists units must not make PID 1 read any number of files.
constexpr std::size_t most_read = 16;

bool is_known(const Manager& manager, const std::string& name) {
    return manager.units().all().contains(name) || manager.units().broken().contains(name);
}

// A unit that does not load is there all the same.
bool is_there(const Manager& manager, const std::string& name) {
    if (is_known(manager, name)) return true;
    const auto found = manager.units().look(name);
    return found || found.error().exists;
}

std::vector<std::string> problems_of(const Manager& manager, const std::string& name) {
    const auto found = manager.units().look(name);
    return found ? std::vector<std::string>{} : found.error().problems;
}

}  // namespace

std::vector<std::string> absent_dependencies(const Manager& manager, const Unit& unit) {
    const std::pair<const char*, const std::vector<std::string>*> lists[] = {
        {"unit.requires", &unit.unit.requires_units}, {"unit.wants", &unit.unit.wants}};
    std::vector<std::string> absent;
    for (const auto& [key, names] : lists) {
        for (std::size_t i = 0; i < names->size(); ++i) {
            const std::string& name = (*names)[i];
            if (is_there(manager, name)) continue;
            const Naming naming = find_naming(unit, key, i, name);
            const std::string advice = advice_for_unit_name(name);
            const Problem problem{.location = naming.place,
                                  .key = naming.key,
                                  .message = fmt::format("there is no unit '{}'{}{}", name,
                                                         advice.empty() ? "" : "; ", advice)};
            absent.push_back(problem.text());
        }
    }
    return absent;
}

Json broken_summary(const std::string& name, const std::vector<std::string>& problems) {
    return {
        {"name", name},
        {"description", ""},
        {"kind", "unknown"},
        {"group", ""},
        {"enabled", "static"},
        {"active", "failed"},
        {"sub", "not-loaded"},
        {"pid", 0},
        {"since_us", 0},
        {"reason", problems.empty() ? "" : problems.front()},
        {"skipped", Json::array()},
        {"drift", Json::array()},
        {"on_disk", on_disk_names.name(OnDisk::broken)},
        {"load_problems", problems},
        {"outdated", Json::array()},
    };
}

std::vector<Json> unread_summaries(const Manager& manager) {
    std::vector<Json> unread;
    // Only a helper may look which files there are.
    if (!is_helper()) return unread;
    for (const std::string& name : list_unit_names(manager.units().directories())) {
        if (name.ends_with('@') || is_known(manager, name)) continue;
        const auto problems =
            unread.size() < most_read ? problems_of(manager, name) : std::vector<std::string>{};
        Json unit = broken_summary(name, problems);
        if (problems.empty()) {
            unit["active"] = "inactive";
            unit["on_disk"] = on_disk_names.name(OnDisk::changed);
            unit["reason"] = "its file is new; svctl daemon-reload loads it";
        }
        unread.push_back(std::move(unit));
    }
    return unread;
}

}  // namespace confinit
