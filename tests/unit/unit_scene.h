// SPDX-License-Identifier: Apache-2.0
// What the tests of the unit reader share: reading text, and the texts of what is wrong with it.
#pragma once

#include "test_vocabulary.h"
#include "unit/loader.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace confinit {

inline constexpr std::string_view minimal_service = "[service]\ncommand = [\"/bin/true\"]\n";

inline std::vector<std::string> texts(const std::vector<Problem>& problems) {
    std::vector<std::string> texts;
    for (const Problem& problem : problems)
        texts.push_back(problem.text());
    return texts;
}

inline Checked<Unit> parse(std::string_view text, std::string_view name = "web") {
    return parse_unit(name, "web.toml", text, test_vocabulary());
}

// All problems as one text a line, "" when there are none.
inline std::string faults(std::string_view text, std::string_view name = "web") {
    const auto unit = parse(text, name);
    std::string lines;
    if (unit) return lines;
    for (const std::string& line : texts(unit.error()))
        lines += line + "\n";
    return lines;
}

inline bool is_refused(std::string_view text) {
    return faults(text) != "";
}

inline bool is_refused_in_service(std::string_view text) {
    return is_refused(std::string{minimal_service} + std::string{text});
}

// A unit that is expected to be good.
inline Unit good(std::string_view text, std::string_view name = "web") {
    INFO(text);
    auto unit = parse(text, name);
    if (!unit) INFO(unit.error().front().text());
    REQUIRE(faults(text, name) == "");
    return std::move(*unit);
}

// A minimal service with this further text.
inline Unit good_service(std::string_view text) {
    return good(std::string{minimal_service} + std::string{text});
}

}  // namespace confinit
