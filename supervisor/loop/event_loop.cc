// SPDX-License-Identifier: Apache-2.0
// EventLoop: one epoll(7) instance; descriptors, points in time and deferred work call back.
#include "supervisor/loop/event_loop.h"

#include "supervisor/loop/memory_reserve.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/epoll.h>

namespace confinit {
namespace {

// A level-triggered descriptor whose callback fails would otherwise spin the loop.
constexpr std::chrono::seconds rest_after_exception{1};

// So would a timer that stays due. It rests for less: a service may wait for its end.
constexpr std::chrono::milliseconds timer_rest{100};

// With what is left of the memory that is kept back.
template <typename Work>
bool run_with_reserve(EventLoop& loop, const Work& work) {
    const MemoryReserve reserve{std::nothrow};
    return loop.run_guarded(work);
}

}  // namespace

EventLoop::Watch::Watch(Watch&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)), id_(other.id_) {}

EventLoop::Watch& EventLoop::Watch::operator=(Watch&& other) noexcept {
    if (this != &other) {
        reset();
        loop_ = std::exchange(other.loop_, nullptr);
        id_ = other.id_;
    }
    return *this;
}

void EventLoop::Watch::reset() {
    if (loop_ != nullptr) std::exchange(loop_, nullptr)->remove(id_);
}

Result<std::unique_ptr<EventLoop>> EventLoop::make() {
    Fd epoll{epoll_create1(EPOLL_CLOEXEC)};
    if (!epoll) return errno_failure("epoll_create1");
    return std::unique_ptr<EventLoop>{new EventLoop(std::move(epoll))};
}

Result<EventLoop::Watch> EventLoop::on_fd(const Fd& fd, std::uint32_t events, Callback callback) {
    // Ids are never reused, so that an event that was fetched before its descriptor's number was
    // closed and given to another finds nobody.
    const std::uint64_t id = next_id_++;
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    // An exception must not leave a descriptor in the set that nobody knows.
    sources_.emplace(id, std::make_shared<Source>(fd.get(), events, std::move(callback)));
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) < 0) {
        const int error = errno;
        sources_.erase(id);
        return std::unexpected(system_error(error, "epoll_ctl ADD"));
    }
    return Watch{this, id};
}

Status EventLoop::change_events(const Watch& watch, std::uint32_t events) {
    const auto found = sources_.find(watch.id_);
    if (found == sources_.end()) return failure("change_events: no such watch");
    if (found->second->events == events) return {};
    epoll_event event{};
    event.events = events;
    event.data.u64 = watch.id_;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, found->second->fd, &event) < 0) {
        return errno_failure("epoll_ctl MOD");
    }
    found->second->events = events;
    return {};
}

void EventLoop::remove(std::uint64_t id) {
    const auto found = sources_.find(id);
    if (found == sources_.end()) return;
    // The descriptor may be closed already, which removes it from the epoll set as well.
    (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second->fd, nullptr);
    sources_.erase(found);
}

void EventLoop::defer(std::function<void()> work) {
    deferred_.push_back(std::move(work));
}

void EventLoop::set_timer(std::function<std::optional<Clock::time_point>()> next_deadline,
                          std::function<void()> expire) {
    next_deadline_ = std::move(next_deadline);
    expire_ = std::move(expire);
}

int EventLoop::wait_milliseconds() const {
    if (!deferred_.empty() || !due_.empty()) return 0;
    auto earliest = Clock::time_point::max();
    if (const auto deadline = timer_deadline()) earliest = *deadline;
    if (resting_ > 0) earliest = std::min(earliest, Clock::now() + rest_after_exception);
    if (earliest == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(earliest - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

Status EventLoop::run_once() {
    std::array<epoll_event, 64> ready;
    const int count =
        epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), wait_milliseconds());
    if (count < 0 && errno != EINTR) return errno_failure("epoll_wait");
    for (int i = 0; i < count; ++i) {
        // epoll_event is packed: copy before use.
        const std::uint64_t id = ready[static_cast<std::size_t>(i)].data.u64;
        dispatch(id, ready[static_cast<std::size_t>(i)].events);
    }
    wake_rested();
    run_deferred();
    // A deadline is judged by all that has happened before it.
    const bool has_more = count == static_cast<int>(ready.size());
    full_batches_ = has_more ? full_batches_ + 1 : 0;
    if (full_batches_ * ready.size() > sources_.size()) full_batches_ = 0;
    if (full_batches_ == 0) run_timer();
    return {};
}

void EventLoop::run_deferred() {
    // Work that defers more work has that run in the next turn, so that nothing starves.
    due_.swap(deferred_);
    while (!due_.empty()) {
        const auto work = std::move(due_.front());
        due_.pop_front();
        (void)run_with_reserve(*this, work);
    }
}

std::optional<Clock::time_point> EventLoop::timer_deadline() const {
    const auto deadline = next_deadline_ ? next_deadline_() : std::nullopt;
    if (!deadline || !timer_rests_until_) return deadline;
    return std::max(*deadline, *timer_rests_until_);
}

void EventLoop::run_timer() {
    const auto deadline = timer_deadline();
    if (!deadline || *deadline > Clock::now()) return;
    timer_rests_until_.reset();
    if (!run_with_reserve(*this, expire_)) timer_rests_until_ = Clock::now() + timer_rest;
}

void EventLoop::dispatch(std::uint64_t id, std::uint32_t events) {
    const auto found = sources_.find(id);
    if (found == sources_.end()) return;
    const std::shared_ptr<Source> source = found->second;
    if (!run_with_reserve(*this, [&] { source->callback(events); })) rest(id);
}

// There may be no memory to tell that there is none.
void EventLoop::sound_alarm(std::string_view what) noexcept {
    try {
        if (alarm_) alarm_(what);
    } catch (const std::exception&) {
        return;
    }
}

// Allocates nothing: the exception may be that there is no memory.
void EventLoop::rest(std::uint64_t id) {
    const auto found = sources_.find(id);
    if (found == sources_.end()) return;
    epoll_event event{};
    event.data.u64 = id;
    (void)epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, found->second->fd, &event);
    if (!found->second->rests_until) ++resting_;
    found->second->rests_until = Clock::now() + rest_after_exception;
}

void EventLoop::wake_rested() {
    if (resting_ == 0) return;
    resting_ = 0;
    const auto now = Clock::now();
    for (const auto& [id, source] : sources_) {
        if (!source->rests_until) continue;
        if (*source->rests_until > now) {
            ++resting_;
            continue;
        }
        source->rests_until.reset();
        epoll_event event{};
        event.events = source->events;
        event.data.u64 = id;
        (void)epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, source->fd, &event);
    }
}

}  // namespace confinit
