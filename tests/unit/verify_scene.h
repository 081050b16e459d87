// SPDX-License-Identifier: Apache-2.0
// The tests of verify share these: an item by its key, and a mount table from its text.
#pragma once

#include "launch/verify/parts.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace confinit {

inline VerifyItem find_item(const VerifyItems& items, std::string_view key) {
    const auto item = std::ranges::find(items, key, &VerifyItem::key);
    if (item == items.end()) FAIL("no item '" << key << "'");
    return *item;
}

inline MountTable parse_table(const std::string& text) {
    auto table = MountTable::parse(text);
    REQUIRE(table);
    return std::move(*table);
}

}  // namespace confinit
