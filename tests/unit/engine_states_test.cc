// SPDX-License-Identifier: Apache-2.0
// What holds in every state that a unit can get into, found by walking through all of them.
#include "engine_state_text.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

namespace confinit::engine {
namespace {

// Every state that any inputs in any order can lead to, under these rules.
std::vector<ServiceState> reachable(const Rules& rules) {
    std::vector<ServiceState> states{ServiceState{}};
    for (std::size_t i = 0; i < states.size(); ++i) {
        for (const auto& [input, text] : input_names.rows) {
            const ServiceState to = next(ServiceState{states[i]}, input, rules).state;
            if (std::ranges::find(states, to) == states.end()) states.push_back(to);
        }
    }
    return states;
}

std::vector<Rules> all_rules() {
    std::vector<Rules> all;
    for (const auto& [kind, kind_text] : kind_names.rows) {
        for (const auto& [restart, restart_text] : restart_names.rows) {
            all.push_back({.kind = kind, .restart = restart});
        }
    }
    return all;
}

bool has_no_run(const ServiceState& state) {
    return state.sub == SubState::dead || state.sub == SubState::failed ||
           state.sub == SubState::waiting || state.sub == SubState::auto_restart;
}

TEST_CASE("a launch comes only in its turn, and a release only after its whole end",
          "[unit][engine][G3]") {
    for (const Rules& rules : all_rules()) {
        for (const ServiceState& state : reachable(rules)) {
            for (const auto& [input, text] : input_names.rows) {
                const Transition transition = next(state, input, rules);
                INFO(text_of(state) << " " << text << " -> " << text_of(state, transition));
                for (const ActionKind kind : transition.actions) {
                    if (kind == ActionKind::launch) CHECK(state.step == Step::queued);
                    if (kind != ActionKind::release) continue;
                    CHECK(transition.state.main_gone);
                    CHECK(transition.state.is_empty);
                }
            }
        }
    }
}

// Nobody else brings it on.
bool begins_with(const Transition& transition, Step step) {
    const auto has = [&](ActionKind kind) {
        return std::ranges::find(transition.actions, kind) != transition.actions.end();
    };
    switch (step) {
    case Step::none:
        return true;
    case Step::planning:
        return has(ActionKind::plan);
    case Step::queued:
        return has(ActionKind::await_turn);
    case Step::launching:
        return has(ActionKind::launch);
    case Step::clearing:
        return has(ActionKind::drop_run);
    case Step::resting:
        return transition.timer == Timer::attempt;
    }
    return false;
}

TEST_CASE("each step of a start begins with what ends it", "[unit][engine][N1]") {
    for (const Rules& rules : all_rules()) {
        for (const ServiceState& state : reachable(rules)) {
            CHECK((state.step == Step::none || state.sub == SubState::start));
            for (const auto& [input, text] : input_names.rows) {
                const Transition transition = next(state, input, rules);
                const Step step = transition.state.step;
                INFO(text_of(state) << " " << text << " -> " << text_of(state, transition));
                if (step != state.step) CHECK(begins_with(transition, step));
                const bool has_next = step == Step::clearing || step == Step::resting;
                CHECK(has_next == (transition.state.next_step != Step::none));
            }
        }
    }
}

TEST_CASE("the end of a run leads through its release", "[unit][engine][G3]") {
    for (const Rules& rules : all_rules()) {
        for (const ServiceState& state : reachable(rules)) {
            const bool has_processes = !has_no_run(state) && state.sub != SubState::exited &&
                                       state.kind != UnitKind::target;
            const bool is_being_released =
                state.sub == SubState::release ||
                (state.sub == SubState::stuck && state.main_gone && state.is_empty);
            if (!has_processes || is_being_released) continue;
            for (const auto& [input, text] : input_names.rows) {
                const ServiceState to = next(state, input, rules).state;
                INFO(text_of(state) << " " << text << " -> " << text_of(to));
                CHECK_FALSE(has_no_run(to));
                CHECK(to.sub != SubState::exited);
            }
        }
    }
}

TEST_CASE("from every state, a stop and the end of all processes lead to rest", "[unit][engine]") {
    for (const Rules& rules : all_rules()) {
        for (const ServiceState& state : reachable(rules)) {
            ServiceState now = state;
            for (const Input input : {Input::stop, Input::timed_out, Input::cgroup_empty,
                                      Input::main_failed, Input::released}) {
                now = next(now, input, rules).state;
            }
            INFO(text_of(state) << " -> " << text_of(now));
            CHECK((now.sub == SubState::dead || now.sub == SubState::failed));
        }
    }
}

}  // namespace
}  // namespace confinit::engine
