// SPDX-License-Identifier: Apache-2.0
// Launcher: has the first processes of launches made by a small helper, confinit-launcher.
#include "supervisor/helpers/launcher.h"

#include "base/text.h"
#include "supervisor/loop/memory_reserve.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <utility>
#include <vector>

namespace confinit {
namespace {

// Before the first word: then it cannot be executed here, or does not come to itself.
constexpr unsigned most_deaths_in_a_row = 10;

constexpr std::chrono::seconds pause_without{1};

bool may_pass(const Error& error) {
    return error.error == EAGAIN || error.error == ENOMEM || error.error == EMFILE ||
           error.error == ENFILE;
}

constexpr std::string_view fallback_text = "PID 1 copies itself for each launch";

}  // namespace

std::unique_ptr<Launcher> Launcher::make(EventLoop& loop, Reaper& reaper, Console& console,
                                         const std::string& program, CloneMethod method,
                                         Patience patience) {
    auto loaded = load_helper(program);
    std::unique_ptr<Launcher> self{
        new Launcher(loop, reaper, console, loaded ? std::move(*loaded) : Fd{}, method, patience)};
    Status started = loaded ? self->start() : Status{std::unexpected(loaded.error())};
    if (!started) self->go_without(started.error());
    return self;
}

Status Launcher::start() {
    if (!timer_) timer_.emplace(TRY(Timer::make(loop_, [this] { on_late(); })));
    if (!slots_) slots_ = TRY(LaunchSlots::make());
    // One that is not kept ends with its socket.
    LauncherLink link = TRY(LauncherLink::start(program_, *slots_, method_));
    const pid_t pid = link.process().pid();
    reaper_.adopt(pid, [this, pid](ExitStatus status) {
        if (link_ && link_->process().pid() == pid) on_exit(status);
    });
    watch_ = TRY(loop_.on_fd(link.socket(), EPOLLIN, [this](std::uint32_t) { on_socket(); }));
    link_.emplace(std::move(link));
    silent_since_ = Clock::now();
    return {};
}

void Launcher::give_up(const std::string& why) {
    if (!std::exchange(is_given_up_, true))
        console_.warning(fmt::format("no launcher: {}; {}", why, fallback_text));
    watch_.reset();
    if (link_) link_->process().signal(SIGKILL);
    copy_waiting();
}

// Others may give back what PID 1 lacks.
void Launcher::go_without(const Error& why) {
    if (!may_pass(why) || !timer_) return give_up(why.text());
    if (!std::exchange(is_lacking_, true)) {
        console_.warning(
            fmt::format("no launcher: {}; {} until there is one", why.text(), fallback_text));
    }
    copy_waiting();
    timer_->set(pause_without);
    is_timed_ = true;
}

void Launcher::start_again() {
    const Status started = try_to_start();
    if (!started) return go_without(started.error());
    is_lacking_ = false;
    console_.notice("there is a launcher again");
}

void Launcher::copy_waiting() {
    for (LaunchRequest* request : std::exchange(waiting_, {}))
        copy(*request);
}

bool Launcher::ask(LaunchRequest& request) {
    if (is_given_up_ || !link_) return false;
    request.slot = slots_->take();
    if (!request.slot) return false;
    request.number = next_number_++;
    request.prepared.order.slot = *request.slot;
    request.last_words = slots_->last_words(*request.slot);
    if (!is_awaited()) silent_since_ = Clock::now();
    waiting_.push_back(&request);
    set_timer();
    soon_.ask();
    return true;
}

// One timer for all that is asked in that time: on_late() sets the rest.
void Launcher::set_timer() {
    if (std::exchange(is_timed_, true)) return;
    timer_->set(patience_);
}

void Launcher::on_late() {
    is_timed_ = false;
    if (!link_ && !is_given_up_) return start_again();
    if (!is_awaited()) return;
    const auto due = silent_since_ + patience_;
    if (Clock::now() < due) {
        timer_->set_until(due);
        is_timed_ = true;
        return;
    }
    // Its end does the rest.
    if (link_) link_->process().signal(SIGKILL);
    set_timer();
    if (link_) {
        console_.warning(fmt::format(
            "the launcher, pid {}: no answer for {}, killed; perhaps it was stopped by SIGSTOP",
            link_->process().pid(), format_duration(patience_)));
    }
}

// A launcher that is on its way out is heard of by its end.
void Launcher::send_waiting() {
    if (!link_ || !link_->is_greeted()) return;
    const MemoryReserve reserve;
    std::vector<LaunchRequest*> unsendable;
    bool is_full = false;
    while (!waiting_.empty() && !is_full) {
        LaunchRequest& request = *waiting_.front();
        // A child must not be there before its answer has a place.
        open_[*request.slot] = &request;
        const Status sent = link_->send(*request.plan, request.prepared.order);
        if (sent) {
            ++unanswered_;
        } else {
            open_.erase(*request.slot);
        }
        const int error = sent ? 0 : sent.error().error;
        is_full = error == EAGAIN || error == EPIPE || error == ECONNRESET;
        if (is_full) break;
        waiting_.pop_front();
        if (!sent) unsendable.push_back(&request);
    }
    (void)loop_.change_events(watch_, is_full ? EPOLLIN | EPOLLOUT : EPOLLIN);
    for (LaunchRequest* request : unsendable)
        copy(*request);
}

void Launcher::on_socket() {
    const MemoryReserve reserve;
    while (link_) {
        const auto received = link_->receive();
        if (!received) {
            watch_.reset();
            if (received.error().error == EPERM) give_up(received.error().text());
            return;
        }
        silent_since_ = Clock::now();
        if (!*received) break;
        --unanswered_;
        const auto found = open_.find(**received);
        if (found != open_.end()) look(*found->second);
        settle(**received);
    }
    send_waiting();
}

void Launcher::look(LaunchRequest& request) {
    if (!request.slot || open_.find(*request.slot) == open_.end()) return;
    auto answer =
        look_at_slot(*request.plan, request.prepared, (*slots_)[*request.slot], request.made);
    if (!answer) return;
    remove(request);
    // A child that could not be watched is being killed, and may write until then.
    const bool is_left = !*answer && (*slots_)[*request.slot].child > 0;
    if (is_left) {
        dropped_.emplace(*request.slot, std::move(request.last_words));
        settle(*request.slot);
    }
    // Nobody but the child has its ends from here on.
    request.prepared.lent = {};
    if (!*answer) return tell(request, std::unexpected(std::move(*answer).error()));
    tell(request, finish_launch(*request.plan, std::move(request.prepared), std::move(**answer),
                                std::move(request.last_words)));
}

void Launcher::copy(LaunchRequest& request) {
    request.slot.reset();
    request.last_words = {};
    Result<Spawned> made = std::unexpected(Error{.call = "clone3", .error = ENOMEM});
    (void)loop_.run_guarded(
        [&] { made = spawn_prepared(*request.plan, std::move(request.prepared), request.made); });
    tell(request, std::move(made));
}

// The other requests have nothing to do with an exception of its owner's.
void Launcher::tell(LaunchRequest& request, Result<Spawned> answer) {
    // The request may go while it is called.
    auto done = std::move(request.done);
    (void)loop_.run_guarded([&] { done(std::move(answer)); });
}

void Launcher::remove(LaunchRequest& request) {
    if (request.slot) open_.erase(*request.slot);
    std::erase(waiting_, &request);
}

void Launcher::cancel(const LaunchRequest& request) {
    if (request.slot && open_.contains(*request.slot)) slots_->cancel(*request.slot);
}

void Launcher::forget(LaunchRequest& request) {
    const bool is_open = request.slot && open_.contains(*request.slot);
    remove(request);
    end_preparer(request);
    if (!is_open) return;
    slots_->cancel(*request.slot);
    dropped_.emplace(*request.slot, std::move(request.last_words));
}

void Launcher::look_at_all() {
    const MemoryReserve reserve;
    for (const auto& [slot, request] : std::map{open_}) {
        if (open_.contains(slot)) look(*request);
    }
    std::vector<std::uint32_t> made;
    for (const auto& [slot, words] : dropped_) {
        if ((*slots_)[slot].child > 0) made.push_back(slot);
    }
    for (const std::uint32_t slot : made)
        settle(slot);
}

// The slot of a launch that was forgotten serves another one when its child has ended.
void Launcher::settle(std::uint32_t slot) {
    auto dropped = dropped_.extract(slot);
    if (!dropped) return;
    const pid_t child = (*slots_)[slot].child;
    if (child <= 0) return;
    auto words = std::make_shared<LastWordsPage>(std::move(dropped.mapped()));
    reaper_.adopt(child, [words = std::move(words)](ExitStatus) {});
}

// The owners of launches must hear of it also without memory. The next launcher comes first, so
// that nothing that goes wrong after it leaves PID 1 without one.
void Launcher::on_exit(ExitStatus status) {
    const MemoryReserve reserve;
    deaths_in_a_row_ = link_->is_greeted() ? 0 : deaths_in_a_row_ + 1;
    watch_.reset();
    link_.reset();
    unanswered_ = 0;
    const Status started = is_given_up_ ? Status{} : start_next(status);
    // Its processes are in the slots, and nothing more will come.
    look_at_all();
    dropped_.clear();
    // Nothing was asked of one that may do less than PID 1.
    if (is_given_up_) return;
    const std::size_t unanswered = open_.size();
    const auto lost = take_lost();
    const std::size_t again = unanswered - lost.size();
    for (LaunchRequest* request : lost)
        refuse(*request);
    if (!started) {
        go_without(started.error());
    } else if (deaths_in_a_row_ == 0) {
        console_.warning(fmt::format(
            "the launcher {}; another one takes its place{}", exit_clause(status),
            again > 0 ? fmt::format(", and is asked for {} of its launches", again) : ""));
    }
}

Status Launcher::start_next(ExitStatus status) {
    if (deaths_in_a_row_ >= most_deaths_in_a_row) return failure("it " + exit_clause(status));
    return try_to_start();
}

Status Launcher::try_to_start() {
    Status started = std::unexpected(Error{.call = "clone3", .error = ENOMEM});
    (void)loop_.run_guarded([&] { started = start(); });
    return started;
}

// Those over which the last launcher has ended wait for the next one, before those that were asked
// for later, but for those over which two have.
std::vector<LaunchRequest*> Launcher::take_lost() {
    std::vector<LaunchRequest*> lost;
    std::vector<LaunchRequest*> again;
    for (const auto& [slot, request] : std::exchange(open_, {})) {
        request->prepared.order.has_preparer = request->made.preparer.pid() != 0;
        ++request->losses;
        (request->is_lost() ? lost : again).push_back(request);
    }
    std::ranges::sort(lost, {}, &LaunchRequest::number);
    std::ranges::sort(again, {}, &LaunchRequest::number);
    waiting_.insert(waiting_.begin(), again.begin(), again.end());
    return lost;
}

// It is for a child that there is not.
void Launcher::end_preparer(LaunchRequest& request) {
    if (request.made.preparer) request.made.preparer.signal(SIGKILL);
}

void Launcher::refuse(LaunchRequest& request) {
    end_preparer(request);
    tell(request,
         std::unexpected(Error{.hint = "two launchers have ended before they made a process"}));
}

}  // namespace confinit
