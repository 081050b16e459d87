// SPDX-License-Identifier: Apache-2.0
// The difference between two readings of one unit, key by key.
#include "unit/difference.h"

#include "unit/keys.h"
#include "unit/seccomp_profile.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace confinit {
namespace {

using Keys = std::set<std::string>;

// Adds the keys that `unit` declares and `other` does not declare with the same value.
void add_differing(const Unit& unit, const Unit& other, Keys& keys) {
    for (const auto& [key, text] : unit.declared) {
        const auto found = other.declared.find(key);
        if (found == other.declared.end() || found->second != text) keys.insert(key);
    }
}

bool is_table(const Unit& unit, const std::string& key) {
    const auto found = unit.declared.find(key);
    return found != unit.declared.end() && found->second.starts_with('{');
}

std::size_t profile_text(const Unit& unit) {
    return unit.seccomp && unit.seccomp->profile ? unit.seccomp->profile->text_hash : 0;
}

}  // namespace

std::vector<std::string> differing_keys(const Unit& one, const Unit& other) {
    Keys keys;
    add_differing(one, other, keys);
    add_differing(other, one, keys);
    // These two say something without a key below them, or by what another file says.
    if (one.service.has_value() != other.service.has_value()) keys.insert("service");
    if (one.seccomp.has_value() != other.seccomp.has_value()) keys.insert("seccomp");
    if (profile_text(one) != profile_text(other)) keys.insert("seccomp.profile");
    const Keys all = keys;
    std::erase_if(keys, [&](const std::string& key) {
        const bool has_parts = is_table(one, key) || is_table(other, key) || !find_key(key);
        return has_parts && std::ranges::any_of(all, [&](const std::string& part) {
                   return part.size() > key.size() && is_key_within(part, key);
               });
    });
    return {keys.begin(), keys.end()};
}

}  // namespace confinit
