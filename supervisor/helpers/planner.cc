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
#include <sys/mman.h>
#include <sys/socket.h>
#include <utility>

namespace confinit {
namespace {

std::string length_text(Clock::duration length) {
    return format_duration(std::chrono::duration_cast<std::chrono::microseconds>(length));
}

LaunchFailure failure_at(const LookNote& note, int error, std::string hint) {
    return {.key = text_of(note.key),
            .object = text_of(note.path),
            .error = error,
            .hint = std::move(hint)};
}

LaunchFailure no_planner(const Error& error) {
    if (error.code == EAGAIN) return explain_no_process(-1);
    return {.call = "clone",
            .error = error.code,
            .hint = "the planner, which is a process beside PID 1, cannot be made"};
}

}  // namespace

void Planner::Unmap::operator()(PlannerPage* page) const {
    (void)munmap(page, sizeof *page);
}

Result<std::unique_ptr<Planner>> Planner::make(EventLoop& loop, Reaper& reaper, CloneMethod method,
                                               PlannerBounds bounds) {
    std::unique_ptr<Planner> planner{new Planner{loop, reaper, method, bounds}};
    planner->timer_ = TRY(Timer::make(loop, [self = planner.get()] { self->give_up_overdue(); }));
    return planner;
}

Planner::~Planner() {
    *is_here_ = false;
    for (Process& process : processes_)
        run_in_destructor([&] { kill(process); });
}

Planner::Id Planner::ask(PlannerQuestion question, Done done) {
    const Id id = next_id_++;
    waiting_.insert(id);
    questions_.emplace(id, Asked{std::move(question), std::move(done)});
    soon_.ask();
    return id;
}

void Planner::cancel(Id id) {
    waiting_.erase(id);
    questions_.erase(id);
    for (Process& process : processes_) {
        if (process.question == id) kill(process);
    }
    soon_.ask();
}

void Planner::work() {
    // Should an exception end this turn, there is another one.
    if (!waiting_.empty()) timer_->set(std::chrono::seconds{1});
    replace_unready();
    for (const Id id : std::vector<Id>{waiting_.begin(), waiting_.end()}) {
        // The one who hears of a failure may have cancelled others.
        if (waiting_.contains(id) && begin(id) == Turn::nobody_s) break;
    }
    if (waiting_.empty()) end_idle();
    set_timer();
}

// A planner that has not begun keeps its question from nobody else.
void Planner::replace_unready() {
    for (Process& process : processes_) {
        if (process.killed_at || !process.question || process.page->is_ready) continue;
        if (Clock::now() - process.since < patience_for_birth(*process.question)) continue;
        ++questions_.at(*process.question).deaths;
        waiting_.insert(*process.question);
        process.question.reset();
        kill(process);
    }
}

// A machine may be so busy that the next one needs longer.
Clock::duration Planner::patience_for_birth(Id question) const {
    return bounds_.birth * (1U << std::min(questions_.at(question).deaths, 6U));
}

// A question waits for a planner that answers in time, or for the end of one that was killed over
// the same unit a moment ago.
Planner::Turn Planner::begin(Id id) {
    const std::string& unit = questions_.at(id).question.unit;
    if (const Process* killed = killed_over(unit)) {
        if (!is_stuck(*killed)) return Turn::not_yet;
        fail(id, failure_at(killed->page->note, EBUSY,
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
    if (stuck() >= bounds_.stuck || processes_.size() >= bounds_.at_all) {
        fail(id, too_many_stuck());
        return Turn::begun;
    }
    end_idle();
    if (const auto added = add_process(); !added) {
        fail(id, no_planner(added.error()));
        return Turn::begun;
    }
    give(processes_.back(), id);
    return Turn::begun;
}

LaunchFailure Planner::too_many_stuck() const {
    auto one = std::ranges::find_if(processes_,
                                    [this](const Process& process) { return is_stuck(process); });
    if (one == processes_.end()) one = processes_.begin();
    return failure_at(one->page->note, EBUSY,
                      fmt::format("{} looks wait for what does not answer; this one is of '{}'",
                                  processes_.size(), one->unit));
}

void Planner::give(Process& process, Id id) {
    waiting_.erase(id);
    process.question = id;
    process.unit = questions_.at(id).question.unit;
    process.since = Clock::now();
    // There is always room for the one number that is on its way. One that has died is heard of by
    // its end.
    (void)send(process.socket.get(), &id, sizeof id, MSG_NOSIGNAL | MSG_DONTWAIT);
}

Planner::Process* Planner::find_idle(Id id) {
    const auto found = std::ranges::find_if(processes_, [id](const Process& process) {
        return !process.killed_at && !process.question && id < process.first_unknown;
    });
    return found != processes_.end() ? &*found : nullptr;
}

bool Planner::is_late(const Process& process) const {
    return process.question && Clock::now() - process.since >= bounds_.turn;
}

// One that was killed ends at once, unless the kernel does not let it.
bool Planner::is_stuck(const Process& process) const {
    if (process.killed_at)
        return process.question && Clock::now() - *process.killed_at >= bounds_.turn;
    return is_late(process);
}

std::size_t Planner::stuck() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(processes_, [this](const Process& one) { return is_stuck(one); }));
}

const Planner::Process* Planner::killed_over(const std::string& unit) const {
    const auto found = std::ranges::find_if(processes_, [&](const Process& process) {
        return process.killed_at && process.question && process.unit == unit;
    });
    return found != processes_.end() ? &*found : nullptr;
}

std::vector<int> Planner::descriptors_of_questions() {
    std::vector<int> all = numbers_for_hands(loop_);
    for (const Id id : waiting_) {
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

Status Planner::add_process() {
    auto [own, others] = TRY(make_stream_pair());
    void* const page = mmap(nullptr, sizeof(PlannerPage), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return errno_failure("mmap");
    std::unique_ptr<PlannerPage, Unmap> shared{static_cast<PlannerPage*>(page)};
    int pidfd = -1;
    const long made = clone_process(method_, 0, -1, pidfd);
    if (made == 0) {
        run_planner(others, *shared, descriptors_of_questions(),
                    [this](std::uint64_t id) { return look(id); });
    }
    if (made < 0) return std::unexpected(system_error(static_cast<int>(-made), "clone"));
    const auto pid = static_cast<pid_t>(made);
    Process& process = processes_.emplace_back(Process{.pid = pid,
                                                       .process = Fd{pidfd},
                                                       .socket = std::move(own),
                                                       .watch = {},
                                                       .page = std::move(shared),
                                                       .first_unknown = next_id_,
                                                       .question = {},
                                                       .unit = {}});
    reaper_.adopt(pid, [this, pid, is_here = is_here_](ExitStatus status) {
        if (*is_here) on_exit(pid, status);
    });
    auto watch =
        loop_.on_fd(process.socket, EPOLLIN, [this, pid](std::uint32_t) { (void)take_piece(pid); });
    if (!watch) {
        kill(process);
        return std::unexpected(std::move(watch).error());
    }
    process.watch = std::move(*watch);
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
    if (auto answer = process->reader.take()) {
        const auto question = std::exchange(process->question, std::nullopt);
        soon_.ask();
        if (question) finish(*question, std::move(*answer));
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
    const std::unique_ptr<PlannerPage, Unmap> page = std::move(process->page);
    processes_.erase(process);
    soon_.ask();
    if (!has_question) return;
    if (++questions_.at(question).deaths < bounds_.deaths_of_one) {
        waiting_.insert(question);
        return;
    }
    fail(question, failure_at(page->note, 0, "the planner " + exit_text(status) + " each time"));
}

void Planner::finish(Id id, PlannerAnswer answer) {
    const auto found = questions_.find(id);
    if (found == questions_.end()) return;
    waiting_.erase(id);
    // The one who is called may ask and cancel other questions.
    Done done = std::move(found->second.done);
    questions_.erase(found);
    done(std::move(answer));
}

void Planner::fail(Id id, LaunchFailure failure) {
    finish(id, std::unexpected(std::move(failure)));
}

void Planner::give_up_overdue() {
    const auto now = Clock::now();
    std::vector<std::pair<Id, LaunchFailure>> overdue;
    for (Process& process : processes_) {
        if (process.killed_at || !process.question) continue;
        const auto patience = questions_.at(*process.question).question.patience;
        if (now - process.since < patience) continue;
        overdue.emplace_back(
            *process.question,
            failure_at(process.page->note, ETIMEDOUT,
                       fmt::format("what is behind this path has not answered within {}",
                                   length_text(patience))));
        kill(process);
    }
    for (auto& [id, failure] : overdue)
        fail(id, std::move(failure));
    work();
}

void Planner::end_idle() {
    for (Process& process : processes_) {
        if (!process.question) kill(process);
    }
}

void Planner::kill(Process& process) {
    if (process.killed_at) return;
    process.killed_at = Clock::now();
    process.watch.reset();
    signal_process(process.process, SIGKILL);
}

void Planner::set_timer() {
    std::optional<Clock::time_point> next;
    const auto now = Clock::now();
    for (const Process& process : processes_) {
        if (process.killed_at || !process.question) continue;
        const auto& question = questions_.at(*process.question).question;
        auto due = process.since + question.patience;
        if (!process.page->is_ready)
            due = std::min(due, process.since + patience_for_birth(*process.question));
        if (!waiting_.empty() && !is_late(process))
            due = std::min(due, process.since + bounds_.turn);
        next = std::min(next.value_or(due), due);
    }
    // Questions may wait for the end of one that was killed.
    if (!waiting_.empty()) next = std::min(next.value_or(now + bounds_.turn), now + bounds_.turn);
    if (!next) return timer_->stop();
    timer_->set(std::max<Clock::duration>(*next - now, std::chrono::milliseconds{1}));
}

}  // namespace confinit
