// SPDX-License-Identifier: Apache-2.0
// The texts of events: of a new state, a launch, and of drift that has begun or is over.
#include "supervisor/jobs/event_text.h"

#include <algorithm>
#include <fmt/format.h>

namespace confinit {
namespace {

template <class Item>
bool contains(const std::vector<Item>& list, const Item& item) {
    return std::ranges::find(list, item) != list.end();
}

std::vector<std::string> keys_of(const std::vector<DriftItem>& drift) {
    std::vector<std::string> keys;
    for (const DriftItem& item : drift) {
        if (!contains(keys, item.key)) keys.push_back(item.key);
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

std::string DriftItem::text() const {
    return fmt::format("{}: {}", key, difference);
}

DriftNews compare_drift(const std::vector<DriftItem>& former,
                        const std::vector<DriftItem>& present) {
    DriftNews news;
    for (const DriftItem& item : present) {
        if (!contains(former, item)) news.begun.push_back(item);
    }
    const std::vector<std::string> present_keys = keys_of(present);
    for (std::string& key : keys_of(former)) {
        if (!contains(present_keys, key)) news.over.push_back(std::move(key));
    }
    return news;
}

}  // namespace confinit
