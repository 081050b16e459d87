// SPDX-License-Identifier: Apache-2.0
// ChangePlan: what a live change comes to, before anything is written.
#include "supervisor/jobs/change_plan.h"

#include "base/file.h"
#include "base/text.h"
#include "supervisor/jobs/unit_versions.h"
#include "unit/drafts.h"
#include "unit/drop_in_text.h"
#include "unit/keys.h"
#include "unit/limit_key.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <iterator>

namespace confinit {
namespace {

std::unexpected<ChangeRefused> refused(std::string failure) {
    return std::unexpected(ChangeRefused{{}, std::move(failure)});
}

// The request is at fault, as a file with a problem is.
std::unexpected<ChangeRefused> refused_by_check(std::string problem) {
    return std::unexpected(ChangeRefused{{std::move(problem)}, {}});
}

bool is_below_run(const std::string& directory) {
    return directory.starts_with("/run/");
}

// A drop-in of ours with the text that it has now.
struct Present {
    Draft draft;
    std::string before;
};

std::expected<Present, ChangeRefused> read_present(const Manager& manager, const std::string& unit,
                                                   bool runtime) {
    Present present{
        .draft = {.directory = drop_in_directory(manager.units().directories(), runtime),
                  .unit_file = unit + ".toml",
                  .name = std::string{runtime ? set_runtime_drop_in : set_drop_in},
                  .text = {}},
        .before = {}};
    if (present.draft.directory.empty()) {
        return refused(fmt::format("no unit directory that is read{}: {}",
                                   runtime ? " is below /run" : "",
                                   join(manager.units().directories(), ", ")));
    }
    auto text = find_file(AT_FDCWD, present.draft.path());
    if (!text) return refused(std::move(text).error().text());
    present.before = text->value_or("");
    present.draft.text = present.before;
    return present;
}

// A value to be set, by its key's whole name, and how its text may be meant in TOML.
struct Value {
    std::string key;
    std::string text;
    std::vector<std::string> readings;
    std::size_t reading = 0;
};

// The whole of a request: values to set, and keys to take back.
struct Wanted {
    std::vector<Value> values;
    std::vector<std::string> taken_back;

    std::vector<std::string> keys() const {
        std::vector<std::string> all = taken_back;
        for (const Value& value : values)
            all.push_back(value.key);
        return all;
    }
};

std::expected<Wanted, ChangeRefused> wanted_of(const ChangeRequest& request) {
    Wanted wanted;
    for (const WantedValue& one : request.values) {
        auto key = find_limit_key(one.key);
        if (!key) return refused_by_check(std::move(key).error().text());
        const auto known = wanted.keys();
        if (std::ranges::find(known, *key) != known.end()) {
            return refused_by_check(fmt::format("{} is given twice", *key));
        }
        if (one.value.contains('\n')) return refused_by_check("a value is one line");
        if (one.value.empty()) {
            wanted.taken_back.push_back(std::move(*key));
        } else {
            wanted.values.push_back({std::move(*key), one.value, value_readings(one.value)});
        }
    }
    return wanted;
}

void add_edit(ChangePlan& plan, const Present& present) {
    if (present.draft.text == present.before) return;
    plan.edits.push_back({present.draft.path(), present.draft.text, present.before});
}

// A later drop-in may set the key again, and then the change would have no effect.
std::expected<void, ChangeRefused> check_that_it_counts(const Unit& unit, const std::string& key,
                                                        const Draft& target, bool runtime) {
    const auto place = unit.locations.find(key);
    if (place == unit.locations.end() || place->second.file == target.path()) return {};
    const bool is_ours = is_set_drop_in(place->second.file) && !runtime;
    const std::string cure =
        is_ours ? fmt::format("--runtime changes it there, and `svctl revert {} {}` takes it back",
                              unit.name, key)
                : std::string{"change it there"};
    return refused(fmt::format("{} is given in {}:{}, which comes after {}: {}", key,
                               place->second.file, place->second.line, target.path(), cure));
}

// The drop-ins of ours, with what is wanted. The one that values go into comes first; a directory
// below /run need not be on the search path, and then nothing of ours is there.
std::expected<std::vector<Present>, ChangeRefused> presents_of(const Manager& manager,
                                                               const std::string& unit,
                                                               const Wanted& wanted, bool runtime) {
    std::vector<Present> all;
    if (!wanted.values.empty()) all.push_back(TRY(read_present(manager, unit, runtime)));
    for (const bool is_runtime : {false, true}) {
        if (!all.empty() && is_runtime == runtime && !wanted.values.empty()) continue;
        auto present = read_present(manager, unit, is_runtime);
        if (present && !present->before.empty()) all.push_back(std::move(*present));
    }
    return all;
}

// The limits that the present run does not have as this reading of its unit says. A drop-in of ours
// that was removed by hand leaves such ones behind.
std::vector<std::string> outdated_limits(const Service& service, const Unit& unit) {
    const Unit* running = running_unit(service);
    if (running == nullptr) return {};
    std::vector<std::string> left_out;
    for (const SkippedKey& skipped : service.skipped)
        left_out.push_back(skipped.key);
    std::vector<std::string> limits;
    for (const std::string& key : outdated_keys(*running, unit, left_out)) {
        if (auto limit = find_limit_key(key)) limits.push_back(std::move(*limit));
    }
    return limits;
}

void sort_once(std::vector<std::string>& keys) {
    std::ranges::sort(keys);
    const auto twice = std::ranges::unique(keys);
    keys.erase(twice.begin(), twice.end());
}

std::unexpected<ChangeRefused> not_changed_by_set(const Service& service, const Unit& now,
                                                  const std::string& key) {
    std::string why = fmt::format("{} was not changed by svctl set", key);
    const auto outdated = outdated_limits(service, now);
    if (std::ranges::find(outdated, key) != outdated.end()) {
        why += fmt::format(
            ", but what runs has not what its files say now; `svctl revert {}` puts "
            "in force all that they say",
            service.unit.name);
    }
    return refused(std::move(why));
}

std::expected<void, ChangeRefused> settle_taken_back(Wanted& wanted,
                                                     const std::vector<Present>& all,
                                                     const Service& service, const Unit& now) {
    std::vector<std::string> ours;
    for (const Present& present : all)
        std::ranges::move(keys_in(present.before), std::back_inserter(ours));
    for (const std::string& key : wanted.taken_back) {
        if (std::ranges::find(ours, key) != ours.end()) continue;
        return not_changed_by_set(service, now, key);
    }
    if (!wanted.keys().empty()) return {};
    sort_once(ours);
    wanted.taken_back = std::move(ours);
    return {};
}

std::vector<Draft> drafts_of(std::vector<Present>& all, const Wanted& wanted) {
    std::vector<Draft> drafts;
    for (Present& present : all) {
        std::string& text = present.draft.text;
        text = without_keys(present.before, wanted.taken_back);
        if (&present == &all.front()) {
            for (const Value& value : wanted.values)
                text = with_key(text, value.key, value.readings[value.reading]);
        }
        if (trim(text).empty()) text.clear();
        drafts.push_back(present.draft);
    }
    return drafts;
}

// The next reading of a value that a problem is about; false where there is none.
bool try_other_reading(Wanted& wanted, const std::vector<Problem>& problems) {
    for (Value& value : wanted.values) {
        const bool is_meant = std::ranges::any_of(problems, [&](const Problem& problem) {
            return is_key_within(problem.key, value.key);
        });
        if (!is_meant || value.reading + 1 >= value.readings.size()) continue;
        ++value.reading;
        return true;
    }
    return false;
}

// A problem with a value names KEY=VALUE: the file that would have its place is not written.
std::vector<std::string> texts_of(std::vector<Problem> problems, const Wanted& wanted,
                                  const std::string& path) {
    for (Problem& problem : problems) {
        if (problem.location.file != path) continue;
        const auto value = std::ranges::find_if(
            wanted.values, [&](const Value& one) { return is_key_within(problem.key, one.key); });
        if (value == wanted.values.end()) continue;
        problem.location = {};
        problem.key = fmt::format("{}={}", value->key, value->text);
    }
    return texts(problems);
}

struct PlannedFiles {
    ChangePlan plan;
    Unit unit;  // as it is read with the edits
};

std::expected<PlannedFiles, ChangeRefused> plan_files(const Manager& manager,
                                                      const Service& service,
                                                      const ChangeRequest& request,
                                                      const Unit& now) {
    Wanted wanted = TRY(wanted_of(request));
    std::vector<Present> all =
        TRY(presents_of(manager, service.unit.name, wanted, request.runtime));
    TRY(settle_taken_back(wanted, all, service, now));
    PlannedFiles planned{.plan = {.keys = wanted.keys(), .edits = {}, .values = {}, .limits = {}},
                         .unit = {}};
    const std::string path = all.empty() ? "" : all.front().draft.path();
    std::vector<std::string> problems;
    for (;;) {
        auto unit = manager.units().read_with(service.unit.name, drafts_of(all, wanted));
        if (unit) {
            planned.unit = std::move(*unit);
            break;
        }
        // A refusal tells the problems of the likeliest readings.
        if (problems.empty()) problems = texts_of(unit.error(), wanted, path);
        if (!try_other_reading(wanted, unit.error())) {
            return std::unexpected(ChangeRefused{std::move(problems), {}});
        }
    }
    for (const Value& value : wanted.values)
        TRY(check_that_it_counts(planned.unit, value.key, all.front().draft, request.runtime));
    for (const Present& present : all)
        add_edit(planned.plan, present);
    return planned;
}

// The unit as it is on disk now. Nothing can be changed of one that does not load.
std::expected<Unit, ChangeRefused> read_present_unit(const Manager& manager,
                                                     const std::string& name) {
    auto unit = manager.units().read_with(name, {});
    if (unit) return std::move(*unit);
    const auto problems = texts(unit.error());
    if (unit.error().front().key == not_found_key) {
        return refused(
            fmt::format("nothing was changed: the file of '{}' is gone, so that there "
                        "is no unit to keep a change of",
                        name));
    }
    return std::unexpected(ChangeRefused{
        problems,
        fmt::format("nothing was changed: '{}' does not load: {}", name, problems.front())});
}

std::expected<CgroupConfig, ChangeRefused> config_of(const Manager& manager, const Unit& unit) {
    auto config = make_cgroup_config(unit, manager.machinery().launch_context);
    if (!config) return refused(config.error().text());
    return std::move(*config);
}

std::expected<void, ChangeRefused> check_use(const Service& service, const LimitChanges& limits) {
    const Cgroup* node = node_of(service);
    if (node == nullptr) return {};
    for (const CgroupSetting& setting : limits.settings) {
        const std::string why = use_above(*node, setting);
        if (!why.empty()) return refused(why + "; --force does it all the same");
    }
    return {};
}

}  // namespace

std::string drop_in_directory(std::span<const std::string> search_path, bool runtime) {
    for (const std::string& directory : search_path) {
        if (is_below_run(directory) == runtime) return directory;
    }
    // One that is below /run is still read: it is kept for as long as everything else there.
    return runtime || search_path.empty() ? "" : search_path.front();
}

std::expected<ChangePlan, ChangeRefused> plan_change(const Manager& manager, const Service& service,
                                                     const ChangeRequest& request) {
    // Read first, so that the difference is that of the edits alone. All that is taken back is the
    // difference to what runs.
    const Unit present = TRY(read_present_unit(manager, service.unit.name));
    auto [plan, unit] = TRY(plan_files(manager, service, request, present));
    const Unit* running = running_unit(service);
    const bool is_all = request.values.empty() && running != nullptr;
    if (is_all) {
        std::ranges::move(outdated_limits(service, unit), std::back_inserter(plan.keys));
        sort_once(plan.keys);
    }
    plan.values = values_of(unit, plan.keys);
    if (plan.keys.empty()) return std::move(plan);
    plan.limits = limit_changes(TRY(config_of(manager, is_all ? *running : present)),
                                TRY(config_of(manager, unit)), plan.keys);
    if (!request.force) TRY(check_use(service, plan.limits));
    return std::move(plan);
}

std::vector<LimitValue> values_of(const Unit& unit, const std::vector<std::string>& keys) {
    std::vector<LimitValue> values;
    for (const std::string& key : keys) {
        const auto value = unit.declared.find(key);
        const auto place = unit.locations.find(key);
        const bool is_given = value != unit.declared.end() && place != unit.locations.end();
        values.push_back(is_given ? LimitValue{key, value->second, place->second}
                                  : LimitValue{key, std::string{find_key(key)->fallback}});
    }
    return values;
}

}  // namespace confinit
