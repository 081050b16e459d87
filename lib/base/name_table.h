// SPDX-License-Identifier: Apache-2.0
// NameTable: the words of an enumeration, both ways, from one list.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace confinit {

template <class Value, std::size_t count>
struct NameTable {
    std::array<std::pair<Value, std::string_view>, count> rows;

    constexpr std::string_view name(Value value) const {
        for (const auto& [row_value, row_name] : rows) {
            if (row_value == value) return row_name;
        }
        return "?";
    }

    constexpr std::optional<Value> value(std::string_view name) const {
        for (const auto& [row_value, row_name] : rows) {
            if (row_name == name) return row_value;
        }
        return std::nullopt;
    }

    std::vector<std::string_view> names() const {
        std::vector<std::string_view> all;
        for (const auto& row : rows)
            all.push_back(row.second);
        return all;
    }
};

// Lets the compiler count the rows: `constexpr auto names = make_name_table<State>({{...}});`
template <class Value, std::size_t count>
constexpr NameTable<Value, count> make_name_table(
    const std::pair<Value, std::string_view> (&rows)[count]) {
    return NameTable<Value, count>{std::to_array(rows)};
}

}  // namespace confinit
