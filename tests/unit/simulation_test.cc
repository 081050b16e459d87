// SPDX-License-Identifier: Apache-2.0
// Simulation: the engine over random unit graphs, requests and a simulated kernel; what must hold
// after every step, and how everything must end.
#include "engine/engine.h"
#include "engine_kernel_start.h"
#include "rounds.h"

#include <catch2/catch.hpp>

namespace confinit::engine {
namespace {

enum class Request { start, stop, restart };

bool holds_nothing(SubState sub) {
    return sub == SubState::dead || sub == SubState::failed;
}

bool is_at_rest(SubState sub) {
    return holds_nothing(sub) || sub == SubState::stuck;
}

class Simulation {
public:
    explicit Simulation(std::uint32_t seed)
        : chance_(seed), ends_(seed + 1'000'000), engine_(seed), kernel_(chance_) {
        const std::uint32_t count = 2 + chance_.below(10);
        for (std::uint32_t i = 0; i < count; ++i)
            names_.push_back("u" + std::to_string(i));
        for (const std::string& name : names_)
            load(random_spec(name));
    }

    // Requests at random times, then time enough for each of them to end.
    void run(unsigned steps) {
        for (unsigned i = 0; i < steps && is_well(); ++i) {
            if (chance_.one_in(4)) {
                make_request();
            } else if (chance_.one_in(40)) {
                load_again();
            } else {
                step();
            }
        }
        for (unsigned i = 0; i < 20'000 && is_well() && !open_jobs_.empty(); ++i)
            step();
        if (!open_jobs_.empty()) fail("job " + std::to_string(*open_jobs_.begin()) + " is stuck");
    }

    void shut_down() {
        is_shutting_down_ = true;
        caller_ = "";
        const Time until = chance_.one_in(2) ? Time::max() : now_ + 10 * chance_.duration();
        take(engine_.shut_down(now_, until));
        if (chance_.one_in(2)) make_request();
        for (unsigned i = 0; i < 20'000 && is_well() && !is_over(); ++i)
            step();
        if (!engine_.is_quiet()) fail("not quiet after shutting down");
        if (!open_jobs_.empty()) fail("a job is left after shutting down");
        for (const std::string& name : engine_.names()) {
            const UnitState state = engine_.state(name);
            const bool is_stuck = state.sub == SubState::stuck;
            if (!is_at_rest(state.sub)) fail(name + " is not at rest");
            if (state.deadline && !is_stuck) fail("a timer is left after shutting down");
            if (kernel_.has_run(name) && !is_stuck) fail("a node is left after shutting down");
            if (is_stuck) ++stuck_;
        }
    }

    const std::string& problem() const { return problem_; }
    unsigned launches() const { return launches_; }
    unsigned stuck() const { return stuck_; }
    const SimulatedKernel::Tally& tally() const { return kernel_.tally(); }

private:
    UnitSpec random_spec(const std::string& name);
    void load(UnitSpec spec);
    void load_again();
    void make_request();
    void step();
    void take(const Actions& actions);
    void check_action(const Actions& actions, std::size_t index);
    void check_begin(const Actions& actions, std::size_t index);
    void check_attempt(const std::string& unit);
    void check_stop_order(const std::string& unit);
    void check_end(const Actions& actions, std::size_t index);
    void check_end_of_everything(const std::string& unit);
    void check_failures();
    void check_states();
    bool is_on_its_way(const std::string& unit, const UnitState& state) const;
    bool changes_later(const Actions& actions, std::size_t index, const std::string& unit) const;
    SubState sub(const std::string& unit) const { return engine_.state(unit).sub; }
    bool is_well() const { return problem_.empty(); }
    bool is_over() const { return engine_.is_quiet() && !kernel_.next_time(); }
    void fail(const std::string& text) {
        if (problem_.empty()) problem_ = text;
    }

    Chance chance_;
    Chance ends_;  // of how units end for good, beside the schedule of all else
    Engine engine_;
    SimulatedKernel kernel_;
    UnitGraph graph_;  // the same units, for the questions that the checks ask
    std::vector<std::string> names_;
    std::map<std::uint64_t, Request> requests_;
    std::set<std::uint64_t> open_jobs_;
    std::uint64_t next_job_ = 1;
    std::string caller_;  // the unit whose event or whose timer the present call is about
    Time now_{1'000'000};
    unsigned launches_ = 0;
    unsigned stuck_ = 0;  // at the end
    bool is_shutting_down_ = false;
    std::set<std::string> ended_with_;  // essential units, in the present call
    std::set<std::string> failed_;      // after the call before
    std::string problem_;
};

UnitSpec Simulation::random_spec(const std::string& name) {
    UnitSpec spec{.name = name};
    for (const std::string& other : names_) {
        if (other == name) continue;
        if (chance_.one_in(6)) spec.requires_units.push_back(other);
        if (chance_.one_in(6)) spec.wants.push_back(other);
        if (chance_.one_in(4)) spec.after.push_back(other);
        if (chance_.one_in(12)) spec.before.push_back(other);
        if (chance_.one_in(25)) spec.conflicts.push_back(other);
    }
    if (chance_.one_in(30)) spec.requires_units.emplace_back("ghost");
    spec.is_service = !chance_.one_in(5);
    spec.is_group = !spec.is_service && chance_.one_in(2);
    spec.is_oneshot = chance_.one_in(3);
    spec.tells_when_ready = chance_.one_in(3);
    spec.restart = std::array{Restart::no, Restart::on_failure, Restart::always}[chance_.below(3)];
    spec.restart_limit = ends_.one_in(4) ? 1 + ends_.below(3) : 0;
    spec.is_essential = spec.is_service && ends_.one_in(6);
    spec.restart_delay = chance_.duration();
    spec.restart_max_delay = chance_.one_in(10) ? Time{0} : chance_.duration();
    spec.start_timeout = chance_.duration() + Time{1'000};
    spec.stop_timeout = chance_.one_in(10) ? Time{0} : chance_.duration();
    return spec;
}

void Simulation::load(UnitSpec spec) {
    const auto refused = graph_.add(spec);
    if (!refused) kernel_.set_group(spec.name, spec.is_group);
    if (engine_.load(std::move(spec)) != refused) fail("the engine refuses another unit");
}

// Another order and other times, as after an edit; conflicts stay, because what runs already is
// not stopped for the sake of a new one.
void Simulation::load_again() {
    const UnitSpec* known = graph_.find(names_[chance_.below(std::uint32_t(names_.size()))]);
    if (known == nullptr) return;
    UnitSpec spec = random_spec(known->name);
    spec.conflicts = known->conflicts;
    spec.requires_units = known->requires_units;
    load(std::move(spec));
    caller_ = "";
    take(engine_.expire(now_));
}

void Simulation::make_request() {
    const std::string& unit = names_[chance_.below(std::uint32_t(names_.size()))];
    const auto request = std::array{Request::start, Request::stop, Request::restart,
                                    Request::start}[chance_.below(4)];
    const std::uint64_t job = next_job_++;
    requests_[job] = request;
    open_jobs_.insert(job);
    caller_ = "";
    if (request == Request::start) take(engine_.start(unit, job, now_));
    if (request == Request::stop) take(engine_.stop(unit, job, now_));
    if (request == Request::restart) take(engine_.restart(unit, job, now_));
}

void Simulation::step() {
    const auto event_time = kernel_.next_time();
    const auto deadline = engine_.next_deadline();
    if (!event_time && !deadline) return;
    if (deadline && (!event_time || *deadline <= *event_time)) {
        now_ = std::max(now_, *deadline);
        caller_ = "a timer";
        take(engine_.expire(now_));
        const auto next = engine_.next_deadline();
        if (next && *next <= now_) fail("a timer that is due did not fire");
        return;
    }
    now_ = std::max(now_, *event_time);
    const auto delivery = kernel_.advance();
    if (!delivery) return;
    caller_ = delivery->unit;
    take(engine_.handle(delivery->unit, delivery->event, now_, {}, delivery->fault));
}

void Simulation::take(const Actions& actions) {
    for (std::size_t i = 0; i < actions.size(); ++i) {
        check_action(actions, i);
        kernel_.perform(actions[i], now_);
    }
    if (!kernel_.problem().empty()) fail(kernel_.problem());
    check_states();
    check_failures();
}

void Simulation::check_action(const Actions& actions, std::size_t index) {
    switch (actions[index].kind) {
    case ActionKind::plan:
        if (!kernel_.has_run(actions[index].unit)) check_begin(actions, index);
        // One that waits for others to stop before it may plan once more; it is never launched.
        if (engine_.is_to_stop(actions[index].unit)) return;
        return check_attempt(actions[index].unit);
    case ActionKind::launch:
        ++launches_;
        if (engine_.is_to_stop(actions[index].unit)) fail("a unit is launched that is to stop");
        return check_attempt(actions[index].unit);
    case ActionKind::send_stop_signal:
        return check_stop_order(actions[index].unit);
    case ActionKind::job_done:
        return check_end(actions, index);
    case ActionKind::await_turn:
    case ActionKind::drop_plan:
    case ActionKind::leave_out:
    case ActionKind::drop_run:
    case ActionKind::tell_of_retry:
    case ActionKind::send_abort_signal:
    case ActionKind::kill_all:
    case ActionKind::release:
    case ActionKind::find_leftovers:
    case ActionKind::state_changed:
        return;
    case ActionKind::end_everything:
        return check_end_of_everything(actions[index].unit);
    }
}

bool Simulation::changes_later(const Actions& actions, std::size_t index,
                               const std::string& unit) const {
    return std::any_of(actions.begin() + std::ptrdiff_t(index) + 1, actions.end(),
                       [&](const Action& action) {
                           return action.kind == ActionKind::state_changed && action.unit == unit;
                       });
}

// The order counts when a start begins. Only the states after the call are known; what changed
// after the begin proves nothing.
void Simulation::check_begin(const Actions& actions, std::size_t index) {
    const std::string& unit = actions[index].unit;
    for (const std::string& other : graph_.earlier(unit)) {
        const bool is_pending = sub(other) == SubState::waiting || sub(other) == SubState::start;
        // By implication a unit is only after the first try of another one.
        if (graph_.is_implied(unit, other)) continue;
        if (is_pending && !changes_later(actions, index, other)) {
            fail(unit + " begins before " + other);
        }
    }
}

void Simulation::check_attempt(const std::string& unit) {
    if (is_shutting_down_) fail(unit + " is planned or launched after shutting down");
    for (const std::string& other : graph_.conflicting(unit)) {
        if (kernel_.has_run(other)) fail(unit + " is launched beside " + other);
    }
}

// A stop signal that neither an event of the unit itself nor a timer has caused is a stop job's.
void Simulation::check_stop_order(const std::string& unit) {
    if (caller_ == unit || caller_ == "a timer") return;
    for (const std::string& other : graph_.later(unit)) {
        const SubState state = sub(other);
        if (is_shutting_down_ && !is_at_rest(state)) fail(unit + " stops before " + other);
        const UnitSpec* spec = graph_.find(other);
        const bool needs_it = spec != nullptr && std::ranges::count(spec->requires_units, unit) > 0;
        const bool is_up =
            state == SubState::running || state == SubState::start || state == SubState::exited;
        if (needs_it && is_up) fail(unit + " stops under " + other);
    }
}

void Simulation::check_end(const Actions& actions, std::size_t index) {
    const Action& action = actions[index];
    if (open_jobs_.erase(action.job) == 0) fail("a job ends that is not open");
    if (action.result != JobResult::done || changes_later(actions, index, action.unit)) return;
    const SubState state = sub(action.unit);
    const bool is_up = state == SubState::running || state == SubState::exited;
    const bool is_stop = requests_[action.job] == Request::stop;
    if (is_stop ? !holds_nothing(state) : !is_up) {
        fail(action.unit + " is " + std::string{name(state)} + " at the end of its job");
    }
}

// It has a timer of its own for each step that nothing answers; the timeout alone is no way on.
bool Simulation::is_on_its_way(const std::string& unit, const UnitState& state) const {
    if (kernel_.is_awaited(unit) || state.next_try || engine_.is_to_stop(unit)) return true;
    switch (state.step) {
    case Step::none:
    case Step::launching:
        return state.deadline.has_value() || state.is_frozen;
    case Step::planning:
    case Step::queued:
    case Step::clearing:
    case Step::resting:
        return false;
    }
    return false;
}

// Whatever is under way has a timer or awaits something.
void Simulation::check_end_of_everything(const std::string& unit) {
    const UnitSpec* spec = graph_.find(unit);
    if (is_shutting_down_ || spec == nullptr || !spec->is_essential)
        fail("everything is to end with " + unit + " for no reason");
    if (!holds_nothing(sub(unit)) && sub(unit) != SubState::exited)
        fail("everything is to end with " + unit + ", which is not over");
    ended_with_.insert(unit);
}

// No essential unit fails for good and everything goes on.
void Simulation::check_failures() {
    for (const std::string& unit : engine_.names()) {
        const bool has_failed = sub(unit) == SubState::failed;
        const bool is_new = has_failed && !failed_.contains(unit);
        const UnitSpec* spec = graph_.find(unit);
        const bool is_essential = spec != nullptr && spec->is_essential && !is_shutting_down_;
        if (is_new && is_essential && !ended_with_.contains(unit))
            fail(unit + " is essential and has failed, and nothing ends with it");
        if (has_failed) failed_.insert(unit);
        if (!has_failed) failed_.erase(unit);
    }
    ended_with_.clear();
}

void Simulation::check_states() {
    for (const std::string& unit : engine_.names()) {
        const UnitState state = engine_.state(unit);
        const bool has_timer = state.deadline.has_value();
        bool is_stuck = false;
        switch (state.sub) {
        case SubState::waiting:
            is_stuck = engine_.waits_for(unit).empty();
            break;
        case SubState::start:
            is_stuck = !is_on_its_way(unit, state);
            break;
        case SubState::stuck:
            // The launch of one that was killed meanwhile may not have been answered.
            is_stuck = !kernel_.has_node(unit) && !kernel_.is_awaited(unit);
            break;
        case SubState::stop_sigterm:
        case SubState::stop_sigkill:
        case SubState::auto_restart:
            is_stuck = !has_timer;
            break;
        case SubState::release:
            is_stuck = !has_timer && !kernel_.is_awaited(unit);
            break;
        case SubState::dead:
        case SubState::failed:
        case SubState::exited:
            is_stuck = has_timer || state.next_try || kernel_.has_run(unit);
            break;
        case SubState::running:
            break;
        }
        if (is_stuck) fail(unit + " is stuck in " + std::string{name(state.sub)});
        if (state.deadline && *state.deadline < now_ - Time{1}) fail(unit + " missed its timer");
    }
}

TEST_CASE("no schedule breaks the engine's promises", "[unit][engine][simulation][G3][N6]") {
    int launches = 0;
    int stuck = 0;
    SimulatedKernel::Tally tally;
    for (int seed = 1; seed <= rounds(2'000); ++seed) {
        Simulation simulation{static_cast<std::uint32_t>(seed)};

        simulation.run(300);
        simulation.shut_down();

        INFO("seed " << seed);
        REQUIRE(simulation.problem() == "");
        launches += static_cast<int>(simulation.launches());
        stuck += static_cast<int>(simulation.stuck());
        tally.add(simulation.tally());
    }
    CHECK(launches > rounds(20'000));
    CHECK(stuck > rounds(100));
    CHECK(tally.least() > rounds(200));
}

}  // namespace
}  // namespace confinit::engine
