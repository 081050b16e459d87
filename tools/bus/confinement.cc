// SPDX-License-Identifier: Apache-2.0
// The reply of Verify as typed D-Bus values: declared and in force, side by side, by key.
#include "bus/confinement.h"

#include "base/text.h"
#include "control/fields.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace confinit {
namespace {

// "its own, pid:[4026532177]" -> 4026532177.
std::optional<std::uint64_t> inode_of(std::string_view text) {
    const std::size_t begin = text.rfind(":[");
    const std::size_t end = text.rfind(']');
    if (begin == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
    if (end < begin + 2) return std::nullopt;
    return parse_unsigned(text.substr(begin + 2, end - begin - 2));
}

// "chown kill" or "none", perhaps with a remark: "none (the program gave up chown)". A set that is
// whole is the one name "all".
std::optional<Json> capability_names(std::string_view text) {
    text = trim(text.substr(0, text.find('(')));
    Json names = Json::array();
    if (text.empty() || text == "none") return names;
    for (const std::string_view name : split_words(text)) {
        if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") !=
            std::string_view::npos) {
            return std::nullopt;
        }
        names.push_back(name);
    }
    return names;
}

// A list as a unit file writes it: ["/", "/srv"].
std::optional<Json> list_of_texts(std::string_view text) {
    if (!text.starts_with('[')) return std::nullopt;
    auto list = parse_json(text, 1);
    if (!list || !list->is_array()) return std::nullopt;
    const bool has_texts =
        std::ranges::all_of(*list, [](const Json& one) { return one.is_string(); });
    if (!has_texts) return std::nullopt;
    return std::move(*list);
}

Json values(const Json& facts, const char* field) {
    Json all = Json::object();
    const Json* items = find_array(facts, "items");
    // The values of files that confinit-bus could not read are left out.
    if (items == nullptr || find_field(facts, "hidden") != nullptr) return all;
    for (const Json& item : *items) {
        const std::string key = string_or(item, "key");
        all[key] = typed_value(key, string_or(item, field));
    }
    return all;
}

// Among the keys of a unit file.
bool is_of_confinement(std::string_view key) {
    for (const std::string_view table : {"cgroup.", "capabilities.", "namespaces.", "mounts.",
                                         "directories.", "seccomp.", "process."}) {
        if (key.starts_with(table)) return true;
    }
    return key == "service.user" || key == "service.group" || key == "service.supplementary_groups";
}

// The kernel's files of these controllers count bytes, but for two that are switches.
bool is_in_bytes(std::string_view key) {
    const bool is_switch =
        key == "cgroup.memory.oom.group" || key == "cgroup.memory.zswap.writeback";
    return !is_switch && (key.starts_with("cgroup.memory.") || key.starts_with("cgroup.hugetlb."));
}

}  // namespace

Json typed_value(std::string_view key, std::string_view text) {
    if (is_in_bytes(key)) {
        constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();
        if (text == "max") return Json::array({"t", no_limit});
        if (const auto size = parse_size(text)) return Json::array({"t", *size});
    }
    if (auto list = list_of_texts(text)) return Json::array({"as", std::move(*list)});
    if (key.starts_with("capabilities.")) {
        if (auto names = capability_names(text)) return Json::array({"as", std::move(*names)});
    }
    if (key.starts_with("namespaces.")) {
        if (const auto inode = inode_of(text)) {
            return Json::array({"(st)", Json::array({text, *inode})});
        }
    }
    return Json::array({"s", text});
}

Json declared_values(const Json& facts) {
    const Json* properties = find_object(facts, "properties");
    if (properties == nullptr) return values(facts, "declared");
    Json all = Json::object();
    for (const auto& [key, value] : properties->items()) {
        if (is_of_confinement(key) && value.is_string()) {
            all[key] = typed_value(key, value.get_ref<const std::string&>());
        }
    }
    return all;
}

Json values_in_force(const Json& facts) {
    return values(facts, "in_force");
}

Json keys_with_result(const Json& facts, std::string_view result) {
    Json keys = Json::array();
    const Json* items = find_array(facts, "items");
    if (items == nullptr) return keys;
    for (const Json& item : *items) {
        if (string_or(item, "result") == result) keys.push_back(string_or(item, "key"));
    }
    return keys;
}

}  // namespace confinit
