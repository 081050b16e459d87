// SPDX-License-Identifier: Apache-2.0
// Planner: looks at what units name - their files, accounts, paths, namespaces, programs - outside
// of PID 1, which a file system that does not answer would keep for ever.
//
// A planner is a copy of PID 1 that works through the questions which were asked before its birth,
// one by one, and ends. The first one stays for those that say in words all that they are about:
// to copy PID 1 costs more with each service that it has. One whose answer does not come keeps
// nobody waiting for longer than a moment: another one takes the rest. At the end of the question's
// own patience it is killed. A process in the middle of a request to a file system may survive
// that; it is left behind, and its unit's later questions are refused until it has gone.
#pragma once

#include "base/fd.h"
#include "base/look_note.h"
#include "base/shared_memory.h"
#include "kernel/clone.h"
#include "launch/plan/plan_message.h"
#include "supervisor/helpers/planner_process.h"
#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/reaper.h"
#include "supervisor/loop/soon.h"
#include "supervisor/loop/timer.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace confinit {

struct PlannerQuestion {
    std::string unit;  // on whose account it is
    // Somebody waits for the answer to it alone: it comes before a thousand launches.
    bool is_urgent = false;
    Clock::duration patience = std::chrono::seconds{30};  // counted from when a planner begins
    // Runs in the planner, which has PID 1's memory as it was when the planner was born.
    std::move_only_function<PlannerAnswer()> look;
    // All that it is about, for set_reader(): a planner of an earlier birth can answer it too.
    std::string words = {};
    // PID 1's descriptors that it uses, asked for in the planner. Not set: it uses none.
    std::move_only_function<std::vector<int>()> descriptors = {};
};

struct PlannerBounds {
    // A planner that is busy for longer does not keep others waiting any more.
    std::chrono::milliseconds turn{100};
    // In which one takes the question that it is given; longer after each that does not.
    std::chrono::milliseconds birth{500};
    std::size_t stuck = 16;       // that are late, or were killed over a question and are there
    std::size_t at_all = 64;      // also those that do not come to an end for another reason
    unsigned losses_of_one = 20;  // planners that may die over one question
};

class Planner {
public:
    using Done = std::move_only_function<void(PlannerAnswer answer)>;
    using Id = std::uint64_t;

    static Result<std::unique_ptr<Planner>> make(EventLoop& loop, Reaper& reaper,
                                                 CloneMethod method, PlannerBounds bounds = {});
    Planner(const Planner&) = delete;
    Planner& operator=(const Planner&) = delete;
    ~Planner();

    // Answers questions by their words, in planners that are born after this.
    using Reader = std::function<PlannerAnswer(std::string_view words)>;
    void set_reader(Reader reader) { reader_ = std::move(reader); }

    // `done` is called exactly once, from the loop and never from inside of `ask`, unless the
    // question is cancelled first.
    Id ask(PlannerQuestion question, Done done);

    // Nobody wants the answer any more: `done` is not called.
    void cancel(Id id);

private:
    struct Asked {
        PlannerQuestion question;
        Done done;
        Clock::time_point since;  // of the asking
        bool is_waiting = true;   // no planner has it
        unsigned losses = 0;      // planners that have died over it, and answers that got lost here
    };
    struct Helper {
        pid_t pid() const { return process.pid(); }

        Process process;
        Fd socket;
        Watch watch;
        Shared<PlannerPage> page;
        Id first_unknown = 0;  // questions from this one on were asked after its birth
        bool is_lasting = false;
        std::optional<Id> question;
        std::string unit;                        // of the last question
        Clock::time_point since = Clock::now();  // of the question, or of its birth
        PlannerReader reader = {};
        std::optional<Clock::time_point> killed_at = {};
    };

    Planner(EventLoop& loop, Reaper& reaper, CloneMethod method, PlannerBounds bounds)
        : loop_(loop), reaper_(reaper), method_(method), bounds_(bounds) {}

    // How it went on with a question that waits.
    enum class Turn { begun, not_yet, nobody_s };

    void work();
    std::vector<Id> waiting() const;
    bool has_waiting() const;
    void work_soon();
    static bool has_taken(const Helper& helper);
    void replace_unready();
    void give_up_waiting(Clock::time_point now);
    Clock::duration patience_for_birth(Id question) const;
    Turn begin(Id id);
    void give(Helper& helper, Id id);
    Helper* find_idle(Id id);
    bool can_answer(const Helper& helper, Id id) const;
    bool has_lasting() const;
    bool is_late(const Helper& helper) const;
    bool is_stuck(const Helper& helper) const;
    std::size_t stuck() const;
    std::size_t left_behind() const;
    const Helper* killed_over(const std::string& unit) const;
    Error too_many_stuck() const;
    // With the key and the path that it was at.
    static Error failure_at(const PlannerPage& page, int error, std::string hint);
    Status add_helper();
    std::vector<int> descriptors_of_questions();
    PlannerAnswer look(Id id);
    bool take_piece(pid_t pid);
    void on_exit(pid_t pid, ExitStatus status);
    Helper* find(pid_t pid);
    void finish(Id id, PlannerAnswer answer);
    void fail(Id id, Error failure);
    void ask_again(Id id);
    void give_up_overdue();
    void end_idle();
    static void end_helper(Helper& helper);
    void set_timer();

    EventLoop& loop_;
    Reaper& reaper_;
    CloneMethod method_;
    PlannerBounds bounds_;
    Reader reader_;
    std::map<Id, Asked> questions_;
    std::list<Helper> helpers_;
    Id next_id_ = 1;
    std::optional<Timer> timer_;
    std::shared_ptr<bool> is_here_ = std::make_shared<bool>(true);
    Soon soon_{loop_, [this] {
                   work();
               }};
};

}  // namespace confinit
