// SPDX-License-Identifier: Apache-2.0
// LiveUnits: the state, the timer and the history of every loaded unit.
#pragma once

#include "engine/attempts.h"
#include "engine/service_state.h"
#include "engine/types.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace confinit::engine {

struct LiveUnit {
    ServiceState state;
    Time since{0};
    std::optional<Time> deadline;
    std::optional<Time> next_try;  // beside it, of a launch that is clearing or resting
    std::optional<Time> paused;    // what was left of it when it was made to stand still
    bool is_cut_short = false;     // the end of everything has set it
    Attempts attempts;             // of the present start, or of the last one
    unsigned restarts = 0;
    unsigned release_failures = 0;
    std::string frozen_by;  // whoever it was, when it was not a request for this unit
    std::string reason;
};

// Nothing runs, nothing is under way and nothing is due.
bool is_down(SubState state);

bool is_active(SubState state);

// It is over for good, and nobody has asked for it.
bool is_own_end(const ServiceState& state);

// There is something to stop, in its turn.
bool is_up(SubState state);

class LiveUnits {
public:
    // `seed` scatters the restart delays, see restart_delay().
    explicit LiveUnits(std::uint64_t seed);

    // A unit that is there keeps its state.
    void add(const std::string& unit) { units_.try_emplace(unit); }
    // The unit must be down, or it would leave its timer behind.
    void remove(std::string_view unit);

    const LiveUnit* find(std::string_view unit) const;
    // dead for a unit that is not there.
    SubState sub(std::string_view unit) const;

    // An event of the caller. After an attempt that has failed there may be another one.
    void handle(const UnitSpec& spec, Event event, const Fault& fault, std::string_view detail,
                Time now, Actions& actions);

    // Puts one input through the table, sets the timers, and appends what is to be done. `detail`
    // becomes the reason if the input makes the run a failed one.
    void apply(const UnitSpec& spec, Input input, std::string_view detail, Time now,
               Actions& actions);

    // Gives the state that the unit is in, where a timeout ends it, at least this much longer from
    // now on; altogether never more than ten times that timeout.
    void extend(const UnitSpec& spec, Time length, Time now);

    // From now on no stop timeout goes beyond this time, also of those that run; and those who do
    // not end after SIGKILL are waited for a part of what is left.
    void limit_stops(Time until, Time now);

    void forget_restarts(std::string_view unit);
    // A failed unit becomes as one that never ran; of another one the attempts are forgotten.
    void reset_failed(std::string_view unit, Time now, Actions& actions);
    void set_reason(std::string_view unit, std::string reason);

    std::optional<Time> next_deadline() const;

    // The unit whose timer fired first of those due, and what that means for it; the timer is off
    // from then on.
    struct Due {
        std::string unit;
        Input input;
    };
    std::optional<Due> take_due(Time now);

    // Whether every unit is down, is stuck, or is a oneshot that has exited.
    bool is_quiet() const { return busy_ == 0; }

private:
    bool is_late(const LiveUnit& live, Time now) const;
    void handle_failed_drop(const UnitSpec& spec, LiveUnit& live, Time now, Actions& actions);
    void enter(LiveUnit& live, SubState former, Time now);
    void explain(const UnitSpec& spec, LiveUnit& live, const ServiceState& former,
                 std::string_view detail) const;
    void set_timer(const UnitSpec& spec, LiveUnit& live, Timer timer, Time now);
    std::optional<Time> timer_length(const UnitSpec& spec, const LiveUnit& live, Timer timer) const;
    std::optional<Time> limited(std::optional<Time> deadline, LiveUnit& live, Time now) const;
    void set_deadline(const std::string& unit, LiveUnit& live, std::optional<Time> deadline);
    void set_next_try(const std::string& unit, LiveUnit& live, std::optional<Time> next_try);

    std::uint64_t seed_;
    std::map<std::string, LiveUnit, std::less<>> units_;
    std::set<std::pair<Time, std::string>> due_;  // when the first timer of each fires
    std::size_t busy_ = 0;
    std::optional<Time> stops_until_;
    Time patience_;
};

}  // namespace confinit::engine
