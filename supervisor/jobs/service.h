// SPDX-License-Identifier: Apache-2.0
// Service: the live thing behind a unit, as data: what is loaded, what runs, and how that is going.
#pragma once

#include "launch/verify/verify.h"
#include "supervisor/jobs/event_text.h"
#include "supervisor/jobs/unit_versions.h"
#include "supervisor/units/group.h"
#include "supervisor/units/kept_plan.h"
#include "supervisor/units/leftovers.h"
#include "supervisor/units/log_ring.h"
#include "supervisor/units/run.h"
#include "unit/unit.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace confinit {

// A key that the unit runs without, because it is optional and could not be put in force.
struct SkippedKey {
    std::string key;
    std::string reason;  // begins with the key, or with what below it failed
};

// A plan that is asked for, and what it depends on.
struct Planning {
    Planner::Id question = 0;
    // The units whose namespaces it joins, with their runs at the time of asking.
    std::vector<std::pair<std::string, std::uint64_t>> joined = {};
    PlanBasis basis = {};
};

// PID 1 holds this of a start until execve(2); the engine knows how far it is.
struct PendingStart {
    // The unit that the start was decided for, once the loaded one is another.
    std::unique_ptr<Unit> decided_unit;
    std::optional<Planning> planning;
    std::optional<Planned> planned;  // once the planner has answered
    std::optional<Error> failure;    // of the last try, without a run
    // The last try, of which the next one has the runtime directories.
    std::unique_ptr<Run> former;
};

// Also behind a group, which has a node only, and behind a target, which has nothing.
struct Service {
    Unit unit;
    DiskLook disk;                  // how its files compare with it
    Clock::time_point read_at{};    // the beginning of the look that it was read in
    std::uint64_t stops_asked = 0;  // requests to stop it
    LogRing log;
    std::unique_ptr<Run> run;
    std::unique_ptr<Group> group;
    std::uint64_t run_number = 0;    // events of an earlier run are told by it
    std::optional<RunEnd> last_end;  // of the last run that ended, or of the one that ends now
    std::vector<SkippedKey> skipped;
    std::optional<PendingStart> pending_start;  // while it starts
    KeptPlan kept;                              // of the last launch, for the next one
    bool is_changing = false;                   // a live change is on its way
    std::vector<DriftItem> drift;               // of the last check
    std::vector<std::string> vain_edits;        // of the last reading: edits_without_effect()
    // In whose name a deputy has asked for the present state, "uid 1000 (:1.42)"; empty where
    // nobody has. It goes with the next change of state that no job of the unit causes.
    std::string asked_by;
};

// The node that the unit has now, or null.
const Cgroup* node_of(const Service& service);

const UnitNode* unit_node_of(const Service& service);

// The unit that the present run began with, or null.
const Unit* running_unit(const Service& service);

// The group that it lives in, or would live in if it started now; empty for none.
const std::string& group_of(const Service& service);

// The group that its run is in, or will be in that is on its way; empty for none.
std::string group_in_use(const Service& service);

// The keys in which the present run is older than the loaded unit.
std::vector<std::string> outdated_keys(const Service& service);

// The keys that it does without.
std::vector<std::string> keys_left_out(const Service& service);

// Reads back from the kernel what is in force, for one that has a main process or is a group. In a
// worker, with these descriptors; it fails where the service has ended meanwhile.
Result<std::vector<VerifyItem>> verify_service(const Service& service);
std::vector<int> verify_descriptors(const Service& service);

// The processes of a unit that is to end, and what they wait for; for people.
std::vector<Leftover> leftovers_of(const Service& service);
std::string leftovers_text(const Service& service);

}  // namespace confinit
