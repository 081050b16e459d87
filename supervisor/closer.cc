// SPDX-License-Identifier: Apache-2.0
// Closer: closes what a stranger has given us or can write to, in a process that may wait for it.
#include "closer.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {
namespace {

// A copy of PID 1 that makes system calls and touches nothing else. The numbers of its pipes are
// its own until it is gone, since PID 1 keeps them open.
[[noreturn]] void run_helper(int orders, int answers) {
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_NAME, "confinit-closer", 0, 0, 0);
    int number = -1;
    while (read(orders, &number, sizeof number) == static_cast<ssize_t>(sizeof number)) {
        (void)close(number);
        if (write(answers, &number, sizeof number) < 0) break;
    }
    _exit(EXIT_SUCCESS);
}

}  // namespace

Result<std::unique_ptr<Closer>> Closer::make(EventLoop& loop, Reaper& reaper, CloneMethod method,
                                             CloserBounds bounds) {
    std::unique_ptr<Closer> closer{new Closer(loop, reaper, method, bounds)};
    closer->timer_.emplace(TRY(Timer::make(loop, [self = closer.get()] { self->expire(); })));
    TRY(closer->add_helper());
    return closer;
}

Closer::~Closer() {
    for (Helper& helper : helpers_) {
        reaper_.forget(helper.pid);
        (void)syscall(SYS_pidfd_send_signal, helper.process.get(), SIGKILL, nullptr, 0);
    }
}

Status Closer::add_helper() {
    Pipe orders = TRY(make_pipe());
    Pipe answers = TRY(make_pipe());
    if (fcntl(answers.read_end.get(), F_SETFL, O_NONBLOCK) < 0) {
        return errno_failure("fcntl F_SETFL");
    }
    int pidfd = -1;
    const long pid = clone_process(method_, CLONE_FILES, -1, pidfd);
    if (pid == 0) run_helper(orders.read_end.get(), answers.write_end.get());
    if (pid < 0) return std::unexpected(system_error(static_cast<int>(-pid), "clone"));
    Helper& helper = helpers_.emplace_back();
    helper.pid = static_cast<pid_t>(pid);
    helper.process = Fd{pidfd};
    helper.orders = std::move(orders.write_end);
    helper.orders_read = std::move(orders.read_end);
    helper.answers = std::move(answers.read_end);
    helper.answers_write = std::move(answers.write_end);
    reaper_.adopt(helper.pid, [this, number = helper.pid](ExitStatus) { on_exit(number); });
    helper.watch = TRY(loop_.on_fd(helper.answers, EPOLLIN,
                                   [this, &helper](std::uint32_t) { on_answer(helper); }));
    return {};
}

void Closer::take(Fd fd, uid_t owner) {
    if (!fd) return;
    queue_.push_back({fd.release(), owner});
    work();
}

bool Closer::is_clogged(uid_t owner) const {
    const auto count = std::ranges::count(queue_, owner, &Item::owner);
    return static_cast<std::size_t>(count) >= bounds_.waiting_each_uid;
}

std::size_t Closer::stuck() const {
    const auto now = Clock::now();
    return static_cast<std::size_t>(std::ranges::count_if(helpers_, [&](const Helper& helper) {
        return helper.item && now - helper.since >= bounds_.patience;
    }));
}

void Closer::on_answer(Helper& helper) {
    int number = -1;
    const ssize_t count = read(helper.answers.get(), &number, sizeof number);
    if (count != static_cast<ssize_t>(sizeof number)) return;
    helper.item.reset();
    work();
}

// Its pipes go only now: until it is gone it could use their numbers.
void Closer::on_exit(pid_t pid) {
    std::erase_if(helpers_, [pid](const Helper& helper) { return helper.pid == pid; });
    work();
}

Closer::Helper* Closer::find_idle() {
    const auto found = std::ranges::find_if(
        helpers_, [](const Helper& helper) { return !helper.item && !helper.is_killed; });
    return found == helpers_.end() ? nullptr : &*found;
}

// One that was just given something will be done in a moment.
bool Closer::needs_helper() const {
    const auto now = Clock::now();
    const bool is_short = std::ranges::none_of(helpers_, [&](const Helper& helper) {
        return !helper.is_killed && (!helper.item || now - helper.since < bounds_.patience);
    });
    return is_short && helpers_.size() < bounds_.helpers;
}

bool Closer::has_seat(uid_t owner) const {
    const auto taken = std::ranges::count_if(helpers_, [owner](const Helper& helper) {
        return helper.item && helper.item->owner == owner;
    });
    return static_cast<std::size_t>(taken) < bounds_.helpers_each_uid;
}

bool Closer::give(Helper& helper, const Item& item) {
    const ssize_t count = write(helper.orders.get(), &item.number, sizeof item.number);
    if (count != static_cast<ssize_t>(sizeof item.number)) return false;
    helper.item = item;
    helper.since = Clock::now();
    return true;
}

void Closer::work() {
    for (auto next = queue_.begin(); next != queue_.end();) {
        if (!has_seat(next->owner)) {
            ++next;
            continue;
        }
        Helper* helper = find_idle();
        if (helper == nullptr && needs_helper() && add_helper()) helper = &helpers_.back();
        if (helper == nullptr || !give(*helper, *next)) break;
        next = queue_.erase(next);
    }
    set_timer();
}

void Closer::expire() {
    const auto now = Clock::now();
    for (Helper& helper : helpers_) {
        if (!helper.item || helper.is_killed || now - helper.since < bounds_.last_patience) {
            continue;
        }
        helper.is_killed = true;
        (void)syscall(SYS_pidfd_send_signal, helper.process.get(), SIGKILL, nullptr, 0);
    }
    work();
}

// While somebody waits, or a helper may have to be killed. A helper that could not be made is
// asked for again.
void Closer::set_timer() {
    std::optional<Clock::time_point> next;
    if (!queue_.empty()) next = Clock::now() + bounds_.patience;
    for (const Helper& helper : helpers_) {
        if (!helper.item || helper.is_killed) continue;
        const auto deadline = helper.since + bounds_.last_patience;
        next = std::min(next.value_or(deadline), deadline);
    }
    if (!next) return timer_->stop();
    timer_->set(std::max<Clock::duration>(*next - Clock::now(), std::chrono::milliseconds{1}));
}

void let_go(const EventLoop& loop, Fd fd, uid_t owner) {
    if (loop.closer() != nullptr) loop.closer()->take(std::move(fd), owner);
}

bool is_clogged(const EventLoop& loop, uid_t owner) {
    return loop.closer() != nullptr && loop.closer()->is_clogged(owner);
}

}  // namespace confinit
