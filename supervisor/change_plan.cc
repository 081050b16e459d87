// SPDX-License-Identifier: Apache-2.0
// ChangePlan: what a live change comes to, before anything is written.
#include "change_plan.h"

#include "base/file.h"
#include "base/text.h"
#include "unit/drafts.h"
#include "unit/drop_in_text.h"
#include "unit/limit_key.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

namespace confinit {
namespace {

std::unexpected<ChangeRefused> refused(std::string failure) {
    return std::unexpected(ChangeRefused{{}, std::move(failure)});
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
    Present present{.draft = {.directory = drop_in_directory(manager.unit_directories(), runtime),
                              .unit_file = unit + ".toml",
                              .name = runtime ? "60-set-runtime.toml" : "50-set.toml",
                              .text = {}},
                    .before = {}};
    if (present.draft.directory.empty()) {
        return refused(fmt::format("no unit directory that is read{}: {}",
                                   runtime ? " is below /run" : "",
                                   join(manager.unit_directories(), ", ")));
    }
    auto text = find_file(AT_FDCWD, present.draft.path());
    if (!text) return refused(std::move(text).error().what);
    present.before = text->value_or("");
    present.draft.text = present.before;
    return present;
}

std::expected<std::vector<std::string>, ChangeRefused> whole_names(
    const std::vector<std::string>& words) {
    std::vector<std::string> keys;
    for (const std::string& word : words) {
        auto key = find_limit_key(word);
        if (!key) return refused(std::move(key).error().what);
        keys.push_back(std::move(*key));
    }
    return keys;
}

void add_edit(ChangePlan& plan, const Present& present) {
    if (present.draft.text == present.before) return;
    plan.edits.push_back({present.draft.path(), present.draft.text, present.before});
}

// A later drop-in may say otherwise, and then the change would be none.
std::expected<void, ChangeRefused> check_that_it_counts(const Unit& unit, const std::string& key,
                                                        const std::string& path) {
    const auto place = unit.locations.find(key);
    if (place == unit.locations.end() || place->second.file == path) return {};
    return refused(fmt::format("{} is given in {}:{}, which comes after {}", key,
                               place->second.file, place->second.line, path));
}

std::expected<ChangePlan, ChangeRefused> plan_set(const Manager& manager, const Service& service,
                                                  const ChangeRequest& request) {
    if (request.value.contains('\n')) return refused("a value is one line");
    ChangePlan plan{.keys = TRY(whole_names(request.keys)), .edits = {}, .unit = {}, .limits = {}};
    const std::string& key = plan.keys.front();
    Present present = TRY(read_present(manager, service.unit.name, request.runtime));
    std::vector<std::string> problems;
    for (const std::string& reading : value_readings(request.value)) {
        present.draft.text = with_key(present.before, key, reading);
        auto unit = manager.read_with(service.unit.name, {&present.draft, 1});
        if (unit) {
            TRY(check_that_it_counts(*unit, key, present.draft.path()));
            plan.unit = std::move(*unit);
            add_edit(plan, present);
            return plan;
        }
        // The likeliest reading is the one that is told of.
        if (problems.empty()) problems = texts(unit.error());
    }
    return std::unexpected(ChangeRefused{std::move(problems), {}});
}

// A directory below /run need not be on the search path: then nothing of ours is there.
std::vector<Present> all_present(const Manager& manager, const std::string& unit) {
    std::vector<Present> all;
    for (const bool runtime : {false, true}) {
        auto present = read_present(manager, unit, runtime);
        if (present && !present->before.empty()) all.push_back(std::move(*present));
    }
    return all;
}

std::expected<ChangePlan, ChangeRefused> plan_revert(const Manager& manager, const Service& service,
                                                     const ChangeRequest& request) {
    ChangePlan plan{.keys = TRY(whole_names(request.keys)), .edits = {}, .unit = {}, .limits = {}};
    std::vector<Present> all = all_present(manager, service.unit.name);
    std::vector<std::string> ours;
    for (const Present& present : all)
        std::ranges::move(keys_in(present.before), std::back_inserter(ours));
    for (const std::string& key : plan.keys) {
        if (std::ranges::find(ours, key) != ours.end()) continue;
        return refused(fmt::format("{} was not changed by svctl set", key));
    }
    if (plan.keys.empty()) {
        std::ranges::sort(ours);
        const auto twice = std::ranges::unique(ours);
        ours.erase(twice.begin(), twice.end());
        plan.keys = ours;
    }
    std::vector<Draft> drafts;
    for (Present& present : all) {
        present.draft.text = without_keys(present.before, plan.keys);
        if (trim(present.draft.text).empty()) present.draft.text.clear();
        add_edit(plan, present);
        drafts.push_back(present.draft);
    }
    auto unit = manager.read_with(service.unit.name, drafts);
    if (!unit) return std::unexpected(ChangeRefused{texts(unit.error()), {}});
    plan.unit = std::move(*unit);
    return plan;
}

std::expected<CgroupConfig, ChangeRefused> config_of(const Manager& manager, const Unit& unit) {
    auto config = make_cgroup_config(unit, manager.services().launch_context);
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
    ChangePlan plan = TRY(request.value.empty() ? plan_revert(manager, service, request)
                                                : plan_set(manager, service, request));
    if (plan.keys.empty()) return plan;
    // Beside the unit as it is on disk now, so that the difference is that of the edits alone.
    const auto present = manager.read_with(service.unit.name, {});
    if (!present) return std::unexpected(ChangeRefused{texts(present.error()), {}});
    plan.limits = limit_changes(TRY(config_of(manager, *present)),
                                TRY(config_of(manager, plan.unit)), plan.keys);
    if (!request.force) TRY(check_use(service, plan.limits));
    return plan;
}

}  // namespace confinit
