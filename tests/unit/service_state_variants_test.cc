// SPDX-License-Identifier: Apache-2.0
// The table of one unit's life where kind, policy and history make a difference.
#include "engine_state_table.h"

#include <catch2/catch.hpp>

namespace confinit::engine {
namespace {

// The difference that the run so far, its kind and the restart policy make.
constexpr std::string_view variants = R"(
exec/no release+launched+gone+empty:clean released -> dead:clean @off
exec/no release+launched+gone+empty:failed released -> failed:failed @off
exec/no release+launched+gone+empty:timed-out released -> failed:timed-out @off
exec/on-failure release+launched+gone+empty:clean released -> dead:clean @off
exec/on-failure release+launched+gone+empty:failed released -> auto-restart:failed @restart
exec/on-failure release+launched+gone+empty:timed-out released -> auto-restart:timed-out @restart
exec/on-failure release+launched+gone+empty:stopped released -> dead:stopped @off
exec/always release+launched+gone+empty:clean released -> auto-restart:clean @restart
exec/always release+launched+gone+empty:failed released -> auto-restart:failed @restart
exec/always release+launched+gone+empty:stopped released -> dead:stopped @off
oneshot/no release+launched+gone+empty:clean released -> exited:clean @off
oneshot/no release+launched+gone+empty:failed released -> failed:failed @off
oneshot/on-failure release+launched+gone+empty:failed released -> auto-restart:failed @restart
oneshot/always release+launched+gone+empty:clean released -> exited:clean @off
oneshot/always release+launched+gone+empty:stopped released -> dead:stopped @off

exec/on-failure waiting dependency-failed -> auto-restart @restart
exec/always auto-restart:failed dependency-failed -> auto-restart:failed @restart
exec/always waiting refused -> failed @off
target/always waiting dependency-failed -> failed @off

oneshot dead begin -> start/planning @off plan
oneshot start/launching launched -> start+launched
oneshot start/launching main-exited-clean -> stop-sigterm+gone:failed @stop send-stop-signal
oneshot start/launching stop -> stop-sigkill:stopped @kill kill-all
oneshot start+launched main-exited-clean -> stop-sigterm+launched+gone:clean @stop send-stop-signal
oneshot start+launched main-failed -> stop-sigterm+launched+gone:failed @stop send-stop-signal
oneshot start+launched cgroup-empty -> start+launched+empty
oneshot start+launched launch-failed -> same
oneshot start+launched stop -> stop-sigterm+launched:stopped @stop send-stop-signal
oneshot start+launched timed-out -> stop-sigkill+launched:timed-out @kill kill-all
oneshot start+launched+empty main-exited-clean -> release+launched+gone+empty:clean @off release

notify dead begin -> start/planning @off plan
notify start/launching launched -> start+launched
notify start/launching ready -> same
notify start+launched ready -> running+launched @health
notify start+launched+empty ready -> running+launched+empty @health
notify start+launched launched -> same
notify start+launched main-exited-clean -> stop-sigterm+launched+gone:failed @stop send-stop-signal
notify start+launched main-failed -> stop-sigterm+launched+gone:failed @stop send-stop-signal
notify start+launched stop -> stop-sigterm+launched:stopped @stop send-stop-signal
notify start+launched timed-out -> stop-sigkill+launched:timed-out @kill kill-all
notify start+launched watchdog-missed -> same
notify running+launched ready -> same
notify running+launched main-exited-clean -> stop-sigterm+launched+gone:clean @stop send-stop-signal
notify running+launched watchdog-missed -> stop-sigterm+launched:failed @stop send-abort-signal
notify stop-sigterm+launched:stopped ready -> same
notify/on-failure release+launched+gone+empty:failed released -> auto-restart:failed @restart
notify/always release+launched+gone+empty:clean released -> auto-restart:clean @restart
oneshot start+launched ready -> same

target dead begin -> running @health
target failed begin -> running @health
target running stop -> dead:stopped @off
target running launched -> same
target running main-failed -> same
target running cgroup-empty -> same
target running released -> same

group start/launching launched -> running @off
group start/launching launch-failed -> release+gone+empty:failed @off release
group start/launching timed-out -> release+gone+empty:timed-out @off release
group start/launching stop -> release+gone+empty:stopped @off release
group start/launching cgroup-empty -> same
group start/launching main-failed -> same
group running launched -> same
group running launch-failed -> same
group running cgroup-empty -> same
group running timed-out -> same
group running stop -> release+gone+empty:stopped @off release
group release+gone+empty:stopped launched -> same
group release+gone+empty:stopped release-failed -> release+gone+empty:stopped @release
group release+gone+empty:stopped timed-out -> release+gone+empty:stopped @off kill-all release
group release+gone+empty:stopped released -> dead:stopped @off
group/always release+gone+empty:failed released -> failed:failed @off

exec start/launching+empty main-failed -> release+gone+empty:failed @off release
exec running+launched+empty main-exited-clean -> release+launched+gone+empty:clean @off release
exec running+launched+empty main-failed -> release+launched+gone+empty:failed @off release
exec running+launched+empty cgroup-empty -> same
exec running+launched+empty stop -> stop-sigterm+launched+empty:stopped @stop send-stop-signal
exec stop-sigterm+launched+gone:clean cgroup-empty -> release+launched+gone+empty:clean @off release
exec stop-sigterm+launched+gone:clean main-failed -> same
exec stop-sigterm+launched+gone:clean timed-out -> stop-sigkill+launched+gone:clean @kill kill-all
exec stop-sigterm+launched+gone:failed stop -> stop-sigterm+launched+gone:stopped
exec stop-sigterm+launched+empty:stopped main-failed -> release+launched+gone+empty:stopped @off release
exec stop-sigkill+launched+gone:failed cgroup-empty -> release+launched+gone+empty:failed @off release
exec stop-sigkill:stopped launched -> stop-sigkill+launched:stopped
exec stop-sigkill:stopped launch-failed -> release+gone+empty:stopped @off release
exec stop-sigkill:timed-out launch-failed -> release+gone+empty:timed-out @off release
exec stop-sigkill:timed-out stop -> stop-sigkill:stopped
exec release+launched+gone+empty:failed stop -> release+launched+gone+empty:stopped

exec start/launching+frozen frozen -> same
exec start/launching+frozen thawed -> start/launching @resume
exec start/launching+frozen launched -> running+launched+frozen @health
notify start+launched frozen -> start+launched+frozen @pause
exec running+launched+frozen thawed -> running+launched
exec running+launched+frozen stop -> stop-sigterm+launched+frozen:stopped @stop send-stop-signal
exec stop-sigterm+launched+frozen:stopped frozen -> same
exec stop-sigterm+launched+frozen:stopped thawed -> stop-sigterm+launched:stopped @stop
exec stop-sigkill+launched+frozen:stopped thawed -> stop-sigkill+launched:stopped
group running frozen -> same

exec stuck+launched+gone:stopped cgroup-empty -> release+launched+gone+empty:stopped @off release
exec stuck+launched+empty:failed main-failed -> release+launched+gone+empty:failed @off release
exec stuck+launched:failed stop -> stuck+launched:stopped kill-all
exec stuck:timed-out launch-failed -> release+gone+empty:timed-out @off release
exec stuck+launched+gone+empty:stopped cgroup-empty -> same
exec stuck+launched+gone+empty:stopped release-failed -> stuck+launched+gone+empty:stopped @release
exec stuck+launched+gone+empty:stopped timed-out -> stuck+launched+gone+empty:stopped @off kill-all release
exec stuck+launched+gone+empty:stopped released -> dead:stopped @off
exec/on-failure stuck+launched+gone+empty:failed released -> auto-restart:failed @restart
group release+gone+empty:stopped stuck -> stuck+gone+empty:stopped
group stuck+gone+empty:stopped released -> dead:stopped @off
)";

TEST_CASE("kind, policy and what was seen of the run change the effect", "[unit][engine][G3]") {
    check_table(variants);
}

}  // namespace
}  // namespace confinit::engine
