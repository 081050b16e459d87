// SPDX-License-Identifier: Apache-2.0
// Planner: looks at what units name outside of PID 1.
#include "supervisor/helpers/planner.h"

#include "base/text.h"
#include "kernel/pidfd.h"
#include "launch/spawn/process_limits.h"
#include "supervisor/helpers/hands.h"
#include "supervisor/loop/memory_reserve.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

namespace confinit {
namespace {

std::string length_text(Clock::duration length) {
    return format_duration(std::chrono::duration_cast<std::chrono::microseconds>(length));
}

Error no_planner(Error error) {
    if (error.error == EAGAIN) return explain_no_process(-1);
    error.advise("the planner, which is a process beside PID 1, cannot be made");
    return error;
}

}  // namespace

Result<std::unique_ptr<Planner>> Planner::make(EventLoop& loop, Reaper& reaper, CloneMethod method,
                                               PlannerBounds bounds) {
    std::unique_ptr<Planner> planner{new Planner{loop, reaper, method, bounds}};
    planner->timer_ = TRY(Timer::make(loop, [self = planner.get()] { self->give_up_overdue(); }));
    return planner;
}

Planner::~Planner() {
    *is_here_ = false;
    for (Process& process : processes_)
        run_in_destructor([&] { end_process(process); });
}

Planner::Id Planner::ask(PlannerQuestion question, Done done) {
    const Id id = next_id_++;
    questions_.emplace(id, Asked{std::move(question), std::move(done), Clock::now()});
    work_soon();
    return id;
}

void Planner::cancel(Id id) {
    questions_.erase(id);
    for (Process& process : processes_) {
        if (process.question == id) end_process(process);
    }
    work_soon();
}

std::vector<Planner::Id> Planner::waiting() const {
    std::vector<Id> ids;
    for (const bool is_urgent : {true, false}) {
        for (const auto& [id, asked] : questions_) {
            if (asked.is_waiting && asked.question.is_urgent == is_urgent) ids.push_back(id);
        }
    }
    return ids;
}

bool Planner::has_waiting() const {
    return std::ranges::any_of(questions_,
                               [](const auto& entry) { return entry.second.is_waiting; });
}

// Should there be no memory to defer it, or an exception end its turn, there is another one.
void Planner::work_soon() {
    timer_->set(std::chrono::seconds{1});
    soon_.ask();
}

void Planner::work() {
    if (has_waiting()) timer_->set(std::chrono::seconds{1});
    replace_unready();
    for (const Id id : waiting()) {
        // The one who hears of a failure may have cancelled others.
        const auto found = questions_.find(id);
        const bool waits = found != questions_.end() && found->second.is_waiting;
        if (waits && begin(id) == Turn::nobody_s) break;
    }
    if (!has_waiting()) end_idle();
    set_timer();
}

bool Planner::has_taken(const Process& process) {
    return process.page->question == process.question;
}

// A planner that has not begun keeps its question from nobody else.
void Planner::replace_unready() {
    for (Process& process : processes_) {
        if (process.killed_at || !process.question || has_taken(process)) continue;
        if (Clock::now() - process.since < patience_for_birth(*process.question)) continue;
        ask_again(*process.question);
        process.question.reset();
        end_process(process);
    }
}

// A question waits for a planner that answers in time, or for the end of one that was killed over
// the same unit a moment ago.
Planner::Turn Planner::begin(Id id) {
    const std::string& unit = questions_.at(id).question.unit;
    if (const Process* killed = killed_over(unit)) {
        if (!is_stuck(*killed)) return Turn::not_yet;
        fail(id, failure_at(*killed->page, EBUSY,
                            "an earlier look at it was given up and waits still: what is behind "
                            "this path does not answer"));
        return Turn::begun;
    }
    if (Process* idle = find_idle(id)) {
        give(*idle, id);
        return Turn::begun;
    }
    const bool is_answer_near = std::ranges::any_of(processes_, [&](const Process& process) {
        return !process.killed_at && process.question && !is_late(process);
    });
    if (is_answer_near) return Turn::nobody_s;
    if (left_behind() >= bounds_.stuck || processes_.size() >= bounds_.at_all) {
        fail(id, too_many_stuck());
        return Turn::begun;
    }
    // Those that are late may answer yet.
    if (stuck() >= bounds_.stuck) return Turn::nobody_s;
    end_idle();
    if (const auto added = add_process(); !added) {
        fail(id, no_planner(added.error()));
        return Turn::begun;
    }
    give(processes_.back(), id);
    return Turn::begun;
}

void Planner::give(Process& process, Id id) {
    Asked& asked = questions_.at(id);
    process.unit = asked.question.unit;
    asked.is_waiting = false;
    process.question = id;
    process.since = Clock::now();
    const bool is_known = id < process.first_unknown;
    const Status sent = send_question(process.socket, id, is_known ? "" : asked.question.words);
    // One that has died is heard of by its end. There is always room for the number alone; words
    // may be too long for what the machine gives a socket.
    if (sent || sent.error().error != EAGAIN) return;
    process.question.reset();
    end_process(process);
    ask_again(id);
    work_soon();
}

Planner::Process* Planner::find_idle(Id id) {
    const auto found = std::ranges::find_if(processes_, [&](const Process& process) {
        return !process.killed_at && !process.question && can_answer(process, id);
    });
    return found != processes_.end() ? &*found : nullptr;
}

// Where the words were lost once, a planner is born that needs none.
bool Planner::can_answer(const Process& process, Id id) const {
    if (id < process.first_unknown) return true;
    const Asked& asked = questions_.at(id);
    return process.is_lasting && !asked.question.words.empty() && asked.losses == 0;
}

bool Planner::has_lasting() const {
    return std::ranges::any_of(processes_, [](const Process& process) {
        return process.is_lasting && !process.killed_at;
    });
}

std::vector<int> Planner::descriptors_of_questions() {
    std::vector<int> all = numbers_for_hands(loop_);
    for (const Id id : waiting()) {
        auto& descriptors = questions_.at(id).question.descriptors;
        if (!descriptors) continue;
        const auto used = descriptors();
        all.insert(all.end(), used.begin(), used.end());
    }
    return all;
}

PlannerAnswer Planner::look(Id id) {
    return questions_.at(id).question.look();
}

// Once the process is there, somebody has to hear of its end: all that may fail comes before.
Status Planner::add_process() {
    std::list<Process> added(1);
    Process& process = added.back();
    auto [own, others] = TRY(make_stream_pair());
    process.socket = std::move(own);
    process.watch = TRY(loop_.on_fd(process.socket, EPOLLIN, [this, &process](std::uint32_t) {
        (void)take_piece(process.pid);
    }));
    process.page = TRY(make_shared_value<PlannerPage>());
    process.first_unknown = next_id_;
    // One that stays has no part in what strangers wait for to be closed.
    process.is_lasting = reader_ && !has_lasting() && descriptors_of_questions().empty();
    int pidfd = -1;
    const long made = clone_process(method_, 0, -1, pidfd);
    if (made == 0) {
        run_planner(
            others, *process.page, [this] { return descriptors_of_questions(); },
            [this](std::uint64_t id) { return look(id); },
            [this](std::string_view words) { return reader_(words); });
    }
    if (made < 0) return std::unexpected(clone_error(method_, made));
    process.pid = static_cast<pid_t>(made);
    process.process = Fd{pidfd};
    reaper_.adopt_or_kill(process.pid, process.process,
                          [this, pid = process.pid, is_here = is_here_](ExitStatus status) {
                              if (*is_here) on_exit(pid, status);
                          });
    processes_.splice(processes_.end(), added);
    return {};
}

Planner::Process* Planner::find(pid_t pid) {
    const auto found = std::ranges::find(processes_, pid, &Process::pid);
    return found != processes_.end() ? &*found : nullptr;
}

// One piece a turn of the loop, so that a long answer holds nobody up. Whether more may come.
bool Planner::take_piece(pid_t pid) {
    Process* process = find(pid);
    if (process == nullptr || !process->watch) return false;
    const auto piece = process->reader.receive(process->socket);
    if (piece == PlannerReader::Piece::ended) process->watch.reset();
    auto answer = process->reader.take(process->question.value_or(0));
    if (process->reader.is_damaged()) {
        if (process->question) ask_again(*process->question);
        process->question.reset();
        end_process(*process);
        work_soon();
        return false;
    }
    if (answer && process->question) {
        const Id question = *process->question;
        process->question.reset();
        finish(question, std::move(*answer));
        work_soon();
    }
    return piece == PlannerReader::Piece::taken;
}

// A planner that somebody has killed loses no question: another one is asked. What kills each of
// them is told in the end.
void Planner::on_exit(pid_t pid, ExitStatus status) {
    while (take_piece(pid)) {
    }
    const auto process = std::ranges::find(processes_, pid, &Process::pid);
    if (process == processes_.end()) return;
    const bool has_question = !process->killed_at && process->question;
    const Id question = process->question.value_or(0);
    const Shared<PlannerPage> page = std::move(process->page);
    if (has_question) ask_again(question);
    processes_.erase(process);
    work_soon();
    const auto asked = has_question ? questions_.find(question) : questions_.end();
    if (asked == questions_.end() || asked->second.losses < bounds_.losses_of_one) return;
    fail(question, failure_at(*page, 0, "the planner " + exit_clause(status) + " each time"));
}

void Planner::ask_again(Id id) {
    Asked& asked = questions_.at(id);
    ++asked.losses;
    asked.is_waiting = true;
}

// The one who is called may ask and cancel other questions. Where there is no memory to take the
// answer, it is asked for again: somebody waits for it.
void Planner::finish(Id id, PlannerAnswer answer) {
    auto node = questions_.extract(id);
    if (!node) return;
    try {
        node.mapped().done(std::move(answer));
    } catch (const std::exception&) {
        if (node.mapped().losses < bounds_.losses_of_one) {
            questions_.insert(std::move(node));
            ask_again(id);
            work_soon();
        }
        throw;
    }
}

void Planner::fail(Id id, Error failure) {
    finish(id, std::unexpected(std::move(failure)));
}

void Planner::give_up_overdue() {
    const auto now = Clock::now();
    for (Process& process : processes_) {
        const bool is_at_work = !process.killed_at && process.question && has_taken(process);
        if (!is_at_work) continue;
        const Id id = *process.question;
        const auto patience = questions_.at(id).question.patience;
        if (now - process.since < patience) continue;
        Error failure =
            failure_at(*process.page, ETIMEDOUT,
                       fmt::format("what is behind this path has not answered within {}",
                                   length_text(patience)));
        end_process(process);
        fail(id, std::move(failure));
    }
    give_up_waiting(now);
    work();
}

void Planner::end_idle() {
    for (Process& process : processes_) {
        if (!process.question && !process.is_lasting) end_process(process);
    }
}

void Planner::end_process(Process& process) {
    if (process.killed_at) return;
    process.killed_at = Clock::now();
    process.watch.reset();
    signal_process(process.process, SIGKILL);
}

void Planner::set_timer() {
    std::optional<Clock::time_point> next;
    const auto now = Clock::now();
    const bool waits = has_waiting();
    for (const Process& process : processes_) {
        if (process.killed_at || !process.question) continue;
        const auto& question = questions_.at(*process.question).question;
        auto due = process.since + question.patience;
        if (!has_taken(process))
            due = std::min(due, process.since + patience_for_birth(*process.question));
        if (waits && !is_late(process)) due = std::min(due, process.since + bounds_.turn);
        next = std::min(next.value_or(due), due);
    }
    // Questions may wait for the end of one that was killed.
    if (waits) next = std::min(next.value_or(now + bounds_.turn), now + bounds_.turn);
    if (!next) return timer_->stop();
    timer_->set(std::max<Clock::duration>(*next - now, std::chrono::milliseconds{1}));
}

}  // namespace confinit
