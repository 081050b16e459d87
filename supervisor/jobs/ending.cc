// SPDX-License-Identifier: Apache-2.0
// Ending: the end of everything under way: its one deadline, who is waited for, and what is given
// up.
#include "supervisor/jobs/ending.h"

#include "base/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>
#include <vector>

namespace confinit {
namespace {

constexpr std::chrono::seconds longest_share{20};
constexpr std::chrono::seconds time_when_asked_again{2};

// A quick end says nothing but its result.
constexpr std::chrono::seconds first_show{2};
constexpr std::chrono::seconds show_interval{1};
constexpr std::size_t units_shown = 4;

std::string seconds_text(Clock::duration length) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(length);
    return fmt::format("{}s", std::max<std::int64_t>(seconds.count(), 0));
}

// "1.2s"
std::string exact_text(Clock::duration length) {
    return fmt::format("{:.1f}s", std::chrono::duration<double>(length).count());
}

bool is_under_way(engine::SubState sub) {
    return sub == engine::SubState::stop_sigterm || sub == engine::SubState::stop_sigkill ||
           sub == engine::SubState::release;
}

std::string_view next_step(engine::SubState sub) {
    if (sub == engine::SubState::stop_sigterm) return "has had its stop signal, SIGKILL";
    if (sub == engine::SubState::stop_sigkill) return "has had SIGKILL, which comes again";
    return "has ended, and is cleared away";
}

}  // namespace

Ending::Ending(Manager& manager, Console& console, FinalAct act, Clock::duration length)
    : manager_(manager),
      console_(console),
      act_(act),
      begin_(Clock::now()),
      share_(std::min<Clock::duration>(length / 4, longest_share)),
      until_(begin_ + length),
      stops_until_(until_ - share_),
      next_show_(begin_ + first_show) {}

void Ending::begin(std::function<void()> over) {
    for (const auto& [name, service] : manager_.units().all()) {
        if (service->run) to_stop_.insert(name);
    }
    console_.notice(fmt::format("stopping everything for {}, in {} at the latest", name(act_),
                                seconds_text(until_ - begin_)));
    over_ = std::move(over);
    manager_.shut_down([this] { finish(); }, stops_until_);
}

void Ending::hasten() {
    const auto now = Clock::now();
    const bool is_first = asked_again_++ == 0;
    stops_until_ = std::min(stops_until_, is_first ? now + time_when_asked_again : now);
    until_ = std::min(until_, stops_until_ + share_);
    console_.notice(is_first ? fmt::format("asked again: SIGKILL to all that is left in {}",
                                           seconds_text(stops_until_ - now))
                             : "asked again: SIGKILL to all that is left");
    if (!is_first) manager_.kill_everything();
    manager_.limit_stops(stops_until_);
}

// The units are given up a while after the last of them was killed, whatever the engine waits for.
std::optional<Clock::time_point> Ending::next_deadline() const {
    if (!over_) return std::nullopt;
    return std::min(next_show_, stops_until_ + share_ / 2);
}

void Ending::expire() {
    if (!over_) return;
    const auto now = Clock::now();
    if (now >= stops_until_ + share_ / 2) return finish();
    if (now < next_show_) return;
    next_show_ = now + show_interval;
    show_waiting();
}

void Ending::show_waiting() {
    const auto now = Clock::now();
    std::size_t more = 0;
    std::size_t shown = 0;
    for (const auto& [name, service] : manager_.units().all()) {
        const engine::UnitState state = manager_.state(name);
        if (!is_under_way(state.sub) || shown == units_shown) {
            if (manager_.is_to_stop(name) || is_under_way(state.sub)) ++more;
            continue;
        }
        ++shown;
        std::string line = fmt::format("waiting for {}, which {}", name, next_step(state.sub));
        if (state.deadline && state.sub != engine::SubState::release) {
            const Clock::duration left = *state.deadline - engine_time(now);
            line += " in " + seconds_text(left);
        }
        if (state.is_cut_short) line += " for the end of everything";
        const std::string who = text_of(leftovers_of(*service));
        if (!who.empty()) line += ": " + who;
        console_.notice(line);
    }
    const std::string others = more == 0 ? "" : fmt::format("{} more wait for their turn; ", more);
    console_.notice(
        fmt::format("{}{} in {} at the latest", others, name(act_), seconds_text(until_ - now)));
}

void Ending::finish() {
    if (!over_) return;
    show_result();
    std::exchange(over_, {})();
}

void Ending::show_result() const {
    std::size_t given_up = 0;
    for (const auto& [name, service] : manager_.units().all()) {
        if (!service->run && !service->group) continue;
        if (service->run) ++given_up;
        const std::string who = text_of(leftovers_of(*service));
        if (!who.empty() || service->run) {
            console_.error(
                fmt::format("gave up {}: {}", name, who.empty() ? "it is not cleared away" : who));
        }
    }
    const std::size_t count = to_stop_.size();
    const std::string of_all =
        given_up == 0 ? "" : fmt::format("{} of ", count - std::min(count, given_up));
    console_.notice(fmt::format("stopped {}{} {} in {}; {}", of_all, count,
                                count == 1 ? "service" : "services",
                                exact_text(Clock::now() - begin_), name(act_)));
}

}  // namespace confinit
