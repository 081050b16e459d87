// SPDX-License-Identifier: Apache-2.0
// The manager's part about what it tells: states and events.
#include "supervisor/jobs/event_text.h"
#include "supervisor/jobs/manager.h"

#include <fmt/format.h>

namespace confinit {

void Manager::note(std::string_view unit, EventKind kind, std::string_view text) {
    events_of_units_.add(unit, kind, text);
    if (observer_) observer_();
}

void Manager::report_state(const std::string& unit) {
    engine::UnitState state = engine_.state(unit);
    const bool must_say =
        state.sub == engine::SubState::failed || state.sub == engine::SubState::auto_restart;
    if (must_say && state.reason.empty()) state.reason = "failed, and nothing tells why";
    Service* service = units_.loaded(unit);
    if (service != nullptr && !jobs_.has_open(unit)) service->asked_by.clear();
    note(unit, EventKind::state,
         with_asker(state_event_text(state), service == nullptr ? "" : service->asked_by));
    switch (state.sub) {
    case engine::SubState::running:
        machinery_.console.notice(fmt::format("{}: running", unit));
        return;
    case engine::SubState::exited:
        machinery_.console.notice(fmt::format("{}: done", unit));
        return;
    case engine::SubState::failed:
        machinery_.console.error(fmt::format("{}: {}", unit, state.reason));
        return;
    case engine::SubState::stuck:
        machinery_.console.error(fmt::format("{}: stuck: {}", unit, state.reason));
        return;
    case engine::SubState::auto_restart:
        machinery_.console.error(fmt::format("{}: {}; will be started again", unit, state.reason));
        return;
    case engine::SubState::dead:
        if (!state.reason.empty()) {
            machinery_.console.notice(fmt::format("{}: {}", unit, state.reason));
        }
        units_.forget_if_gone(unit);
        return units_.forget_later(unit);
    case engine::SubState::waiting:
    case engine::SubState::start:
    case engine::SubState::stop_sigterm:
    case engine::SubState::stop_sigkill:
    case engine::SubState::release:
        return;
    }
}

}  // namespace confinit
