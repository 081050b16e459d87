// SPDX-License-Identifier: Apache-2.0
// JsonFields: members of JSON objects of any content, and the faults that were found in them.
#pragma once

#include "base/json_text.h"
#include "unit/problem.h"
#include "unit/seccomp_profile.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace confinit {

// A place below another in a JSON pointer.
std::string place_below(const std::string& place, std::string_view name);
std::string place_below(const std::string& place, std::size_t index);

// The functions that return an optional have reported the fault when it is absent, and array() when
// there is such a member.
class JsonFields {
public:
    using Words = std::span<const std::string_view>;

    void refuse(std::string place, std::string message, std::string nearest = {});
    bool has_faults() const { return !faults_.empty(); }
    std::vector<ProfileFault> take_faults() { return std::move(faults_); }

    // The member, or null where it is absent or JSON's null, which Go's programs write for it.
    static const Json* member(const Json& object, const char* name);

    // The places of members without one of these names. One that is nearly among them is a fault:
    // it is taken for a slip of the pen.
    std::vector<std::string> unknown_members(const Json& object, const std::string& place,
                                             Words names);

    const Json* array(const Json& object, const std::string& place, const char* name);
    // An array of texts; an absent one is empty.
    std::optional<std::vector<std::string>> texts(const Json& object, const std::string& place,
                                                  const char* name);
    // A whole number; an absent one is 0.
    std::optional<std::uint64_t> number(const Json& object, const std::string& place,
                                        const char* name, std::uint64_t highest);

    // What a table of words has for the member, which must be there.
    template <class Value, std::size_t count>
    std::optional<Value> choice(const Json& object, const std::string& place, const char* name,
                                const std::pair<std::string_view, Value> (&rows)[count]) {
        std::string_view words[count];
        std::ranges::transform(rows, words, [](const auto& row) { return row.first; });
        const auto row = find_word(object, place, name, words);
        return row ? std::optional{rows[*row].second} : std::nullopt;
    }

private:
    std::optional<std::size_t> find_word(const Json& object, const std::string& place,
                                         const char* name, Words words);

    std::vector<ProfileFault> faults_;
};

}  // namespace confinit
