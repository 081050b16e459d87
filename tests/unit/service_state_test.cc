// SPDX-License-Identifier: Apache-2.0
// The table of one unit's life, written out: one line for each state and input.
#include "engine_state_table.h"

#include <catch2/catch.hpp>

namespace confinit::engine {
namespace {

constexpr std::string_view every_pair = R"(
exec dead hold -> waiting @off
exec dead begin -> start/planning @off plan
exec dead stop -> same
exec dead dependency-failed -> failed @off
exec dead refused -> failed @off
exec dead planned -> same
exec dead turn-came -> same
exec dead plan-outdated -> same
exec dead launched -> same
exec dead ready -> same
exec dead launch-failed -> same
exec dead try-later -> same
exec dead plan-anew -> same
exec dead leave-out -> same
exec dead launch-again -> same
exec dead dropped -> same
exec dead main-exited-clean -> same
exec dead main-failed -> same
exec dead watchdog-missed -> same
exec dead cgroup-empty -> same
exec dead released -> same
exec dead release-failed -> same
exec dead stuck -> same
exec dead frozen -> same
exec dead thawed -> same
exec dead next-try -> same
exec dead timed-out -> same
exec dead late -> same

exec waiting hold -> waiting @off
exec waiting begin -> start/planning @off plan
exec waiting stop -> dead @off
exec waiting dependency-failed -> failed @off
exec waiting refused -> failed @off
exec waiting planned -> same
exec waiting turn-came -> same
exec waiting plan-outdated -> same
exec waiting launched -> same
exec waiting ready -> same
exec waiting launch-failed -> same
exec waiting try-later -> same
exec waiting plan-anew -> same
exec waiting leave-out -> same
exec waiting launch-again -> same
exec waiting dropped -> same
exec waiting main-exited-clean -> same
exec waiting main-failed -> same
exec waiting watchdog-missed -> same
exec waiting cgroup-empty -> same
exec waiting released -> same
exec waiting release-failed -> same
exec waiting stuck -> same
exec waiting frozen -> same
exec waiting thawed -> same
exec waiting next-try -> same
exec waiting timed-out -> same
exec waiting late -> same

exec running+launched hold -> same
exec running+launched begin -> same
exec running+launched stop -> stop-sigterm+launched:stopped @stop send-stop-signal
exec running+launched dependency-failed -> same
exec running+launched refused -> same
exec running+launched planned -> same
exec running+launched turn-came -> same
exec running+launched plan-outdated -> same
exec running+launched launched -> same
exec running+launched ready -> same
exec running+launched launch-failed -> same
exec running+launched try-later -> same
exec running+launched plan-anew -> same
exec running+launched leave-out -> same
exec running+launched launch-again -> same
exec running+launched dropped -> same
exec running+launched main-exited-clean -> stop-sigterm+launched+gone:clean @stop send-stop-signal
exec running+launched main-failed -> stop-sigterm+launched+gone:failed @stop send-stop-signal
exec running+launched watchdog-missed -> stop-sigterm+launched:failed @stop send-abort-signal
exec running+launched cgroup-empty -> running+launched+empty
exec running+launched released -> same
exec running+launched release-failed -> same
exec running+launched stuck -> same
exec running+launched frozen -> running+launched+frozen
exec running+launched thawed -> same
exec running+launched next-try -> same
exec running+launched timed-out -> running+launched @off
exec running+launched late -> same

oneshot exited:clean hold -> same
oneshot exited:clean begin -> same
oneshot exited:clean stop -> dead:stopped @off
oneshot exited:clean dependency-failed -> same
oneshot exited:clean refused -> same
oneshot exited:clean planned -> same
oneshot exited:clean turn-came -> same
oneshot exited:clean plan-outdated -> same
oneshot exited:clean launched -> same
oneshot exited:clean ready -> same
oneshot exited:clean launch-failed -> same
oneshot exited:clean try-later -> same
oneshot exited:clean plan-anew -> same
oneshot exited:clean leave-out -> same
oneshot exited:clean launch-again -> same
oneshot exited:clean dropped -> same
oneshot exited:clean main-exited-clean -> same
oneshot exited:clean main-failed -> same
oneshot exited:clean watchdog-missed -> same
oneshot exited:clean cgroup-empty -> same
oneshot exited:clean released -> same
oneshot exited:clean release-failed -> same
oneshot exited:clean stuck -> same
oneshot exited:clean frozen -> same
oneshot exited:clean thawed -> same
oneshot exited:clean next-try -> same
oneshot exited:clean timed-out -> same
oneshot exited:clean late -> same

exec stop-sigterm+launched:stopped hold -> same
exec stop-sigterm+launched:stopped begin -> same
exec stop-sigterm+launched:stopped stop -> same
exec stop-sigterm+launched:stopped dependency-failed -> same
exec stop-sigterm+launched:stopped refused -> same
exec stop-sigterm+launched:stopped planned -> same
exec stop-sigterm+launched:stopped turn-came -> same
exec stop-sigterm+launched:stopped plan-outdated -> same
exec stop-sigterm+launched:stopped launched -> same
exec stop-sigterm+launched:stopped ready -> same
exec stop-sigterm+launched:stopped launch-failed -> same
exec stop-sigterm+launched:stopped try-later -> same
exec stop-sigterm+launched:stopped plan-anew -> same
exec stop-sigterm+launched:stopped leave-out -> same
exec stop-sigterm+launched:stopped launch-again -> same
exec stop-sigterm+launched:stopped dropped -> same
exec stop-sigterm+launched:stopped main-exited-clean -> stop-sigterm+launched+gone:stopped
exec stop-sigterm+launched:stopped main-failed -> stop-sigterm+launched+gone:stopped
exec stop-sigterm+launched:stopped watchdog-missed -> same
exec stop-sigterm+launched:stopped cgroup-empty -> stop-sigterm+launched+empty:stopped
exec stop-sigterm+launched:stopped released -> same
exec stop-sigterm+launched:stopped release-failed -> same
exec stop-sigterm+launched:stopped stuck -> same
exec stop-sigterm+launched:stopped frozen -> same
exec stop-sigterm+launched:stopped thawed -> same
exec stop-sigterm+launched:stopped next-try -> same
exec stop-sigterm+launched:stopped timed-out -> stop-sigkill+launched:stopped @kill kill-all
exec stop-sigterm+launched:stopped late -> stop-sigterm+launched:stopped @kill kill-all find-leftovers

exec stop-sigkill+launched:stopped hold -> same
exec stop-sigkill+launched:stopped begin -> same
exec stop-sigkill+launched:stopped stop -> same
exec stop-sigkill+launched:stopped dependency-failed -> same
exec stop-sigkill+launched:stopped refused -> same
exec stop-sigkill+launched:stopped planned -> same
exec stop-sigkill+launched:stopped turn-came -> same
exec stop-sigkill+launched:stopped plan-outdated -> same
exec stop-sigkill+launched:stopped launched -> same
exec stop-sigkill+launched:stopped ready -> same
exec stop-sigkill+launched:stopped launch-failed -> same
exec stop-sigkill+launched:stopped try-later -> same
exec stop-sigkill+launched:stopped plan-anew -> same
exec stop-sigkill+launched:stopped leave-out -> same
exec stop-sigkill+launched:stopped launch-again -> same
exec stop-sigkill+launched:stopped dropped -> same
exec stop-sigkill+launched:stopped main-exited-clean -> stop-sigkill+launched+gone:stopped
exec stop-sigkill+launched:stopped main-failed -> stop-sigkill+launched+gone:stopped
exec stop-sigkill+launched:stopped watchdog-missed -> same
exec stop-sigkill+launched:stopped cgroup-empty -> stop-sigkill+launched+empty:stopped
exec stop-sigkill+launched:stopped released -> same
exec stop-sigkill+launched:stopped release-failed -> same
exec stop-sigkill+launched:stopped stuck -> stuck+launched:stopped @off
exec stop-sigkill+launched:stopped frozen -> same
exec stop-sigkill+launched:stopped thawed -> same
exec stop-sigkill+launched:stopped next-try -> same
exec stop-sigkill+launched:stopped timed-out -> stop-sigkill+launched:stopped @kill kill-all
exec stop-sigkill+launched:stopped late -> stop-sigkill+launched:stopped @kill kill-all find-leftovers

exec release+launched+gone+empty:stopped hold -> same
exec release+launched+gone+empty:stopped begin -> same
exec release+launched+gone+empty:stopped stop -> same
exec release+launched+gone+empty:stopped dependency-failed -> same
exec release+launched+gone+empty:stopped refused -> same
exec release+launched+gone+empty:stopped planned -> same
exec release+launched+gone+empty:stopped turn-came -> same
exec release+launched+gone+empty:stopped plan-outdated -> same
exec release+launched+gone+empty:stopped launched -> same
exec release+launched+gone+empty:stopped ready -> same
exec release+launched+gone+empty:stopped launch-failed -> same
exec release+launched+gone+empty:stopped try-later -> same
exec release+launched+gone+empty:stopped plan-anew -> same
exec release+launched+gone+empty:stopped leave-out -> same
exec release+launched+gone+empty:stopped launch-again -> same
exec release+launched+gone+empty:stopped dropped -> same
exec release+launched+gone+empty:stopped main-exited-clean -> same
exec release+launched+gone+empty:stopped main-failed -> same
exec release+launched+gone+empty:stopped watchdog-missed -> same
exec release+launched+gone+empty:stopped cgroup-empty -> same
exec release+launched+gone+empty:stopped released -> dead:stopped @off
exec release+launched+gone+empty:stopped release-failed -> release+launched+gone+empty:stopped @release
exec release+launched+gone+empty:stopped stuck -> stuck+launched+gone+empty:stopped
exec release+launched+gone+empty:stopped frozen -> same
exec release+launched+gone+empty:stopped thawed -> same
exec release+launched+gone+empty:stopped next-try -> same
exec release+launched+gone+empty:stopped timed-out -> release+launched+gone+empty:stopped @off kill-all release
exec release+launched+gone+empty:stopped late -> release+launched+gone+empty:stopped @off kill-all release find-leftovers

exec stuck+launched:stopped hold -> same
exec stuck+launched:stopped begin -> same
exec stuck+launched:stopped stop -> same kill-all
exec stuck+launched:stopped dependency-failed -> same
exec stuck+launched:stopped refused -> same
exec stuck+launched:stopped planned -> same
exec stuck+launched:stopped turn-came -> same
exec stuck+launched:stopped plan-outdated -> same
exec stuck+launched:stopped launched -> same
exec stuck+launched:stopped ready -> same
exec stuck+launched:stopped launch-failed -> same
exec stuck+launched:stopped try-later -> same
exec stuck+launched:stopped plan-anew -> same
exec stuck+launched:stopped leave-out -> same
exec stuck+launched:stopped launch-again -> same
exec stuck+launched:stopped dropped -> same
exec stuck+launched:stopped main-exited-clean -> stuck+launched+gone:stopped
exec stuck+launched:stopped main-failed -> stuck+launched+gone:stopped
exec stuck+launched:stopped watchdog-missed -> same
exec stuck+launched:stopped cgroup-empty -> stuck+launched+empty:stopped
exec stuck+launched:stopped released -> same
exec stuck+launched:stopped release-failed -> same
exec stuck+launched:stopped stuck -> same
exec stuck+launched:stopped frozen -> same
exec stuck+launched:stopped thawed -> same
exec stuck+launched:stopped next-try -> same
exec stuck+launched:stopped timed-out -> stuck+launched:stopped @off
exec stuck+launched:stopped late -> same

exec auto-restart:failed hold -> waiting:failed @off
exec auto-restart:failed begin -> start/planning @off plan
exec auto-restart:failed stop -> dead:failed @off
exec auto-restart:failed dependency-failed -> failed:failed @off
exec auto-restart:failed refused -> failed:failed @off
exec auto-restart:failed planned -> same
exec auto-restart:failed turn-came -> same
exec auto-restart:failed plan-outdated -> same
exec auto-restart:failed launched -> same
exec auto-restart:failed ready -> same
exec auto-restart:failed launch-failed -> same
exec auto-restart:failed try-later -> same
exec auto-restart:failed plan-anew -> same
exec auto-restart:failed leave-out -> same
exec auto-restart:failed launch-again -> same
exec auto-restart:failed dropped -> same
exec auto-restart:failed main-exited-clean -> same
exec auto-restart:failed main-failed -> same
exec auto-restart:failed watchdog-missed -> same
exec auto-restart:failed cgroup-empty -> same
exec auto-restart:failed released -> same
exec auto-restart:failed release-failed -> same
exec auto-restart:failed stuck -> same
exec auto-restart:failed frozen -> same
exec auto-restart:failed thawed -> same
exec auto-restart:failed next-try -> same
exec auto-restart:failed timed-out -> waiting:failed @off
exec auto-restart:failed late -> same

exec failed:failed hold -> waiting:failed @off
exec failed:failed begin -> start/planning @off plan
exec failed:failed stop -> same
exec failed:failed dependency-failed -> failed:failed @off
exec failed:failed refused -> failed:failed @off
exec failed:failed planned -> same
exec failed:failed turn-came -> same
exec failed:failed plan-outdated -> same
exec failed:failed launched -> same
exec failed:failed ready -> same
exec failed:failed launch-failed -> same
exec failed:failed try-later -> same
exec failed:failed plan-anew -> same
exec failed:failed leave-out -> same
exec failed:failed launch-again -> same
exec failed:failed dropped -> same
exec failed:failed main-exited-clean -> same
exec failed:failed main-failed -> same
exec failed:failed watchdog-missed -> same
exec failed:failed cgroup-empty -> same
exec failed:failed released -> same
exec failed:failed release-failed -> same
exec failed:failed stuck -> same
exec failed:failed frozen -> same
exec failed:failed thawed -> same
exec failed:failed next-try -> same
exec failed:failed timed-out -> same
exec failed:failed late -> same
)";

TEST_CASE("every pair of state and input has the written effect", "[unit][engine]") {
    const auto seen = check_table(every_pair);

    // Those of `start` are in a table of their own.
    CHECK(seen.size() == (std::size(sub_states) - 1) * input_names.rows.size());
}

}  // namespace
}  // namespace confinit::engine
