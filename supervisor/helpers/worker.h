// SPDX-License-Identifier: Apache-2.0
// Workers: work that may take long or wait is done by a copy of PID 1; its answer comes back to the
// loop.
#pragma once

#include "base/fd.h"
#include "base/look_note.h"
#include "base/result.h"
#include "base/shared_memory.h"
#include "control/protocol.h"
#include "kernel/clone.h"
#include "supervisor/helpers/worker_process.h"
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
#include <sys/types.h>

namespace confinit {

// Does a piece of PID 1's own work for a job on the account of the one who asked for it.
using Payer = std::function<void(const std::function<void()>& work)>;

struct WorkerJob {
    std::string name;  // for messages: "verify 'web'"
    uid_t uid = 0;     // the user on whose account the job runs
    WorkerTask task;
    Clock::duration patience = std::chrono::seconds{30};  // counted from its start
    Payer payer = {};                                     // none: nobody is charged
};

// Root and the supervisor's own user ("privileged") have seats that nobody else can take.
struct WorkerBounds {
    std::size_t at_once = 8;         // workers that run, of everybody
    std::size_t at_once_others = 4;  // of these, workers of unprivileged users
    std::size_t each_uid = 2;        // workers of one unprivileged user, those that hang included
    std::size_t queued = 256;        // jobs that wait, of everybody
    std::size_t queued_others = 128;
    std::size_t queued_each_uid = 32;
    std::size_t left_behind = 32;  // workers that do not die, of everybody
    std::size_t left_behind_others = 8;
    std::size_t answer = reply_limit;  // bytes
};

// PID 1 never waits for a worker. A worker that has lost its patience is killed by its pidfd; one
// that does not die, because it waits in the kernel for a device that is silent, is left behind and
// counted against its user until the kernel lets it go.
//
// The work runs in a copy of PID 1's memory as it is at the start of the worker, which may be later
// than the call of `run`: it takes values along, or looks up by name. It changes nothing in PID 1
// but by its answer.
class Workers {
public:
    using Done = std::move_only_function<void(Result<std::string> answer)>;
    using Id = std::uint64_t;

    static Result<std::unique_ptr<Workers>> make(EventLoop& loop, Reaper& reaper,
                                                 CloneMethod method, WorkerBounds bounds = {});
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;
    ~Workers();

    // `done` is called exactly once, from the loop and never from inside of `run`, unless the job
    // is cancelled first. A job for which there is no room any more is answered with an error.
    Id run(WorkerJob job, Done done);

    // Nobody wants the answer any more: `done` is not called, and a worker that runs is killed.
    void cancel(Id id);

    std::size_t running() const;      // workers at work
    std::size_t left_behind() const;  // workers that were killed and are still there
    std::size_t queued() const { return queue_.size(); }

private:
    struct Waiting {
        Id id;
        WorkerJob job;
        Done done;
    };
    struct Answer {
        Id id;
        Done done;
        Result<std::string> text;
    };
    struct Worker {
        std::string name;
        uid_t uid = 0;
        Done done;  // empty once the answer is given, or not wanted
        Clock::time_point deadline{};
        Clock::duration patience{};
        Payer payer;
        Process process;
        Fd pipe;
        Watch watch;
        std::string received;
        Shared<LookNote> note;  // where the work is
        bool is_killed = false;
    };

    Workers(EventLoop& loop, Reaper& reaper, CloneMethod method, WorkerBounds bounds)
        : loop_(loop), reaper_(reaper), method_(method), bounds_(bounds) {}

    std::optional<std::string> refusal(uid_t uid) const;
    bool may_start(uid_t uid) const;
    void work();
    void give_answers();
    void start_due();
    Status start(Waiting& waiting);
    void on_answer(Id id);
    void on_exit(Id id, ExitStatus status);
    bool read_answer(Worker& worker);
    bool finish_if_complete(Id id);
    void finish(Id id, Result<std::string> answer);
    void end_worker(Worker& worker);
    void give_up_overdue();
    void set_timer();

    EventLoop& loop_;
    Reaper& reaper_;
    CloneMethod method_;
    WorkerBounds bounds_;
    std::optional<Timer> timer_;
    std::list<Waiting> queue_;
    std::list<Answer> answers_;     // of jobs that no worker has
    std::map<Id, Worker> workers_;  // until the kernel says that they have ended
    Id next_id_ = 1;
    // Those that the reaper calls may end after this object.
    std::shared_ptr<bool> is_here_ = std::make_shared<bool>(true);
    Soon soon_{loop_, [this] {
                   work();
               }};
};

}  // namespace confinit
