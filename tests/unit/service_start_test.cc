// SPDX-License-Identifier: Apache-2.0
// The table of one unit's life, the steps of its start: one line for each of them and each input.
#include "engine_state_table.h"

#include <catch2/catch.hpp>

namespace confinit::engine {
namespace {

constexpr std::string_view every_pair_of_start = R"(
exec start/planning hold -> same
exec start/planning begin -> same
exec start/planning stop -> release+gone+empty:stopped @off release
exec start/planning dependency-failed -> same
exec start/planning refused -> same
exec start/planning planned -> start/queued await-turn
exec start/planning turn-came -> same
exec start/planning plan-outdated -> same
exec start/planning launched -> same
exec start/planning ready -> same
exec start/planning launch-failed -> release+gone+empty:failed @off release
exec start/planning try-later -> start/resting/planning @attempt
exec start/planning plan-anew -> same drop-plan plan
exec start/planning leave-out -> same leave-out plan
exec start/planning launch-again -> same
exec start/planning dropped -> same
exec start/planning main-exited-clean -> same
exec start/planning main-failed -> same
exec start/planning watchdog-missed -> same
exec start/planning cgroup-empty -> same
exec start/planning released -> same
exec start/planning release-failed -> same
exec start/planning stuck -> same
exec start/planning frozen -> same
exec start/planning thawed -> same
exec start/planning next-try -> same
exec start/planning timed-out -> release+gone+empty:timed-out @off release
exec start/planning late -> same

exec start/queued hold -> same
exec start/queued begin -> same
exec start/queued stop -> release+gone+empty:stopped @off release
exec start/queued dependency-failed -> same
exec start/queued refused -> same
exec start/queued planned -> same
exec start/queued turn-came -> start/launching+turn @start launch
exec start/queued plan-outdated -> same
exec start/queued launched -> same
exec start/queued ready -> same
exec start/queued launch-failed -> release+gone+empty:failed @off release
exec start/queued try-later -> same
exec start/queued plan-anew -> same
exec start/queued leave-out -> same
exec start/queued launch-again -> same
exec start/queued dropped -> same
exec start/queued main-exited-clean -> same
exec start/queued main-failed -> same
exec start/queued watchdog-missed -> same
exec start/queued cgroup-empty -> same
exec start/queued released -> same
exec start/queued release-failed -> same
exec start/queued stuck -> same
exec start/queued frozen -> same
exec start/queued thawed -> same
exec start/queued next-try -> same
exec start/queued timed-out -> release+gone+empty:timed-out @off release
exec start/queued late -> same

exec start/launching+turn hold -> same
exec start/launching+turn begin -> same
exec start/launching+turn stop -> stop-sigkill:stopped @kill kill-all
exec start/launching+turn dependency-failed -> same
exec start/launching+turn refused -> same
exec start/launching+turn planned -> same
exec start/launching+turn turn-came -> same
exec start/launching+turn plan-outdated -> start/planning+turn plan
exec start/launching+turn launched -> running+launched @health
exec start/launching+turn ready -> same
exec start/launching+turn launch-failed -> release+gone+empty:failed @off release
exec start/launching+turn try-later -> start/clearing/resting+turn drop-run
exec start/launching+turn plan-anew -> start/clearing/planning+turn drop-plan drop-run
exec start/launching+turn leave-out -> start/clearing/planning+turn leave-out drop-run
exec start/launching+turn launch-again -> start/clearing/queued+turn drop-run
exec start/launching+turn dropped -> same
exec start/launching+turn main-exited-clean -> stop-sigterm+gone:failed @stop send-stop-signal
exec start/launching+turn main-failed -> stop-sigterm+gone:failed @stop send-stop-signal
exec start/launching+turn watchdog-missed -> same
exec start/launching+turn cgroup-empty -> start/launching+turn+empty
exec start/launching+turn released -> same
exec start/launching+turn release-failed -> same
exec start/launching+turn stuck -> same
exec start/launching+turn frozen -> start/launching+turn+frozen @pause
exec start/launching+turn thawed -> same
exec start/launching+turn next-try -> same
exec start/launching+turn timed-out -> stop-sigkill:timed-out @kill kill-all
exec start/launching+turn late -> same

exec start/clearing/planning+turn hold -> same
exec start/clearing/planning+turn begin -> same
exec start/clearing/planning+turn stop -> release+gone+empty:stopped @off release
exec start/clearing/planning+turn dependency-failed -> same
exec start/clearing/planning+turn refused -> same
exec start/clearing/planning+turn planned -> same
exec start/clearing/planning+turn turn-came -> same
exec start/clearing/planning+turn plan-outdated -> same
exec start/clearing/planning+turn launched -> same
exec start/clearing/planning+turn ready -> same
exec start/clearing/planning+turn launch-failed -> release+gone+empty:failed @off release
exec start/clearing/planning+turn try-later -> same
exec start/clearing/planning+turn plan-anew -> same
exec start/clearing/planning+turn leave-out -> same
exec start/clearing/planning+turn launch-again -> same
exec start/clearing/planning+turn dropped -> start/planning+turn plan
exec start/clearing/planning+turn main-exited-clean -> same
exec start/clearing/planning+turn main-failed -> same
exec start/clearing/planning+turn watchdog-missed -> same
exec start/clearing/planning+turn cgroup-empty -> same
exec start/clearing/planning+turn released -> same
exec start/clearing/planning+turn release-failed -> start/clearing/planning+turn @attempt
exec start/clearing/planning+turn stuck -> same
exec start/clearing/planning+turn frozen -> same
exec start/clearing/planning+turn thawed -> same
exec start/clearing/planning+turn next-try -> same kill-all drop-run
exec start/clearing/planning+turn timed-out -> release+gone+empty:timed-out @off release
exec start/clearing/planning+turn late -> same

exec start/resting/queued+turn hold -> same
exec start/resting/queued+turn begin -> same
exec start/resting/queued+turn stop -> release+gone+empty:stopped @off release
exec start/resting/queued+turn dependency-failed -> same
exec start/resting/queued+turn refused -> same
exec start/resting/queued+turn planned -> same
exec start/resting/queued+turn turn-came -> same
exec start/resting/queued+turn plan-outdated -> same
exec start/resting/queued+turn launched -> same
exec start/resting/queued+turn ready -> same
exec start/resting/queued+turn launch-failed -> release+gone+empty:failed @off release
exec start/resting/queued+turn try-later -> same
exec start/resting/queued+turn plan-anew -> same
exec start/resting/queued+turn leave-out -> same
exec start/resting/queued+turn launch-again -> same
exec start/resting/queued+turn dropped -> same
exec start/resting/queued+turn main-exited-clean -> same
exec start/resting/queued+turn main-failed -> same
exec start/resting/queued+turn watchdog-missed -> same
exec start/resting/queued+turn cgroup-empty -> same
exec start/resting/queued+turn released -> same
exec start/resting/queued+turn release-failed -> same
exec start/resting/queued+turn stuck -> same
exec start/resting/queued+turn frozen -> same
exec start/resting/queued+turn thawed -> same
exec start/resting/queued+turn next-try -> start/queued+turn await-turn
exec start/resting/queued+turn timed-out -> release+gone+empty:timed-out @off release
exec start/resting/queued+turn late -> same

notify start+launched hold -> same
notify start+launched begin -> same
notify start+launched stop -> stop-sigterm+launched:stopped @stop send-stop-signal
notify start+launched dependency-failed -> same
notify start+launched refused -> same
notify start+launched planned -> same
notify start+launched turn-came -> same
notify start+launched plan-outdated -> same
notify start+launched launched -> same
notify start+launched ready -> running+launched @health
notify start+launched launch-failed -> same
notify start+launched try-later -> same
notify start+launched plan-anew -> same
notify start+launched leave-out -> same
notify start+launched launch-again -> same
notify start+launched dropped -> same
notify start+launched main-exited-clean -> stop-sigterm+launched+gone:failed @stop send-stop-signal
notify start+launched main-failed -> stop-sigterm+launched+gone:failed @stop send-stop-signal
notify start+launched watchdog-missed -> same
notify start+launched cgroup-empty -> start+launched+empty
notify start+launched released -> same
notify start+launched release-failed -> same
notify start+launched stuck -> same
notify start+launched frozen -> start+launched+frozen @pause
notify start+launched thawed -> same
notify start+launched next-try -> same
notify start+launched timed-out -> stop-sigkill+launched:timed-out @kill kill-all
notify start+launched late -> same
)";

// The history of the start makes a difference.
constexpr std::string_view variants_of_start = R"(
exec start/queued+turn turn-came -> start/launching+turn launch
exec start/launching+turn+frozen plan-anew -> start/clearing/planning+turn @resume drop-plan drop-run
exec start/launching+turn+empty leave-out -> start/clearing/planning+turn leave-out drop-run
exec start/launching+turn+frozen launched -> running+launched+frozen @health
exec start/clearing/resting+turn dropped -> start/resting/queued+turn @attempt
exec start/clearing/queued+turn dropped -> start/queued+turn await-turn
exec start/clearing/queued+turn next-try -> same kill-all drop-run
exec start/resting/planning next-try -> start/planning plan
exec start/resting/planning+turn next-try -> start/planning+turn plan
exec start/planning+turn stop -> release+gone+empty:stopped @off release
notify start/launching+turn launched -> start+turn+launched
oneshot start/launching+turn launched -> start+turn+launched
oneshot start/launching+turn launch-again -> start/clearing/queued+turn drop-run
group dead begin -> start/planning @off plan
group start/planning planned -> start/queued await-turn
group start/queued turn-came -> start/launching+turn @start launch
group start/launching+turn launched -> running @off
group start/launching+turn try-later -> start/clearing/resting+turn drop-run
group start/launching+turn leave-out -> start/clearing/planning+turn leave-out drop-run
group start/launching+turn plan-outdated -> start/planning+turn plan
group start/launching+turn stop -> release+gone+empty:stopped @off release
group start/launching+turn launch-failed -> release+gone+empty:failed @off release
group start/clearing/resting+turn stop -> release+gone+empty:stopped @off release
group running leave-out -> same

exec stop-sigkill:stopped plan-outdated -> release+gone+empty:stopped @off release
exec stop-sigkill:timed-out leave-out -> release+gone+empty:timed-out @off release
exec stop-sigkill:timed-out launch-again -> release+gone+empty:timed-out @off release
exec stuck:stopped launch-again -> release+gone+empty:stopped @off release
exec stop-sigterm+launched:stopped launch-again -> same
)";

TEST_CASE("every step of a start and every input have the written effect", "[unit][engine][N1]") {
    const auto seen = check_table(every_pair_of_start);

    CHECK(seen.size() == step_names.rows.size() * input_names.rows.size());
}

TEST_CASE("what was before a step changes its effect", "[unit][engine][N1]") {
    check_table(variants_of_start);
}

}  // namespace
}  // namespace confinit::engine
