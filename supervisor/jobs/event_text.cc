// SPDX-License-Identifier: Apache-2.0
// The texts of events: of a new state, a launch, and of drift that has begun or is over.
#include "supervisor/jobs/event_text.h"

#include <algorithm>
#include <fmt/format.h>

namespace confinit {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& text) {
    return std::ranges::find(list, text) != list.end();
}

std::vector<std::string> keys_of(const std::vector<std::string>& drift) {
    std::vector<std::string> keys;
    for (const std::string& text : drift) {
        if (std::string key = drift_key(text); !contains(keys, key)) keys.push_back(std::move(key));
    }
    return keys;
}

}  // namespace

std::string state_event_text(const engine::UnitState& state) {
    const std::string_view name = engine::name(state.sub);
    const bool is_told_next = state.sub == engine::SubState::release;
    if (state.reason.empty() || is_told_next) return std::string{name};
    return fmt::format("{}: {}", name, state.reason);
}

std::string launched_text(pid_t main) {
    return fmt::format("its program runs, as pid {}", main);
}

std::string with_asker(std::string text, std::string_view asked_by) {
    return asked_by.empty() ? text : fmt::format("{} (asked by {})", text, asked_by);
}

DriftNews compare_drift(const std::vector<std::string>& former,
                        const std::vector<std::string>& present) {
    DriftNews news;
    for (const std::string& text : present) {
        if (!contains(former, text)) news.begun.push_back(text);
    }
    const std::vector<std::string> present_keys = keys_of(present);
    for (std::string& key : keys_of(former)) {
        if (!contains(present_keys, key)) news.over.push_back(std::move(key));
    }
    return news;
}

std::string drift_key(std::string_view text) {
    return std::string{text.substr(0, text.find(": "))};
}

}  // namespace confinit
