// SPDX-License-Identifier: Apache-2.0
// Performer: carries out what the engine has decided for one unit. It decides nothing itself: what
// comes of an action, also that it fails, is posted as an event.
#pragma once

#include "engine/engine.h"
#include "supervisor/jobs/event_ring.h"
#include "supervisor/jobs/unit_store.h"
#include "supervisor/loop/retry_queue.h"
#include "supervisor/loop/soon.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace confinit {

// Something that has happened to a run, for the engine.
struct RunEvent {
    std::string unit;
    std::uint64_t run_number = 0;
    engine::Event event{};
};

class Performer {
public:
    struct Listener {
        std::function<void(RunEvent)> happened;                  // the engine hears of it later
        std::function<void(const std::string& unit)> turn_came;  // it may be launched now
        std::function<void(std::string_view unit, EventKind kind, std::string_view text)> note;
    };

    Performer(Machinery& machinery, engine::Engine& engine, UnitStore& units, Listener listener);
    Performer(const Performer&) = delete;
    Performer& operator=(const Performer&) = delete;
    ~Performer() = default;

    // Job ends and changes of state are told by others.
    void perform(Service& service, engine::ActionKind kind);

    // The action has failed by an exception each time, and the start that waits for its answer
    // must not wait for ever. Whether there is one.
    bool fail_start(Service& service, engine::ActionKind kind);

    // An attempt to launch the service has failed: what it is judged to be, and the end that it is
    // if there is no other attempt.
    struct FailedAttempt {
        engine::Fault fault;
        RunEnd end;
    };
    FailedAttempt judge(Service& service);

    // When the turns of launches are to be given, should nobody have done so by then.
    std::optional<Clock::time_point> next_deadline() const { return turns_.next_try(); }
    void give_turns();

private:
    // performer_plan.cc
    void plan(Service& service);
    void take_plan(Service& service, Result<Planned> planned);
    void forget_plan(Service& service);
    bool is_out_of_date(const Service& service) const;
    std::vector<std::pair<std::string, std::uint64_t>> joined_runs(const Unit& unit) const;
    Checked<Unit> unit_to_run(const Service& service) const;
    void drop_plan(Service& service);
    void leave_out(Service& service);

    // performer_launch.cc
    void await_turn(const std::string& unit);
    void launch(Service& service);
    Status try_to_start(Service& service);
    Status start_once(Service& service);
    Result<GroupNodes> groups_of(const Unit& unit) const;
    Status check_groups_run(const Unit& unit) const;
    void thaw_groups(const std::string& unit);
    void fail_attempt(Service& service, Error failure);
    void drop_run(Service& service);

    void tell_of_retry(const Service& service);
    void release(Service& service);
    void end_drift(Service& service);
    void post(const Service& service, engine::Event event);

    Machinery& machinery_;
    engine::Engine& engine_;
    UnitStore& units_;
    Listener listener_;
    RetryQueue<std::string> turns_;  // units whose turn to be launched it is not yet, or no more
    Soon turns_soon_{machinery_.loop, [this] {
                         give_turns();
                     }};
    std::uint64_t next_run_number_ = 1;  // over all units: a name that comes back is another one
};

// The unit that the present start was decided for.
const Unit& unit_to_launch(const Service& service);

// The optional key that the failure is one of, or the part of it that can be left out; empty for
// none.
std::string key_to_leave_out(const Service& service, const Error& failure);

}  // namespace confinit
