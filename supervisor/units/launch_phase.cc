// SPDX-License-Identifier: Apache-2.0
// LaunchPhase: how far a launch under way has come, as one table without any system call.
#include "supervisor/units/launch_phase.h"

#include <array>
#include <cstddef>

namespace confinit {
namespace {

using enum LaunchPhase;

constexpr std::size_t event_count = 8;

struct Row {
    LaunchPhase phase;
    // In the order of LaunchEvent.
    std::array<LaunchPhase, event_count> next;
};

// A failure before the mark changes nothing: its sender ends of itself, and that end counts. With
// `failing` the hang-up does not say that the program runs.
constexpr std::array<Row, 8> table{{
    // made, refused, failed, mark, hang_up, handed_over, first_ended, main_ended
    {asked, {made, ended, asked, asked, asked, asked, asked, asked}},
    {made, {made, made, made, executing, silent, handed_over, ended, made}},
    {handed_over,
     {handed_over, handed_over, handed_over, executing, ended, handed_over, handed_over,
      handed_over}},
    {silent, {silent, silent, silent, silent, silent, ended, ended, silent}},
    {executing, {executing, executing, failing, executing, running, executing, executing, ended}},
    {running, {running, running, running, running, running, running, running, ended}},
    {failing, {failing, failing, failing, failing, failing, failing, failing, ended}},
    {ended, {ended, ended, ended, ended, ended, ended, ended, ended}},
}};

consteval bool is_in_order() {
    for (std::size_t index = 0; index < table.size(); ++index) {
        if (static_cast<std::size_t>(table[index].phase) != index) return false;
    }
    return static_cast<std::size_t>(LaunchEvent::main_ended) + 1 == event_count;
}
static_assert(is_in_order(), "every phase has its row, in the order of LaunchPhase");

}  // namespace

LaunchPhase phase_after(LaunchPhase phase, LaunchEvent event) {
    return table[static_cast<std::size_t>(phase)].next[static_cast<std::size_t>(event)];
}

bool has_mark(LaunchPhase phase) {
    return phase == executing || phase == running || phase == failing;
}

}  // namespace confinit
