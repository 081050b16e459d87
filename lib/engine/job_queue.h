// SPDX-License-Identifier: Apache-2.0
// JobQueue: the requests under way for each unit, and which units each of them waits for.
#pragma once

#include "engine/types.h"
#include "engine/unit_graph.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace confinit::engine {

// The numbers of the requests that end together with a job; none for a job that only serves
// another unit's request.
using JobNumbers = std::vector<std::uint64_t>;

// The requests of these numbers have ended.
void report(std::string_view unit, const JobNumbers& numbers, JobResult result,
            const std::string& reason, Actions& actions);

// Why a start cannot succeed any more.
struct Obstacle {
    std::string reason;
    bool may_pass = false;  // the unit that failed is tried again
};

struct StartJob {
    JobNumbers numbers;
    bool is_underway = false;  // its turn has come; the run that it began decides how it ends
    bool is_retry = false;     // only an automatic restart has asked for it
    std::optional<Obstacle> obstacle;
};

struct StopJob {
    JobNumbers numbers;
    std::string reason;  // why nobody has asked for it; empty when somebody has
};

// A unit has at most one job of each kind. With both, as in a restart, the stop goes first.
//
// A start waits for its unit's stop, for any job of an earlier unit, and for the stop of a later or
// a conflicting one. A unit that is earlier by implication alone has had its chance when it is
// tried again, and is not waited for. A stop waits for the stop of a later unit, and never for a
// start. Since order has no cycles, nor has waiting.
class JobQueue {
public:
    // Joins the job that is there, or makes one, and wakes it.
    StartJob& add_start(const std::string& unit, const JobNumbers& numbers);
    StopJob& add_stop(const std::string& unit, const JobNumbers& numbers);

    StartJob* find_start(std::string_view unit);
    const StartJob* find_start(std::string_view unit) const;
    const StopJob* find_stop(std::string_view unit) const;
    bool has_job(std::string_view unit) const { return jobs_.contains(unit); }

    // Takes the job out, wakes those that may have waited for it, and gives its numbers.
    JobNumbers end_start(const std::string& unit, const UnitGraph& graph);
    JobNumbers end_stop(const std::string& unit, const UnitGraph& graph);

    // The units that the job to be done next for this unit waits for.
    std::vector<std::string> blockers(std::string_view unit, const UnitGraph& graph) const;

    // Whether there are any. One of them is remembered: until its job ends, no other wakes the
    // unit.
    bool is_blocked(const std::string& unit, const UnitGraph& graph);

    // A woken job is one that may be able to go on; a unit without a job does not wake.
    void wake(const std::string& unit);
    void wake_all();
    bool has_woken() const { return !woken_.empty(); }
    std::optional<std::string> take_woken();

private:
    struct UnitJobs {
        std::optional<StartJob> start;
        std::optional<StopJob> stop;
        std::string blocker;
    };

    bool is_waited_for(const std::string& earlier, std::string_view unit,
                       const UnitGraph& graph) const;
    void tidy(const std::string& unit, const UnitGraph& graph);
    void wake_if_blocked_by(const std::string& blocker, const std::string& unit);

    std::map<std::string, UnitJobs, std::less<>> jobs_;
    std::set<std::string> woken_;
};

}  // namespace confinit::engine
