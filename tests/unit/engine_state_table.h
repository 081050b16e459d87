// SPDX-License-Identifier: Apache-2.0
// Lines of text against the table of one unit's life.
#pragma once

#include "base/text.h"
#include "engine_state_text.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace confinit::engine {

inline ServiceState parse_state(std::string_view text, UnitKind kind) {
    ServiceState state{.kind = kind};
    if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        state.ending = ending_names.value(text.substr(colon + 1)).value();
        text = text.substr(0, colon);
    }
    const auto parts = split(text, '+');
    const auto steps = split(parts[0], '/');
    const auto* sub =
        std::ranges::find(sub_states, steps[0], [](SubState one) { return name(one); });
    REQUIRE(sub != std::end(sub_states));
    state.sub = *sub;
    if (steps.size() > 1) state.step = step_names.value(steps[1]).value();
    if (steps.size() > 2) state.next_step = step_names.value(steps[2]).value();
    for (const std::string_view part : parts) {
        if (part == "turn") state.has_had_turn = true;
        if (part == "launched") state.is_launched = true;
        if (part == "gone") state.main_gone = true;
        if (part == "empty") state.is_empty = true;
        if (part == "frozen") state.is_frozen = true;
    }
    return state;
}

// "exec", "exec/always".
inline Rules parse_rules(std::string_view text) {
    const auto parts = split(text, '/');
    Rules rules{.kind = kind_names.value(parts[0]).value()};
    if (parts.size() > 1) rules.restart = restart_names.value(parts[1]).value();
    return rules;
}

// Checks each line "RULES STATE INPUT -> RESULT" and gives what it met: sub state, step and input.
using Met = std::set<std::tuple<SubState, Step, Input>>;
inline Met check_table(std::string_view table) {
    Met seen;
    for (const std::string_view line : split(table, '\n')) {
        const auto words = split_words(line);
        if (words.empty()) continue;
        REQUIRE(words.size() >= 5);
        const Rules rules = parse_rules(words[0]);
        const ServiceState state = parse_state(words[1], rules.kind);
        const Input input = input_names.value(words[2]).value();

        const std::string result = text_of(state, next(state, input, rules));

        const std::vector<std::string> expected(words.begin() + 4, words.end());
        INFO(line);
        CHECK(result == join(expected, " "));
        seen.emplace(state.sub, state.step, input);
    }
    return seen;
}

}  // namespace confinit::engine
