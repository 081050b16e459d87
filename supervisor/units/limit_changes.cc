// SPDX-License-Identifier: Apache-2.0
// LimitChanges: from the limits of one reading of a unit to those of another, in a node that lives.
#include "supervisor/units/limit_changes.h"

#include "base/text.h"
#include "kernel/cgroup_default.h"
#include "supervisor/units/unit_node.h"
#include "unit/keys.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <ranges>

namespace confinit {
namespace {

using Values = std::map<std::string, std::string>;  // by subject

std::string subject_of(const CgroupSetting& setting) {
    return setting_subject(setting.file, setting.value);
}

Values values_of(const CgroupConfig& config) {
    Values values;
    for (const CgroupSetting& setting : config)
        values[subject_of(setting)] = normal_value(setting.file, setting.value);
    return values;
}

bool is_named(const CgroupSetting& setting, std::span<const std::string> keys) {
    return std::ranges::any_of(
        keys, [&](const std::string& key) { return is_key_within(setting.key(), key); });
}

bool has_file(const CgroupConfig& config, const std::string& file) {
    return std::ranges::find(config, file, &CgroupSetting::file) != config.end();
}

}  // namespace

LimitChanges limit_changes(const CgroupConfig& before, const CgroupConfig& after,
                           std::span<const std::string> keys) {
    LimitChanges changes;
    const Values old_values = values_of(before);
    const Values new_values = values_of(after);
    for (const CgroupSetting& setting : before) {
        if (new_values.contains(subject_of(setting))) continue;
        if (auto fallback = default_value(setting.file, setting.value)) {
            changes.settings.push_back({setting.file, std::move(*fallback), setting.given_as});
        } else {
            changes.lasting.push_back(setting.key());
        }
    }
    for (const CgroupSetting& setting : after) {
        const auto old_value = old_values.find(subject_of(setting));
        const bool differs = old_value == old_values.end() ||
                             old_value->second != normal_value(setting.file, setting.value);
        if (differs || is_named(setting, keys)) changes.settings.push_back(setting);
    }
    changes.after = after;
    return changes;
}

std::string use_above(const Cgroup& node, const CgroupSetting& setting) {
    const std::string file = usage_file(setting.file);
    const auto limit = parse_unsigned(normal_value(setting.file, setting.value));
    if (file.empty() || !limit) return {};
    const auto text = node.read(file);
    const auto used = text ? parse_unsigned(*text) : std::nullopt;
    if (!used || *used <= *limit) return {};
    const bool is_count = setting.file.starts_with("pids.");
    const auto shown = [&](std::uint64_t number) {
        return is_count ? std::to_string(number) : format_size(number);
    };
    return fmt::format("{} = {} is less than is used now ({} {})", setting.key(), shown(*limit),
                       file, shown(*used));
}

void adopt_settings(CgroupConfig& own, const CgroupConfig& after, const CgroupConfig& changes) {
    std::erase_if(own,
                  [&](const CgroupSetting& setting) { return has_file(changes, setting.file); });
    for (const CgroupSetting& setting : after) {
        if (has_file(changes, setting.file)) own.push_back(setting);
    }
}

void adopt_keys(Unit& own, const Unit& after, std::span<const std::string> keys) {
    const auto is_meant = [&](const auto& entry) {
        return std::ranges::any_of(
            keys, [&](const std::string& key) { return is_key_within(entry.first, key); });
    };
    std::erase_if(own.declared, is_meant);
    for (const auto& entry : after.declared) {
        if (is_meant(entry)) own.declared.insert(entry);
    }
}

void restore_limits(const Cgroup& node, std::span<const LimitWrite> writes) {
    for (const LimitWrite& write : writes | std::views::reverse) {
        const CgroupSetting& setting = write.setting;
        // A device that had no line before must have none again.
        const bool is_line = subject_of(setting) != setting.file;
        const auto fallback = default_value(setting.file, setting.value);
        if (is_line && fallback) (void)node.write(setting.file, *fallback);
        for (const std::string_view line : split(write.before, '\n'))
            (void)node.write(setting.file, line.empty() ? "\n" : line);
    }
}

Status write_limits(const Cgroup& node, const std::vector<LimitWrite>& writes) {
    for (std::size_t i = 0; i < writes.size(); ++i) {
        auto written = write_setting(node, writes[i].setting);
        if (written) continue;
        restore_limits(node, std::span{writes}.first(i + 1));
        return written;
    }
    return {};
}

}  // namespace confinit
