// SPDX-License-Identifier: Apache-2.0
// Workers: work that may take long or wait is done by a copy of PID 1; its answer comes back to the
// loop.
#include "supervisor/helpers/worker.h"

#include "base/text.h"
#include "launch/spawn/process_limits.h"
#include "supervisor/helpers/hands.h"
#include "supervisor/loop/memory_reserve.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace confinit {
namespace {

bool is_privileged(uid_t uid) {
    return uid == 0 || uid == geteuid();
}

template <class Range, class Claim>
std::size_t count_of(const Range& range, Claim claim) {
    return static_cast<std::size_t>(std::ranges::count_if(range, claim));
}

Result<Pipe> make_answer_pipe() {
    Pipe pipe = TRY(make_pipe());
    // The worker's end waits for room: PID 1 takes the answer piece by piece.
    TRY(set_nonblocking(pipe.read_end));
    return pipe;
}

// The last look that the work has begun.
std::string place_of(const LookNote& note) {
    const std::string path = text_of(note.path);
    if (path.empty()) return "";
    const std::string key = text_of(note.key);
    return fmt::format("; it looks at {}'{}', which may not answer", key.empty() ? "" : key + ": ",
                       path);
}

void do_paid(const Payer& payer, const std::function<void()>& work) {
    payer ? payer(work) : work();
}

Error no_worker(Error error) {
    if (error.error == EAGAIN) return explain_no_process(-1);
    if (error.error == ENOMEM) {
        error.advise(
            "it takes a process beside PID 1, for which there is no room now; try again when there "
            "is");
    }
    return error;
}

}  // namespace

Result<std::unique_ptr<Workers>> Workers::make(EventLoop& loop, Reaper& reaper, CloneMethod method,
                                               WorkerBounds bounds) {
    std::unique_ptr<Workers> workers{new Workers{loop, reaper, method, bounds}};
    workers->timer_ = TRY(Timer::make(loop, [self = workers.get()] { self->give_up_overdue(); }));
    return workers;
}

Workers::~Workers() {
    *is_here_ = false;
    for (auto& [id, worker] : workers_)
        run_in_destructor([&] { end_worker(worker); });
}

std::size_t Workers::running() const {
    return count_of(workers_, [](const auto& entry) { return !entry.second.is_killed; });
}

std::size_t Workers::left_behind() const {
    return workers_.size() - running();
}

// Why one more job of this user cannot even wait.
std::optional<std::string> Workers::refusal(uid_t uid) const {
    const std::size_t hanging = count_of(workers_, [&](const auto& entry) {
        const bool counts = is_privileged(uid) || !is_privileged(entry.second.uid);
        return entry.second.is_killed && counts;
    });
    if (hanging >= (is_privileged(uid) ? bounds_.left_behind : bounds_.left_behind_others)) {
        return fmt::format("{} earlier workers hang in the kernel", hanging);
    }
    if (queue_.size() >= bounds_.queued) return fmt::format("{} jobs wait already", queue_.size());
    if (is_privileged(uid)) return std::nullopt;
    const std::size_t of_uid =
        count_of(queue_, [&](const Waiting& waiting) { return waiting.job.uid == uid; });
    if (of_uid >= bounds_.queued_each_uid) {
        return fmt::format("{} jobs of uid {} wait already", of_uid, uid);
    }
    const std::size_t of_others =
        count_of(queue_, [](const Waiting& waiting) { return !is_privileged(waiting.job.uid); });
    if (of_others >= bounds_.queued_others) {
        return fmt::format("{} jobs of unprivileged users wait already", of_others);
    }
    return std::nullopt;
}

bool Workers::may_start(uid_t uid) const {
    if (running() >= bounds_.at_once) return false;
    if (is_privileged(uid)) return true;
    const std::size_t of_others = count_of(workers_, [](const auto& entry) {
        return !entry.second.is_killed && !is_privileged(entry.second.uid);
    });
    const std::size_t of_uid =
        count_of(workers_, [&](const auto& entry) { return entry.second.uid == uid; });
    return of_others < bounds_.at_once_others && of_uid < bounds_.each_uid;
}

Workers::Id Workers::run(WorkerJob job, Done done) {
    const Id id = next_id_++;
    if (auto why = refusal(job.uid)) {
        answers_.emplace_back(
            id, std::move(done),
            failure(fmt::format("{}: no room for it: {}; try again later", job.name, *why)));
    } else {
        queue_.push_back({id, std::move(job), std::move(done)});
    }
    soon_.ask();
    return id;
}

void Workers::cancel(Id id) {
    std::erase_if(queue_, [id](const Waiting& waiting) { return waiting.id == id; });
    std::erase_if(answers_, [id](const Answer& answer) { return answer.id == id; });
    const auto found = workers_.find(id);
    if (found == workers_.end()) return;
    found->second.done = nullptr;
    end_worker(found->second);
}

// Should an exception end its turn, there is another one.
void Workers::work() {
    if (!answers_.empty() || !queue_.empty()) timer_->set(std::chrono::seconds{1});
    give_answers();
    start_due();
    set_timer();
}

// The one who is called may run and cancel other jobs.
void Workers::give_answers() {
    while (!answers_.empty()) {
        Answer answer = std::move(answers_.front());
        answers_.pop_front();
        answer.done(std::move(answer.text));
    }
}

// A job waits until it is certain that its answer has a way.
void Workers::start_due() {
    for (auto next = queue_.begin(); next != queue_.end();) {
        if (!may_start(next->job.uid)) {
            ++next;
            continue;
        }
        Status started;
        do_paid(next->job.payer, [&] { started = start(*next); });
        if (!started) {
            answers_.emplace_back(next->id, std::move(next->done),
                                  std::unexpected(std::move(started).error().in(next->job.name)));
            soon_.ask();
        }
        next = queue_.erase(next);
    }
}

// Once the process is there, somebody has to hear of its end: all that may fail comes before.
Status Workers::start(Waiting& waiting) {
    const Id id = waiting.id;
    Pipe pipe = TRY(make_answer_pipe());
    std::map<Id, Worker> added;
    Worker& worker = added[id];
    worker.watch =
        TRY(loop_.on_fd(pipe.read_end, EPOLLIN, [this, id](std::uint32_t) { on_answer(id); }));
    worker.note = TRY(make_shared_value<LookNote>());
    auto process = clone_process(method_);
    if (!process) return std::unexpected(no_worker(std::move(process).error()));
    if (process->pid() == 0) {
        note_looks_in(worker.note.get());
        run_worker(waiting.job.task, pipe.write_end, {.gives_way = !is_privileged(waiting.job.uid)},
                   [this] { return numbers_for_hands(loop_); });
    }
    worker.process = std::move(*process);
    reaper_.adopt_or_kill(worker.process, [this, id, is_here = is_here_](ExitStatus status) {
        if (*is_here) on_exit(id, status);
    });
    // PID 1's copy of the worker's end goes here, before anybody else can inherit it: the end of
    // the pipe is the end of the worker.
    worker.pipe = std::move(pipe.read_end);
    worker.name = std::move(waiting.job.name);
    worker.uid = waiting.job.uid;
    worker.done = std::move(waiting.done);
    worker.patience = waiting.job.patience;
    worker.payer = std::move(waiting.job.payer);
    worker.deadline = Clock::now() + worker.patience;
    workers_.merge(added);
    return {};
}

// Takes one piece; whether there may be more at once.
bool Workers::read_answer(Worker& worker) {
    if (!worker.watch) return false;
    std::array<char, 65536> piece;
    make_room(worker.received, piece.size());
    const ssize_t count = read(worker.pipe.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) return true;
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) {
        worker.watch.reset();
        return false;
    }
    worker.received.append(piece.data(), static_cast<std::size_t>(count));
    return true;
}

// One piece a turn of the loop, so that a long answer holds nobody up.
void Workers::on_answer(Id id) {
    const auto found = workers_.find(id);
    if (found == workers_.end()) return;
    // The worker goes with its last piece.
    const Payer payer = found->second.payer;
    do_paid(payer, [&] {
        (void)read_answer(found->second);
        (void)finish_if_complete(id);
    });
}

bool Workers::finish_if_complete(Id id) {
    Worker& worker = workers_.at(id);
    switch (answer_state(worker.received, bounds_.answer)) {
    case AnswerState::partial:
        return false;
    case AnswerState::complete: {
        auto answer = decode_answer(std::exchange(worker.received, {}));
        // Its end may take long, by what it keeps of strangers, and shall not take a seat
        // meanwhile.
        end_worker(worker);
        finish(id, std::move(answer));
        return true;
    }
    case AnswerState::too_large:
        end_worker(worker);
        finish(id, failure(fmt::format("{}: the answer is longer than {} bytes", worker.name,
                                       bounds_.answer)));
        return true;
    }
    return false;
}

void Workers::on_exit(Id id, ExitStatus status) {
    const auto found = workers_.find(id);
    if (found == workers_.end()) return;
    Worker& worker = found->second;
    // Not more than a pipe holds is left.
    while (worker.done && read_answer(worker)) {
    }
    if (worker.done && !finish_if_complete(id)) {
        finish(id, failure(fmt::format("{}: its worker {} before it had answered", worker.name,
                                       exit_clause(status))));
    }
    workers_.erase(id);
    soon_.ask();
    set_timer();
}

void Workers::finish(Id id, Result<std::string> answer) {
    Worker& worker = workers_.at(id);
    if (!worker.done) return;
    // The one who is called may run and cancel other jobs.
    Done done = std::exchange(worker.done, nullptr);
    done(std::move(answer));
}

void Workers::end_worker(Worker& worker) {
    if (std::exchange(worker.is_killed, true)) return;
    worker.watch.reset();
    worker.pipe.reset();
    worker.received = {};
    worker.process.signal(SIGKILL);
    soon_.ask();
}

void Workers::give_up_overdue() {
    timer_->set(std::chrono::seconds{1});
    std::vector<Id> overdue;
    for (const auto& [id, worker] : workers_) {
        if (!worker.is_killed && worker.deadline <= Clock::now()) overdue.push_back(id);
    }
    for (const Id id : overdue) {
        const auto found = workers_.find(id);
        if (found == workers_.end()) continue;
        Worker& worker = found->second;
        end_worker(worker);
        const auto patience =
            std::chrono::duration_cast<std::chrono::microseconds>(worker.patience);
        finish(id, failure(fmt::format("{}: not done within {}{}", worker.name,
                                       format_duration(patience), place_of(*worker.note))));
    }
    work();
}

void Workers::set_timer() {
    std::optional<Clock::time_point> next;
    for (const auto& [id, worker] : workers_) {
        if (!worker.is_killed) next = std::min(next.value_or(worker.deadline), worker.deadline);
    }
    timer_->set_until(next);
}

}  // namespace confinit
