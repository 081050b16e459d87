// SPDX-License-Identifier: Apache-2.0
// Hands: close(2) and read(2) of what a stranger has given us or can write to, by processes that
// may be held by it.
#include "supervisor/helpers/hands.h"

#include "supervisor/loop/memory_reserve.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sched.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr std::size_t most_idle_helpers = 1;

}  // namespace

Result<std::unique_ptr<Hands>> Hands::make(EventLoop& loop, Reaper& reaper, CloneMethod method,
                                           HandsBounds bounds) {
    std::unique_ptr<Hands> hands{new Hands(loop, reaper, method, bounds)};
    hands->timer_.emplace(TRY(Timer::make(loop, [self = hands.get()] { self->expire(); })));
    TRY(hands->add_helper());
    return hands;
}

Hands::~Hands() {
    for (Helper& helper : helpers_) {
        reaper_.forget(helper.pid());
        end(helper);
    }
}

void Hands::end(Helper& helper) {
    helper.is_killed = true;
    helper.process.signal(SIGKILL);
}

Status Hands::add_helper() {
    // All that may fail comes before there is a process: it would go on in our descriptor table.
    std::list<Helper> added(1);
    Helper& helper = added.back();
    helper.orders = TRY(make_pipe());
    helper.answers = TRY(make_pipe());
    TRY(set_nonblocking(helper.answers.read_end));
    helper.progress = TRY(make_shared_value<HandsProgress>());
    helper.watch = TRY(loop_.on_fd(helper.answers.read_end, EPOLLIN,
                                   [this, &helper](std::uint32_t) { on_answer(helper); }));
    helper.process = TRY(clone_process(method_, CLONE_FILES));
    if (helper.pid() == 0) {
        run_hands(helper.orders.read_end.get(), helper.answers.write_end.get(), *helper.progress);
    }
    reaper_.adopt_or_kill(helper.process, [this, pid = helper.pid()](ExitStatus) { on_exit(pid); });
    helpers_.splice(helpers_.end(), added);
    return {};
}

void Hands::close(Fd fd, Owner owner) {
    if (!fd) return;
    const int number = fd.release();
    const auto is_read_of = [number](const Item& item) {
        return item.order.number == number;
    };
    for (Helper& helper : helpers_) {
        if (!helper.item || helper.is_killed || !is_read_of(*helper.item)) continue;
        // A close that is under way has been of another descriptor, whose number this one has now.
        if (helper.item->order.what == HandsOrder::What::close) continue;
        helper.item->done = nullptr;
        helper.item->is_closed_after = true;
        return;
    }
    if (const auto account = accounts_.find(owner); account != accounts_.end()) {
        waiting_ -= std::erase_if(account->second.queue, is_read_of);
    }
    queue({.order = {HandsOrder::What::close, number}, .owner = owner});
    work();
}

void Hands::read(const Fd& fd, Owner owner, Done done) {
    queue({.order = {HandsOrder::What::read, fd.get()}, .owner = owner, .done = std::move(done)});
    work();
}

void Hands::queue(Item item) {
    accounts_[item.owner].queue.push_back(std::move(item));
    ++waiting_;
}

bool Hands::is_clogged(Owner owner) const {
    const auto account = accounts_.find(owner);
    return account != accounts_.end() && account->second.queue.size() >= bounds_.waiting_each_owner;
}

std::size_t Hands::stuck() const {
    const auto now = Clock::now();
    return static_cast<std::size_t>(std::ranges::count_if(helpers_, [&](const Helper& helper) {
        return helper.item && now - helper.since >= bounds_.patience;
    }));
}

std::vector<int> Hands::numbers() const {
    std::vector<int> numbers;
    for (const auto& [owner, account] : accounts_) {
        for (const Item& item : account.queue)
            numbers.push_back(item.order.number);
    }
    for (const Helper& helper : helpers_) {
        if (helper.item) numbers.push_back(helper.item->order.number);
    }
    return numbers;
}

void Hands::on_answer(Helper& helper) {
    HandsAnswer answer;
    const ssize_t size = ::read(helper.answers.read_end.get(), &answer, sizeof answer);
    if (size < static_cast<ssize_t>(sizeof answer.count) || !helper.item) return;
    std::optional<Item> item = take_back(helper);
    const auto count = static_cast<std::size_t>(std::max(answer.count, 0));
    finish(std::move(*item), {answer.bytes.data(), count}, std::max(-answer.count, 0));
    work();
}

void Hands::finish(Item item, std::string_view bytes, int error) {
    if (item.is_closed_after) {
        queue({.order = {HandsOrder::What::close, item.order.number}, .owner = item.owner});
    } else if (item.done) {
        item.done(bytes, error);
    }
}

// Its pipes go only now: until it is gone it could use their numbers. A close that has begun is
// done, whatever has ended the helper; one that has not begun, and a read, have not happened.
void Hands::on_exit(pid_t pid) {
    const auto found = std::ranges::find(helpers_, pid, &Helper::pid);
    if (found == helpers_.end()) return;
    const bool has_begun = found->progress->has_begun;
    std::optional<Item> item = take_back(*found);
    helpers_.erase(found);
    if (item && item->order.what == HandsOrder::What::read) {
        finish(std::move(*item), {}, EINTR);
    } else if (item && !has_begun) {
        queue(std::move(*item));
    }
    work();
}

std::optional<Hands::Item> Hands::take_back(Helper& helper) {
    std::optional<Item> item = std::exchange(helper.item, std::nullopt);
    if (!item) return item;
    const auto account = accounts_.find(item->owner);
    --account->second.seats;
    if (item->owner < above_users) --users_seats_;
    if (account->second.seats == 0 && account->second.queue.empty()) accounts_.erase(account);
    return item;
}

Hands::Helper* Hands::find_idle() {
    const auto found = std::ranges::find_if(
        helpers_, [](const Helper& helper) { return !helper.item && !helper.is_killed; });
    return found == helpers_.end() ? nullptr : &*found;
}

// One that was just given something will be done in a moment.
bool Hands::needs_helper() const {
    const auto now = Clock::now();
    const bool is_short = std::ranges::none_of(helpers_, [&](const Helper& helper) {
        return !helper.is_killed && (!helper.item || now - helper.since < bounds_.patience);
    });
    return is_short && helpers_.size() < bounds_.helpers;
}

bool Hands::has_seat(Owner owner, const Account& account) const {
    if (owner < above_users && users_seats_ >= bounds_.helpers_of_users) return false;
    return account.seats < bounds_.helpers_each_owner;
}

// The next owner that waits and may have a helper. They take turns: there may be one for all.
Hands::Account* Hands::find_next() {
    auto next = accounts_.upper_bound(last_served_);
    for (std::size_t i = 0; i < accounts_.size(); ++i, ++next) {
        if (next == accounts_.end()) next = accounts_.begin();
        auto& [owner, account] = *next;
        if (account.queue.empty() || !has_seat(owner, account)) continue;
        last_served_ = owner;
        return &account;
    }
    return nullptr;
}

bool Hands::give(Helper& helper, Account& account) {
    Item& item = account.queue.front();
    helper.progress->has_begun = false;
    const ssize_t size = write(helper.orders.write_end.get(), &item.order, sizeof item.order);
    if (size != static_cast<ssize_t>(sizeof item.order)) return false;
    helper.item = std::move(item);
    helper.since = Clock::now();
    account.queue.pop_front();
    --waiting_;
    ++account.seats;
    if (helper.item->owner < above_users) ++users_seats_;
    return true;
}

void Hands::work() {
    while (Account* account = find_next()) {
        Helper* helper = find_idle();
        if (helper == nullptr && needs_helper() && add_helper()) helper = &helpers_.back();
        if (helper == nullptr || !give(*helper, *account)) break;
    }
    retire_idle();
    set_timer();
}

// Those that were made while others were stuck. One that is idle has nothing to lose.
void Hands::retire_idle() {
    std::size_t idle = 0;
    for (Helper& helper : helpers_) {
        if (helper.item || helper.is_killed || ++idle <= most_idle_helpers) continue;
        end(helper);
    }
}

// A read is never killed: the writer of its pipe comes back, or SIGKILL would not end the wait.
bool Hands::is_killable(const Helper& helper) {
    return helper.item && helper.item->order.what == HandsOrder::What::close && !helper.is_killed;
}

// A helper that has not begun has had no processor yet.
void Hands::expire() {
    const auto now = Clock::now();
    for (Helper& helper : helpers_) {
        const bool is_late = now - helper.since >= bounds_.last_patience;
        if (is_killable(helper) && is_late && helper.progress->has_begun) end(helper);
    }
    work();
}

// While somebody waits, or a helper may have to be killed. A helper that could not be made is
// asked for again.
void Hands::set_timer() {
    const auto now = Clock::now();
    std::optional<Clock::time_point> next;
    if (waiting_ > 0) next = now + bounds_.patience;
    for (const Helper& helper : helpers_) {
        if (!is_killable(helper)) continue;
        auto deadline = helper.since + bounds_.last_patience;
        if (deadline <= now) deadline = now + bounds_.patience;
        next = std::min(next.value_or(deadline), deadline);
    }
    timer_->set_until(next);
}

// Many a destructor calls it. A descriptor that there was no memory to queue stays open.
void let_go(const EventLoop& loop, Fd fd, Hands::Owner owner) {
    if (loop.hands() == nullptr) return;
    run_in_destructor([&] { loop.hands()->close(std::move(fd), owner); });
}

void let_go(const EventLoop& loop, std::vector<Fd> descriptors, Hands::Owner owner) {
    for (Fd& descriptor : descriptors)
        let_go(loop, std::move(descriptor), owner);
}

std::vector<int> numbers_for_hands(const EventLoop& loop) {
    return loop.hands() == nullptr ? std::vector<int>{} : loop.hands()->numbers();
}

std::size_t waiting_for_hands(const EventLoop& loop) {
    return loop.hands() == nullptr ? 0 : loop.hands()->waiting();
}

bool is_clogged(const EventLoop& loop, Hands::Owner owner) {
    return loop.hands() != nullptr && loop.hands()->is_clogged(owner);
}

Hands::Owner new_owner(const EventLoop& loop) {
    return loop.hands() != nullptr ? loop.hands()->new_owner() : 0;
}

}  // namespace confinit
