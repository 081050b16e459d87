// SPDX-License-Identifier: Apache-2.0
// EventRing: what has happened to the units lately, bounded; the oldest events give way.
#include "supervisor/jobs/event_ring.h"

namespace confinit {

UnitEvent& EventRing::add(std::string_view unit, EventKind kind, std::string_view text) {
    if (events_.size() >= event_limit) events_.pop_front();
    events_.push_back({.time = std::chrono::system_clock::now(),
                       .unit = std::string{unit},
                       .kind = kind,
                       .text = std::string{text.substr(0, text_limit)},
                       .number = next_number_++});
    return events_.back();
}

}  // namespace confinit
