// SPDX-License-Identifier: Apache-2.0
// Planner: looks at what units name outside of PID 1.
#include "supervisor/helpers/planner.h"

#include "base/text.h"
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
    for (Helper& helper : helpers_)
        run_in_destructor([&] { end_helper(helper); });
}

Planner::Id Planner::ask(PlannerQuestion question, Done done) {
    const Id id = next_id_++;
    questions_.emplace(id, Asked{std::move(question), std::move(done), Clock::now()});
    work_soon();
    return id;
}

void Planner::cancel(Id id) {
    questions_.erase(id);
    for (Helper& helper : helpers_) {
        if (helper.question == id) end_helper(helper);
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

bool Planner::has_taken(const Helper& helper) {
    return helper.page->question == helper.question;
}

// A planner that has not begun keeps its question from nobody else.
void Planner::replace_unready() {
    for (Helper& helper : helpers_) {
        if (helper.killed_at || !helper.question || has_taken(helper)) continue;
        if (Clock::now() - helper.since < patience_for_birth(*helper.question)) continue;
        ask_again(*helper.question);
        helper.question.reset();
        end_helper(helper);
    }
}

// A question waits for a planner that answers in time, or for the end of one that was killed over
// the same unit a moment ago.
Planner::Turn Planner::begin(Id id) {
    const std::string& unit = questions_.at(id).question.unit;
    if (const Helper* killed = killed_over(unit)) {
        if (!is_stuck(*killed)) return Turn::not_yet;
        fail(id, failure_at(*killed->page, EBUSY,
                            "an earlier look at it was given up and waits still: what is behind "
                            "this path does not answer"));
        return Turn::begun;
    }
    if (Helper* idle = find_idle(id)) {
        give(*idle, id);
        return Turn::begun;
    }
    const bool is_answer_near = std::ranges::any_of(helpers_, [&](const Helper& helper) {
        return !helper.killed_at && helper.question && !is_late(helper);
    });
    if (is_answer_near) return Turn::nobody_s;
    if (left_behind() >= bounds_.stuck || helpers_.size() >= bounds_.at_all) {
        fail(id, too_many_stuck());
        return Turn::begun;
    }
    // Those that are late may answer yet.
    if (stuck() >= bounds_.stuck) return Turn::nobody_s;
    end_idle();
    if (const auto added = add_helper(); !added) {
        fail(id, no_planner(added.error()));
        return Turn::begun;
    }
    give(helpers_.back(), id);
    return Turn::begun;
}

void Planner::give(Helper& helper, Id id) {
    Asked& asked = questions_.at(id);
    helper.unit = asked.question.unit;
    asked.is_waiting = false;
    helper.question = id;
    helper.since = Clock::now();
    const bool is_known = id < helper.first_unknown;
    const Status sent = send_question(helper.socket, id, is_known ? "" : asked.question.words);
    // One that has died is heard of by its end. There is always room for the number alone; words
    // may be too long for what the machine gives a socket.
    if (sent || sent.error().error != EAGAIN) return;
    helper.question.reset();
    end_helper(helper);
    ask_again(id);
    work_soon();
}

Planner::Helper* Planner::find_idle(Id id) {
    const auto found = std::ranges::find_if(helpers_, [&](const Helper& helper) {
        return !helper.killed_at && !helper.question && can_answer(helper, id);
    });
    return found != helpers_.end() ? &*found : nullptr;
}

// Where the words were lost once, a planner is born that needs none.
bool Planner::can_answer(const Helper& helper, Id id) const {
    if (id < helper.first_unknown) return true;
    const Asked& asked = questions_.at(id);
    return helper.is_lasting && !asked.question.words.empty() && asked.losses == 0;
}

bool Planner::has_lasting() const {
    return std::ranges::any_of(
        helpers_, [](const Helper& helper) { return helper.is_lasting && !helper.killed_at; });
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
Status Planner::add_helper() {
    std::list<Helper> added(1);
    Helper& helper = added.back();
    auto [own, others] = TRY(make_stream_pair());
    helper.socket = std::move(own);
    helper.watch = TRY(loop_.on_fd(helper.socket, EPOLLIN, [this, &helper](std::uint32_t) {
        (void)take_piece(helper.pid());
    }));
    helper.page = TRY(make_shared_value<PlannerPage>());
    helper.first_unknown = next_id_;
    // One that stays has no part in what strangers wait for to be closed.
    helper.is_lasting = reader_ && !has_lasting() && descriptors_of_questions().empty();
    helper.process = TRY(clone_process(method_));
    if (helper.pid() == 0) {
        run_planner(
            others, *helper.page, [this] { return descriptors_of_questions(); },
            [this](std::uint64_t id) { return look(id); },
            [this](std::string_view words) { return reader_(words); });
    }
    reaper_.adopt_or_kill(helper.process,
                          [this, pid = helper.pid(), is_here = is_here_](ExitStatus status) {
                              if (*is_here) on_exit(pid, status);
                          });
    helpers_.splice(helpers_.end(), added);
    return {};
}

Planner::Helper* Planner::find(pid_t pid) {
    const auto found = std::ranges::find(helpers_, pid, &Helper::pid);
    return found != helpers_.end() ? &*found : nullptr;
}

// One piece a turn of the loop, so that a long answer holds nobody up. Whether more may come.
bool Planner::take_piece(pid_t pid) {
    Helper* helper = find(pid);
    if (helper == nullptr || !helper->watch) return false;
    const auto piece = helper->reader.receive(helper->socket);
    if (piece == PlannerReader::Piece::ended) helper->watch.reset();
    auto answer = helper->reader.take(helper->question.value_or(0));
    if (helper->reader.is_damaged()) {
        if (helper->question) ask_again(*helper->question);
        helper->question.reset();
        end_helper(*helper);
        work_soon();
        return false;
    }
    if (answer && helper->question) {
        const Id question = *helper->question;
        helper->question.reset();
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
    const auto helper = std::ranges::find(helpers_, pid, &Helper::pid);
    if (helper == helpers_.end()) return;
    const bool has_question = !helper->killed_at && helper->question;
    const Id question = helper->question.value_or(0);
    const Shared<PlannerPage> page = std::move(helper->page);
    if (has_question) ask_again(question);
    helpers_.erase(helper);
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
    for (Helper& helper : helpers_) {
        const bool is_at_work = !helper.killed_at && helper.question && has_taken(helper);
        if (!is_at_work) continue;
        const Id id = *helper.question;
        const auto patience = questions_.at(id).question.patience;
        if (now - helper.since < patience) continue;
        Error failure =
            failure_at(*helper.page, ETIMEDOUT,
                       fmt::format("what is behind this path has not answered within {}",
                                   length_text(patience)));
        end_helper(helper);
        fail(id, std::move(failure));
    }
    give_up_waiting(now);
    work();
}

void Planner::end_idle() {
    for (Helper& helper : helpers_) {
        if (!helper.question && !helper.is_lasting) end_helper(helper);
    }
}

void Planner::end_helper(Helper& helper) {
    if (helper.killed_at) return;
    helper.killed_at = Clock::now();
    helper.watch.reset();
    helper.process.signal(SIGKILL);
}

void Planner::set_timer() {
    std::optional<Clock::time_point> next;
    const auto now = Clock::now();
    const bool waits = has_waiting();
    for (const Helper& helper : helpers_) {
        if (helper.killed_at || !helper.question) continue;
        const auto& question = questions_.at(*helper.question).question;
        auto due = helper.since + question.patience;
        if (!has_taken(helper))
            due = std::min(due, helper.since + patience_for_birth(*helper.question));
        if (waits && !is_late(helper)) due = std::min(due, helper.since + bounds_.turn);
        next = std::min(next.value_or(due), due);
    }
    // Questions may wait for the end of one that was killed.
    if (waits) next = std::min(next.value_or(now + bounds_.turn), now + bounds_.turn);
    timer_->set_until(next);
}

}  // namespace confinit
