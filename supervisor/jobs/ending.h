// SPDX-License-Identifier: Apache-2.0
// Ending: the end of everything under way: its one deadline, who is waited for, and what is given
// up.
#pragma once

#include "supervisor/jobs/manager.h"
#include "supervisor/loop/event_loop.h"
#include "supervisor/machine/console.h"
#include "supervisor/machine/machine.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>

namespace confinit {

// The last step, when every unit is down, stuck or given up.
struct End {
    FinalAct act = FinalAct::power_off;
    Clock::time_point until;  // the last step is taken then at the latest
};

class Ending {
public:
    // A quarter of `length`, at most 20 s, is kept for what comes after the units.
    Ending(Manager& manager, Console& console, FinalAct act, Clock::duration length);

    // Stops everything. `over` is called once, when nothing more is waited for.
    void begin(std::function<void()> over);

    // Somebody has asked again: the units have two seconds more, and at the next time none.
    void hasten();

    std::optional<Clock::time_point> next_deadline() const;
    void expire();

    End end() const { return {act_, until_}; }

private:
    void finish();
    void show_waiting();
    void show_result() const;

    Manager& manager_;
    Console& console_;
    FinalAct act_;
    Clock::time_point begin_;
    Clock::duration share_;          // what is kept
    Clock::time_point until_;        // for everything
    Clock::time_point stops_until_;  // SIGKILL to every unit that is left then
    Clock::time_point next_show_;
    std::set<std::string> to_stop_;  // the units with processes that were up at the begin
    std::function<void()> over_;
    unsigned asked_again_ = 0;
};

}  // namespace confinit
