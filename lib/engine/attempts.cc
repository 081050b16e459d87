// SPDX-License-Identifier: Apache-2.0
// Attempts: how often one start has been tried, and whether a failed attempt is followed by
// another.
#include "engine/attempts.h"

#include "engine/restart_policy.h"

namespace confinit::engine {
namespace {

// Leftovers of an earlier run have been killed, but a process takes its time to end.
constexpr Time pause_for_node{20'000};
constexpr unsigned most_for_node = 100;

// Others may give back the descriptors or the memory that the machine lacks.
constexpr Time pause_for_resources{1'000'000};
constexpr unsigned most_for_resources = 5;

// Together some six seconds of release_delay().
constexpr unsigned most_drops_failed = 12;

}  // namespace

Input answer_to_failure(const Attempts& attempts, Event event, const Fault& fault) {
    if (event == Event::launcher_lost)
        return attempts.has_lost_launcher ? Input::launch_failed : Input::launch_again;
    switch (fault.lack) {
    case Lack::node:
        return attempts.for_node < most_for_node ? Input::try_later : Input::launch_failed;
    case Lack::resources:
        return attempts.for_resources < most_for_resources ? Input::try_later
                                                           : Input::launch_failed;
    case Lack::nothing:
        break;
    }
    if (fault.plan_is_old && !attempts.is_planned_anew) return Input::plan_anew;
    return fault.key_is_optional ? Input::leave_out : Input::launch_failed;
}

void note_failure(Attempts& attempts, Input input, const Fault& fault, std::string_view detail) {
    attempts.lack = fault.lack;
    attempts.failure = detail;
    attempts.drops_failed = 0;
    if (input == Input::plan_anew) attempts.is_planned_anew = true;
    if (input == Input::launch_again) attempts.has_lost_launcher = true;
    if (input != Input::try_later) return;
    ++(fault.lack == Lack::node ? attempts.for_node : attempts.for_resources);
}

bool is_too_late_to_drop(const Attempts& attempts) {
    return attempts.drops_failed >= most_drops_failed;
}

bool is_worth_telling(const Attempts& attempts, Input input) {
    if (input == Input::launch_again) return true;
    const bool is_first = attempts.for_resources == 1;
    return input == Input::try_later && attempts.lack == Lack::resources && is_first;
}

Time wait_in(Step step, const Attempts& attempts) {
    if (step == Step::clearing) return release_delay(attempts.drops_failed);
    return attempts.lack == Lack::resources ? pause_for_resources : pause_for_node;
}

}  // namespace confinit::engine
