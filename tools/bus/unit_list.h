// SPDX-License-Identifier: Apache-2.0
// UnitList: the units as the supervisor lists them, kept true by its events.
//
// It is the one thing that confinit-bus remembers, and all of it can be asked for again: a property
// getter of sdbus-c++ has to answer at once, and what has changed is told by comparing with what
// was known. Counters and facts of the kernel are not in it.
#pragma once

#include "base/json_text.h"
#include "bus/supervisor_calls.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

struct UnitRecord {
    std::string name;
    std::string description;
    std::string kind;
    std::string group;
    std::string enabled;
    std::string active;
    std::string sub;
    std::string reason;
    std::string on_disk;
    std::string load_problem;  // the first one
    std::string bus_name;      // that it is ready by
    std::int64_t pid = 0;
    std::int64_t since_us = 0;
    std::vector<std::string> skipped;
    std::vector<std::string> drift;
    std::vector<std::string> outdated;

    bool operator==(const UnitRecord&) const = default;

    // "loaded", "bad-setting" or "not-loaded".
    std::string_view load_state() const;
};

UnitRecord unit_record(const Json& summary);

// `result` is that of JobFailed in manager_interface.varlink, or "done".
struct JobOver {
    std::uint64_t job = 0;
    std::string unit;
    std::string result;
    std::string reason;
};

// The list tells all that happens, in order. Each function is called with nothing under way.
struct UnitNews {
    std::function<void(const UnitRecord& unit)> appeared;
    std::function<void(const UnitRecord& before, const UnitRecord& now)> changed;
    std::function<void(const UnitRecord& unit)> disappeared;
    std::function<void(std::uint64_t job, const std::string& unit)> job_begun;
    std::function<void(const JobOver& over)> job_over;
    // Events were lost, among them perhaps the ends of jobs.
    std::function<void(const std::string& why)> missed;
    std::function<void(const std::string& unit, const std::string& text)> drift;
    std::function<void(bool active)> reloading;
    std::function<void(const std::string& trouble)> connection;  // empty: it stands
};

class UnitList {
public:
    using Clock = SupervisorCalls::Clock;

    UnitList(std::string socket, SupervisorCalls& calls, UnitNews news);

    const std::map<std::string, UnitRecord, std::less<>>& units() const { return units_; }

    void add_polls(std::vector<pollfd>& polls) const;
    // Takes the events that have come, and connects again when it is time.
    void handle();
    // When it has something to do by itself: to connect again, or to ask what has changed.
    std::optional<Clock::time_point> next_due() const;

private:
    void connect();
    void lose(const std::string& why);
    void take_events(const Json& parameters);
    void take_event(const Json& event);
    void take_former_event(const Json& event);
    void refresh();
    void refresh_all();
    void refresh_named();
    void on_list(const std::set<std::string>* asked, const Result<Reply>& reply);
    void put(UnitRecord record);
    void drop(const std::string& name);

    std::string socket_;
    SupervisorCalls& calls_;
    UnitNews news_;
    std::optional<Client> follower_;
    bool has_history_ = false;  // the first reply tells what was before
    Clock::time_point next_try_{};
    std::map<std::string, UnitRecord, std::less<>> units_;
    std::set<std::string> stale_;
    std::deque<JobOver> jobs_over_;  // told when their units are true
    bool all_is_stale_ = false;
    bool is_refreshing_ = false;
    std::optional<Clock::time_point> refresh_due_;  // of what is stale
};

}  // namespace confinit
