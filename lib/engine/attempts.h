// SPDX-License-Identifier: Apache-2.0
// Attempts: how often one start has been tried, and whether a failed attempt is followed by
// another.
#pragma once

#include "engine/service_state.h"
#include "engine/types.h"

#include <string>

namespace confinit::engine {

// One start's failures so far; each start begins with a fresh one.
struct Attempts {
    bool is_planned_anew = false;
    bool has_lost_launcher = false;
    unsigned for_node = 0;       // waits for what an earlier run has left
    unsigned for_resources = 0;  // waits for memory or descriptors
    unsigned drops_failed = 0;   // of the present attempt
    Lack lack = Lack::nothing;   // of the last one that failed
    std::string failure;         // in words, of the same

    bool operator==(const Attempts&) const = default;
};

// How an attempt that ends so is followed, as an input for the table:
//   - what it lacked for a moment is waited for, 100 times 20 ms for an earlier run and 5 times a
//     second for memory or descriptors;
//   - a plan that is older than the attempt is made anew, once, before anything else is blamed;
//   - an optional key is left out;
//   - a lost launcher is asked for once again, with a fresh node.
// `launch_failed` when there is no other attempt, as after any other failure.
Input answer_to_failure(const Attempts& attempts, Event event, const Fault& fault);

// The attempt has failed so; `input` is the answer to it.
void note_failure(Attempts& attempts, Input input, const Fault& fault, std::string_view detail);

// Whether the node of a failed attempt resists for too long, so that the start fails.
bool is_too_late_to_drop(const Attempts& attempts);

// Whether people hear that the start goes on: once for each cause that makes it wait visibly.
bool is_worth_telling(const Attempts& attempts, Input input);

// How long an attempt in this step waits before it goes on.
Time wait_in(Step step, const Attempts& attempts);

}  // namespace confinit::engine
