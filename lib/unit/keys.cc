// SPDX-License-Identifier: Apache-2.0
// The key table: all that is known of every key of a unit file, in one place a key.
#include "unit/keys.h"

#include <algorithm>
#include <vector>

namespace confinit {
namespace {

std::vector<const Key*> collect_keys() {
    std::vector<const Key*> all;
    for (const auto& rows : {unit_keys(),
                             service_keys(),
                             service_signal_keys(),
                             service_operator_keys(),
                             service_ready_keys(),
                             service_end_keys(),
                             cgroup_place_keys(),
                             cgroup_cpu_keys(),
                             cgroup_keys(),
                             cgroup_device_keys(),
                             capabilities_keys(),
                             namespaces_keys(),
                             user_namespace_keys(),
                             mounts_keys(),
                             file_system_keys(),
                             overlay_keys(),
                             directories_keys(),
                             seccomp_keys(),
                             seccomp_profile_keys(),
                             seccomp_restriction_keys(),
                             process_keys(),
                             process_scheduling_keys(),
                             log_keys()}) {
        for (const Key& key : rows)
            all.push_back(&key);
    }
    return all;
}

}  // namespace

std::span<const Key* const> all_keys() {
    static const std::vector<const Key*> all = collect_keys();
    return all;
}

const Key* find_key(std::string_view path) {
    const auto keys = all_keys();
    const auto found = std::ranges::find(keys, path, &Key::path);
    return found == keys.end() ? nullptr : *found;
}

bool has_keys_below(std::string_view path) {
    return std::ranges::any_of(all_keys(), [&](const Key* key) {
        return key->path.size() > path.size() && key->path.starts_with(path) &&
               key->path[path.size()] == '.';
    });
}

bool is_quoted_key(std::string_view path) {
    return path.starts_with("cgroup.") && std::ranges::any_of(all_keys(), [&](const Key* key) {
               return key->path.size() < path.size() && is_key_within(path, key->path);
           });
}

bool is_key_within(std::string_view key, std::string_view outer) {
    if (!key.starts_with(outer)) return false;
    return key.size() == outer.size() || key[outer.size()] == '.' || key[outer.size()] == '[';
}

std::string left_out_part(std::string_view failed, std::string_view optional) {
    if (!is_key_within(failed, optional)) return {};
    const Key* key = find_key(optional);
    const bool is_entry = key != nullptr && key->skips_entries && failed.size() > optional.size();
    return std::string{is_entry ? failed.substr(0, failed.find(']') + 1) : optional};
}

bool Unit::leaves_out(std::string_view entry) const {
    return std::ranges::find(left_out, entry) != left_out.end();
}

}  // namespace confinit
