// SPDX-License-Identifier: Apache-2.0
// The texts of events: states with their reasons, and drift that begins and ends.
#include "supervisor/jobs/event_text.h"

#include <catch2/catch.hpp>

namespace confinit {
namespace {

using engine::SubState;

std::string text_of(SubState sub, std::string reason) {
    return state_event_text({.sub = sub, .reason = std::move(reason)});
}

using Texts = std::vector<std::string>;
using Items = std::vector<DriftItem>;

TEST_CASE("a reason is told with the state that it leads to, once", "[unit][N20]") {
    const std::string reason = "setup-failed: mounts.read_only[0]: ...";

    CHECK(text_of(SubState::start, "") == "start");
    CHECK(text_of(SubState::release, reason) == "release");
    CHECK(text_of(SubState::auto_restart, reason) == "auto-restart: " + reason);
    CHECK(text_of(SubState::failed, reason) == "failed: " + reason);
    CHECK(text_of(SubState::stop_sigkill, "did not stop") == "stop-sigkill: did not stop");
}

TEST_CASE("drift is news when it begins, changes or is over", "[unit][H7]") {
    const DriftItem memory{"cgroup.memory.max", "declared 64M, in force 33554432"};
    const DriftItem less{"cgroup.memory.max", "declared 64M, in force 16777216"};
    const DriftItem user{"service.user", "declared nobody, in force 0"};
    const DriftItem other_user{"service.user", "declared nobody, in force 1"};

    CHECK(memory.text() == "cgroup.memory.max: declared 64M, in force 33554432");
    CHECK(compare_drift({}, {memory}).begun == Items{memory});
    CHECK(compare_drift({}, {memory}).over.empty());
    CHECK(compare_drift({memory}, {memory}).begun.empty());
    CHECK(compare_drift({memory}, {memory}).over.empty());
    CHECK(compare_drift({memory}, {less}).begun == Items{less});
    CHECK(compare_drift({memory}, {less}).over.empty());
    CHECK(compare_drift({memory, user, other_user}, {memory}).over == Texts{"service.user"});
    CHECK(compare_drift({memory, user}, {}).over == Texts{"cgroup.memory.max", "service.user"});
}

}  // namespace
}  // namespace confinit
