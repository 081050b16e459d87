// SPDX-License-Identifier: Apache-2.0
// The table of one unit's life, written out: one line for each state and input.
#include "base/text.h"
#include "engine_state_text.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

namespace confinit::engine {
namespace {

ServiceState parse_state(std::string_view text, UnitKind kind) {
    ServiceState state{.kind = kind};
    if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        state.ending = ending_names.value(text.substr(colon + 1)).value();
        text = text.substr(0, colon);
    }
    const auto parts = split(text, '+');
    const auto* sub =
        std::ranges::find(sub_states, parts[0], [](SubState one) { return name(one); });
    REQUIRE(sub != std::end(sub_states));
    state.sub = *sub;
    for (const std::string_view part : parts) {
        if (part == "launched") state.is_launched = true;
        if (part == "gone") state.main_gone = true;
        if (part == "empty") state.is_empty = true;
    }
    return state;
}

// "exec", "exec/always".
Rules parse_rules(std::string_view text) {
    const auto parts = split(text, '/');
    Rules rules{.kind = kind_names.value(parts[0]).value()};
    if (parts.size() > 1) rules.restart = restart_names.value(parts[1]).value();
    return rules;
}

// Checks each line "RULES STATE INPUT -> RESULT" and gives the pairs (sub state, input) it met.
std::set<std::pair<SubState, Input>> check_table(std::string_view table) {
    std::set<std::pair<SubState, Input>> seen;
    for (const std::string_view line : split(table, '\n')) {
        const auto words = split_words(line);
        if (words.empty()) continue;
        REQUIRE(words.size() >= 5);
        const Rules rules = parse_rules(words[0]);
        const ServiceState state = parse_state(words[1], rules.kind);
        const Input input = input_names.value(words[2]).value();

        const std::string result = text_of(state, next(state, input, rules));

        const std::vector<std::string> expected(words.begin() + 4, words.end());
        INFO(line);
        CHECK(result == join(expected, " "));
        seen.emplace(state.sub, input);
    }
    return seen;
}

constexpr std::string_view every_pair = R"(
exec dead hold -> waiting @off
exec dead begin -> start @start launch
exec dead stop -> same
exec dead dependency-failed -> failed @off
exec dead refused -> failed @off
exec dead launched -> same
exec dead ready -> same
exec dead launch-failed -> same
exec dead main-exited-clean -> same
exec dead main-failed -> same
exec dead watchdog-missed -> same
exec dead cgroup-empty -> same
exec dead released -> same
exec dead release-failed -> same
exec dead timed-out -> same

exec waiting hold -> waiting @off
exec waiting begin -> start @start launch
exec waiting stop -> dead @off
exec waiting dependency-failed -> failed @off
exec waiting refused -> failed @off
exec waiting launched -> same
exec waiting ready -> same
exec waiting launch-failed -> same
exec waiting main-exited-clean -> same
exec waiting main-failed -> same
exec waiting watchdog-missed -> same
exec waiting cgroup-empty -> same
exec waiting released -> same
exec waiting release-failed -> same
exec waiting timed-out -> same

exec start hold -> same
exec start begin -> same
exec start stop -> stop-sigkill:stopped @kill kill-all
exec start dependency-failed -> same
exec start refused -> same
exec start launched -> running+launched @health
exec start ready -> same
exec start launch-failed -> release+gone+empty:failed @off release
exec start main-exited-clean -> stop-sigterm+gone:failed @stop send-stop-signal
exec start main-failed -> stop-sigterm+gone:failed @stop send-stop-signal
exec start watchdog-missed -> same
exec start cgroup-empty -> start+empty
exec start released -> same
exec start release-failed -> same
exec start timed-out -> stop-sigkill:timed-out @kill kill-all

exec running+launched hold -> same
exec running+launched begin -> same
exec running+launched stop -> stop-sigterm+launched:stopped @stop send-stop-signal
exec running+launched dependency-failed -> same
exec running+launched refused -> same
exec running+launched launched -> same
exec running+launched ready -> same
exec running+launched launch-failed -> same
exec running+launched main-exited-clean -> stop-sigterm+launched+gone:clean @stop send-stop-signal
exec running+launched main-failed -> stop-sigterm+launched+gone:failed @stop send-stop-signal
exec running+launched watchdog-missed -> stop-sigterm+launched:failed @stop send-abort-signal
exec running+launched cgroup-empty -> running+launched+empty
exec running+launched released -> same
exec running+launched release-failed -> same
exec running+launched timed-out -> running+launched @off

oneshot exited:clean hold -> same
oneshot exited:clean begin -> same
oneshot exited:clean stop -> dead:stopped @off
oneshot exited:clean dependency-failed -> same
oneshot exited:clean refused -> same
oneshot exited:clean launched -> same
oneshot exited:clean ready -> same
oneshot exited:clean launch-failed -> same
oneshot exited:clean main-exited-clean -> same
oneshot exited:clean main-failed -> same
oneshot exited:clean watchdog-missed -> same
oneshot exited:clean cgroup-empty -> same
oneshot exited:clean released -> same
oneshot exited:clean release-failed -> same
oneshot exited:clean timed-out -> same

exec stop-sigterm+launched:stopped hold -> same
exec stop-sigterm+launched:stopped begin -> same
exec stop-sigterm+launched:stopped stop -> same
exec stop-sigterm+launched:stopped dependency-failed -> same
exec stop-sigterm+launched:stopped refused -> same
exec stop-sigterm+launched:stopped launched -> same
exec stop-sigterm+launched:stopped ready -> same
exec stop-sigterm+launched:stopped launch-failed -> same
exec stop-sigterm+launched:stopped main-exited-clean -> stop-sigterm+launched+gone:stopped
exec stop-sigterm+launched:stopped main-failed -> stop-sigterm+launched+gone:stopped
exec stop-sigterm+launched:stopped watchdog-missed -> same
exec stop-sigterm+launched:stopped cgroup-empty -> stop-sigterm+launched+empty:stopped
exec stop-sigterm+launched:stopped released -> same
exec stop-sigterm+launched:stopped release-failed -> same
exec stop-sigterm+launched:stopped timed-out -> stop-sigkill+launched:stopped @kill kill-all

exec stop-sigkill+launched:stopped hold -> same
exec stop-sigkill+launched:stopped begin -> same
exec stop-sigkill+launched:stopped stop -> same
exec stop-sigkill+launched:stopped dependency-failed -> same
exec stop-sigkill+launched:stopped refused -> same
exec stop-sigkill+launched:stopped launched -> same
exec stop-sigkill+launched:stopped ready -> same
exec stop-sigkill+launched:stopped launch-failed -> same
exec stop-sigkill+launched:stopped main-exited-clean -> stop-sigkill+launched+gone:stopped
exec stop-sigkill+launched:stopped main-failed -> stop-sigkill+launched+gone:stopped
exec stop-sigkill+launched:stopped watchdog-missed -> same
exec stop-sigkill+launched:stopped cgroup-empty -> stop-sigkill+launched+empty:stopped
exec stop-sigkill+launched:stopped released -> same
exec stop-sigkill+launched:stopped release-failed -> same
exec stop-sigkill+launched:stopped timed-out -> stop-sigkill+launched:stopped @kill kill-all

exec release+launched+gone+empty:stopped hold -> same
exec release+launched+gone+empty:stopped begin -> same
exec release+launched+gone+empty:stopped stop -> same
exec release+launched+gone+empty:stopped dependency-failed -> same
exec release+launched+gone+empty:stopped refused -> same
exec release+launched+gone+empty:stopped launched -> same
exec release+launched+gone+empty:stopped ready -> same
exec release+launched+gone+empty:stopped launch-failed -> same
exec release+launched+gone+empty:stopped main-exited-clean -> same
exec release+launched+gone+empty:stopped main-failed -> same
exec release+launched+gone+empty:stopped watchdog-missed -> same
exec release+launched+gone+empty:stopped cgroup-empty -> same
exec release+launched+gone+empty:stopped released -> dead:stopped @off
exec release+launched+gone+empty:stopped release-failed -> release+launched+gone+empty:stopped @release
exec release+launched+gone+empty:stopped timed-out -> release+launched+gone+empty:stopped @off kill-all release

exec auto-restart:failed hold -> waiting:failed @off
exec auto-restart:failed begin -> start @start launch
exec auto-restart:failed stop -> dead:failed @off
exec auto-restart:failed dependency-failed -> failed:failed @off
exec auto-restart:failed refused -> failed:failed @off
exec auto-restart:failed launched -> same
exec auto-restart:failed ready -> same
exec auto-restart:failed launch-failed -> same
exec auto-restart:failed main-exited-clean -> same
exec auto-restart:failed main-failed -> same
exec auto-restart:failed watchdog-missed -> same
exec auto-restart:failed cgroup-empty -> same
exec auto-restart:failed released -> same
exec auto-restart:failed release-failed -> same
exec auto-restart:failed timed-out -> waiting:failed @off

exec failed:failed hold -> waiting:failed @off
exec failed:failed begin -> start @start launch
exec failed:failed stop -> same
exec failed:failed dependency-failed -> failed:failed @off
exec failed:failed refused -> failed:failed @off
exec failed:failed launched -> same
exec failed:failed ready -> same
exec failed:failed launch-failed -> same
exec failed:failed main-exited-clean -> same
exec failed:failed main-failed -> same
exec failed:failed watchdog-missed -> same
exec failed:failed cgroup-empty -> same
exec failed:failed released -> same
exec failed:failed release-failed -> same
exec failed:failed timed-out -> same
)";

// What the run has shown so far, its kind and the restart policy make the difference.
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

oneshot dead begin -> start @start launch
oneshot start launched -> start+launched
oneshot start main-exited-clean -> stop-sigterm+gone:failed @stop send-stop-signal
oneshot start stop -> stop-sigkill:stopped @kill kill-all
oneshot start+launched main-exited-clean -> stop-sigterm+launched+gone:clean @stop send-stop-signal
oneshot start+launched main-failed -> stop-sigterm+launched+gone:failed @stop send-stop-signal
oneshot start+launched cgroup-empty -> start+launched+empty
oneshot start+launched launch-failed -> same
oneshot start+launched stop -> stop-sigterm+launched:stopped @stop send-stop-signal
oneshot start+launched timed-out -> stop-sigkill+launched:timed-out @kill kill-all
oneshot start+launched+empty main-exited-clean -> release+launched+gone+empty:clean @off release

notify dead begin -> start @start launch
notify start launched -> start+launched
notify start ready -> same
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

group dead begin -> start @start launch
group start launched -> running @off
group start launch-failed -> release+gone+empty:failed @off release
group start timed-out -> release+gone+empty:timed-out @off release
group start stop -> release+gone+empty:stopped @off release
group start cgroup-empty -> same
group start main-failed -> same
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

exec start+empty main-failed -> release+gone+empty:failed @off release
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
)";

TEST_CASE("every pair of state and input has the written effect", "[unit][engine]") {
    const auto seen = check_table(every_pair);

    CHECK(seen.size() == std::size(sub_states) * input_names.rows.size());
}

TEST_CASE("kind, policy and what was seen of the run change the effect", "[unit][engine][G3]") {
    check_table(variants);
}

}  // namespace
}  // namespace confinit::engine
