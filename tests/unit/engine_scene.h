// SPDX-License-Identifier: Apache-2.0
// Scene: an engine with a clock of its own, whose actions come out as text that tests can compare.
#pragma once

#include "engine/engine.h"

#include <optional>
#include <string>
#include <string_view>

namespace confinit::engine {

// "launch web", "job 3 failed: start timed out after 5s"; state changes are left out.
inline std::string text_of(const Action& action) {
    switch (action.kind) {
    case ActionKind::plan:
        return "plan " + action.unit;
    case ActionKind::await_turn:
        return "queue " + action.unit;
    case ActionKind::drop_plan:
        return "drop-plan " + action.unit;
    case ActionKind::leave_out:
        return "leave-out " + action.unit;
    case ActionKind::drop_run:
        return "drop " + action.unit;
    case ActionKind::tell_of_retry:
        return "tell " + action.unit;
    case ActionKind::launch:
        return "launch " + action.unit;
    case ActionKind::send_stop_signal:
        return "signal " + action.unit;
    case ActionKind::send_abort_signal:
        return "abort " + action.unit;
    case ActionKind::kill_all:
        return "kill " + action.unit;
    case ActionKind::release:
        return "release " + action.unit;
    case ActionKind::find_leftovers:
        return "look " + action.unit;
    case ActionKind::end_everything:
        return "end with " + action.unit;
    case ActionKind::state_changed:
        return "";
    case ActionKind::job_done:
        break;
    }
    std::string text = "job " + std::to_string(action.job) + " " + std::string{name(action.result)};
    if (!action.reason.empty()) text += ": " + action.reason;
    return text;
}

inline std::string text_of(const Actions& actions) {
    std::string text;
    for (const Action& action : actions) {
        const std::string one = text_of(action);
        if (!one.empty() && !text.empty()) text += ", ";
        text += one;
    }
    return text;
}

inline UnitSpec target(std::string name) {
    return {.name = std::move(name)};
}

inline UnitSpec group(std::string name) {
    UnitSpec spec = target(std::move(name));
    spec.is_group = true;
    return spec;
}

inline UnitSpec service(std::string name) {
    UnitSpec spec{.name = std::move(name)};
    spec.is_service = true;
    return spec;
}

inline UnitSpec notifying(std::string name) {
    UnitSpec spec = service(std::move(name));
    spec.tells_when_ready = true;
    return spec;
}

inline UnitSpec oneshot(std::string name) {
    UnitSpec spec = service(std::move(name));
    spec.is_oneshot = true;
    return spec;
}

// A service that requires the other unit and starts after it.
inline UnitSpec service_on(std::string name, std::string other) {
    UnitSpec spec = service(std::move(name));
    spec.requires_units = {other};
    spec.after = {std::move(other)};
    return spec;
}

class Scene {
public:
    std::string start(std::string_view unit, std::uint64_t job) {
        return perform(engine.start(unit, job, now));
    }
    std::string stop(std::string_view unit, std::uint64_t job) {
        return perform(engine.stop(unit, job, now));
    }
    std::string restart(std::string_view unit, std::uint64_t job) {
        return perform(engine.restart(unit, job, now));
    }
    std::string shut_down(Time until = Time::max()) {
        return perform(engine.shut_down(now, until));
    }
    std::string tell(std::string_view unit, Event event, std::string_view detail = {},
                     const Fault& fault = {}) {
        return perform(engine.handle(unit, event, now, detail, fault));
    }
    std::string pass(Time time) {
        now += time;
        return perform(engine.expire(now));
    }
    std::string_view sub(std::string_view unit) const { return name(engine.state(unit).sub); }

    // The whole end of a run, up to the removal of its node.
    std::string end(std::string_view unit, Event how, std::string_view detail = {}) {
        std::string text;
        for (const std::string& part : {tell(unit, Event::cgroup_empty), tell(unit, how, detail),
                                        tell(unit, Event::released)}) {
            if (!part.empty() && !text.empty()) text += ", ";
            text += part;
        }
        return text;
    }

    // Job 0 starts the unit, and every launch on the way succeeds.
    void bring_up(std::string_view unit) {
        std::vector<Action> due = engine.start(unit, 0, now);
        for (std::size_t i = 0; i < due.size(); ++i) {
            const bool is_made = due[i].kind == ActionKind::launch;
            const auto event = is_made ? Event::launched : step_before_launch(due[i]);
            if (!event) continue;
            const Actions more = engine.handle(due[i].unit, *event, now);
            due.insert(due.end(), more.begin(), more.end());
        }
    }

    Engine engine;
    Time now{0};
    bool launches_have_turns = true;

private:
    static std::optional<Event> step_before_launch(const Action& action) {
        if (action.kind == ActionKind::plan) return Event::planned;
        if (action.kind == ActionKind::await_turn) return Event::turn_came;
        return std::nullopt;
    }

    // A plan is there, and a launch has its turn, at once. What comes of it takes their place.
    std::string perform(Actions actions) {
        for (std::size_t i = 0; i < actions.size() && launches_have_turns;) {
            const Action action = actions[i];
            const auto event = step_before_launch(action);
            if (!event) {
                ++i;
                continue;
            }
            const Actions more = engine.handle(action.unit, *event, now);
            const auto place = actions.erase(actions.begin() + std::ptrdiff_t(i));
            actions.insert(place, more.begin(), more.end());
        }
        return text_of(actions);
    }
};

}  // namespace confinit::engine
