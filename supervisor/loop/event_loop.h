// SPDX-License-Identifier: Apache-2.0
// EventLoop: one epoll(7) instance; descriptors, points in time and deferred work call back.
#pragma once

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace confinit {

class Hands;

class EventLoop {
public:
    using Callback = std::function<void(std::uint32_t events)>;

    // Watch: the right to be called back; its destructor unregisters, also from inside the callback
    // and also when the descriptor is ready in the same batch.
    class [[nodiscard]] Watch {
    public:
        Watch() = default;
        Watch(Watch&& other) noexcept;
        Watch& operator=(Watch&& other) noexcept;
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;
        ~Watch() { reset(); }
        void reset();
        explicit operator bool() const { return loop_ != nullptr; }

    private:
        friend class EventLoop;
        Watch(EventLoop* loop, std::uint64_t id) : loop_(loop), id_(id) {}
        EventLoop* loop_ = nullptr;
        std::uint64_t id_ = 0;
    };

    static Result<std::unique_ptr<EventLoop>> make();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // Calls back while the descriptor is ready, level-triggered. The watch must not outlive the
    // descriptor. `events` are EPOLLIN, EPOLLOUT.
    Result<Watch> on_fd(const Fd& fd, std::uint32_t events, Callback callback);
    Status change_events(const Watch& watch, std::uint32_t events);

    // Runs once after the present callbacks.
    void defer(std::function<void()> work);

    // Says when the next timer is due; asked before every wait, so that nobody needs to re-arm.
    void set_timer(std::function<std::optional<Clock::time_point>()> next_deadline,
                   std::function<void()> expire);

    // Told of an exception that left a callback. Nothing in the project throws, but the standard
    // library may (no memory); that callback's work is lost and nothing else.
    void set_alarm(std::function<void(std::string_view what)> alarm) { alarm_ = std::move(alarm); }

    // The hands close and read what strangers can write to; without them its owner does so itself.
    void set_hands(Hands* hands) { hands_ = hands; }
    Hands* hands() const { return hands_; }

    // Runs it at once; an exception sounds the alarm, and the answer is false.
    template <typename Work>
    bool run_guarded(const Work& work) {
        try {
            work();
            return true;
        } catch (const std::exception& exception) {
            sound_alarm(exception.what());
            return false;
        }
    }

    // Waits for the next event, however long that takes, and runs what is due: descriptors, then
    // deferred work, then the timer, unless more descriptors are ready than one turn takes.
    Status run_once();

private:
    struct Source {
        int fd;
        std::uint32_t events;
        Callback callback;
        std::optional<Clock::time_point> rests_until = std::nullopt;
    };

    explicit EventLoop(Fd epoll) : epoll_(std::move(epoll)) {}
    void remove(std::uint64_t id);
    void dispatch(std::uint64_t id, std::uint32_t events);
    void sound_alarm(std::string_view what) noexcept;
    void rest(std::uint64_t id);
    void wake_rested();
    void run_deferred();
    void run_timer();
    std::optional<Clock::time_point> timer_deadline() const;
    int wait_milliseconds() const;

    Fd epoll_;
    std::uint64_t next_id_ = 1;
    // A callback is kept alive while it runs, even when it drops its own watch.
    std::map<std::uint64_t, std::shared_ptr<Source>> sources_;
    std::deque<std::function<void()>> deferred_;
    std::deque<std::function<void()>> due_;  // deferred work of this turn that has not run
    std::size_t resting_ = 0;                // sources that rest, or did when they went
    std::size_t full_batches_ = 0;           // turns in a row that had no room for all of them
    std::function<std::optional<Clock::time_point>()> next_deadline_;
    std::function<void()> expire_;
    std::optional<Clock::time_point> timer_rests_until_;
    std::function<void(std::string_view)> alarm_;
    Hands* hands_ = nullptr;
};

using Watch = EventLoop::Watch;

}  // namespace confinit
