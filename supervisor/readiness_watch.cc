// SPDX-License-Identifier: Apache-2.0
// ReadinessWatch: how one run tells that it is up and well, by its notify socket or its ready pipe,
// and what it says about itself.
#include "readiness_watch.h"

#include "closer.h"
#include "kernel/proc_status.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace confinit {
namespace {

// A service that says more than this in one turn waits for the next one: its queue in the kernel is
// short, so that a flood keeps the sender waiting and not us.
constexpr unsigned most_in_turn = 20;
constexpr auto turn = std::chrono::milliseconds{100};

bool is_within_cgroup(std::string_view path, std::string_view cgroup) {
    if (!path.starts_with(cgroup)) return false;
    return path.size() == cgroup.size() || path[cgroup.size()] == '/';
}

LaunchFailure make_failure(const Unit& unit, Error error) {
    const bool is_watchdog = unit.service->ready.by == ReadyBy::exec;
    return {.key = is_watchdog ? "service.watchdog" : "service.ready",
            .error = error.code,
            .hint = std::move(error.what)};
}

}  // namespace

LaunchResult<std::unique_ptr<ReadinessWatch>> ReadinessWatch::make(const Unit& unit,
                                                                   const LaunchContext& context,
                                                                   EventLoop& loop, LogRing& log,
                                                                   Listener listener) {
    std::unique_ptr<ReadinessWatch> self{
        new ReadinessWatch(*unit.service, loop, log, std::move(listener))};
    if (auto made = self->make_parts(unit, context); !made) {
        return std::unexpected(make_failure(unit, std::move(made).error()));
    }
    return self;
}

Status ReadinessWatch::make_parts(const Unit& unit, const LaunchContext& context) {
    if (ready_.by == ReadyBy::descriptor) pipe_ = TRY(make_pipe());
    if (!has_notify_socket(unit)) return {};
    socket_.emplace(TRY(NotifySocket::make(notify_directory(unit, context))));
    rest_timer_.emplace(TRY(Timer::make(loop_, [this] { (void)listen(); })));
    if (watchdog_.count() == 0) return {};
    watchdog_timer_.emplace(TRY(Timer::make(loop_, [this] {
        if (is_frozen_) return watchdog_timer_->set(watchdog_);
        if (std::exchange(is_watched_, false)) listener_.emit(engine::Event::watchdog_missed);
    })));
    return {};
}

ReadinessWatch::~ReadinessWatch() {
    watch_.reset();
    if (socket_) let_go(loop_, socket_->take_socket(), user_);
    let_go(loop_, std::move(pipe_.read_end), user_);
}

Status ReadinessWatch::give_to(uid_t uid, gid_t gid) {
    user_ = uid;
    return socket_ ? socket_->give_to(uid, gid) : Status{};
}

Status ReadinessWatch::begin(pid_t first, bool has_node) {
    main_ = first;
    if (has_node && socket_) {
        const Fd process = TRY(open_process(first));
        cgroup_ = TRY(read_cgroup_path(process));
    }
    if (pipe_.read_end && fcntl(pipe_.read_end.get(), F_SETFL, O_NONBLOCK) < 0) {
        return errno_failure("fcntl F_SETFL");
    }
    return {};
}

Status ReadinessWatch::listen() {
    heard_in_turn_ = 0;
    turn_begin_ = Clock::now();
    if (socket_) {
        watch_ = TRY(loop_.on_fd(socket_->fd(), EPOLLIN, [this](std::uint32_t) { read_socket(); }));
    } else if (pipe_.read_end) {
        watch_ = TRY(loop_.on_fd(pipe_.read_end, EPOLLIN, [this](std::uint32_t) { read_pipe(); }));
    }
    return {};
}

void ReadinessWatch::on_launched() {
    is_launched_ = true;
    if (ready_.by == ReadyBy::exec) begin_watchdog();
    if (const auto listening = listen(); !listening) note(listening.error().what);
}

// Before the program runs nobody has anything to say; it stays in the queue until then, so that a
// service is never ready before it is launched.
void ReadinessWatch::end_main() {
    if (is_launched_ && socket_) read_socket();
    if (is_launched_ && pipe_.read_end) read_pipe();
    main_ = 0;
}

void ReadinessWatch::read_socket() {
    if (Clock::now() - turn_begin_ > turn) {
        heard_in_turn_ = 0;
        turn_begin_ = Clock::now();
    }
    // The descriptors that it sends may be slow to close, and too many of them fill our table.
    while (heard_in_turn_ < most_in_turn && !is_clogged(loop_, user_)) {
        ++heard_in_turn_;
        auto datagram = socket_->receive();
        if (!datagram || !*datagram) return;
        // Closing them is all that BARRIER=1 asks for.
        for (Fd& descriptor : (*datagram)->descriptors)
            let_go(loop_, std::move(descriptor), user_);
        if (!is_of_unit(**datagram)) continue;
        const auto message = parse_notify_message((*datagram)->text);
        if (message) hear(*message, (*datagram)->sender);
    }
    watch_.reset();
    rest_timer_->set(turn);
}

// Who else may write to the socket, another unit of the same user for one, is not listened to.
// Without a node only the main process is certain to be of the unit: its number is its own until it
// is reaped.
bool ReadinessWatch::is_of_unit(const NotifyDatagram& datagram) const {
    if (cgroup_.empty()) return datagram.sender > 0 && datagram.sender == main_;
    const auto cgroup = cgroup_of(datagram.sender, datagram.process);
    return cgroup && is_within_cgroup(*cgroup, cgroup_);
}

void ReadinessWatch::hear(const NotifyMessage& message, pid_t sender) {
    if (message.status) report_.status = *message.status;
    if (message.error) report_.error = *message.error;
    if (message.reloading) report_.state = "reloading";
    if (message.ready) report_.state.clear();
    if (message.stopping) report_.state = "stopping";
    if (message.main_pid && sender != main_ && !std::exchange(has_noted_main_pid_, true)) {
        note("MAINPID= is not taken: the main process is the one that was started");
    }
    if (message.extend_timeout) listener_.extend(*message.extend_timeout);
    if (message.ready && ready_.by == ReadyBy::notify) become_ready();
    hear_watchdog(message);
}

void ReadinessWatch::hear_watchdog(const NotifyMessage& message) {
    if (!watchdog_timer_) return;
    if (message.watchdog) watchdog_ = *message.watchdog;
    if (!is_watched_) return;
    if (message.is_alive || message.watchdog) watchdog_timer_->set(watchdog_);
    if (!message.misses_watchdog) return;
    is_watched_ = false;
    listener_.emit(engine::Event::watchdog_missed);
}

void ReadinessWatch::read_pipe() {
    std::array<char, 512> text;
    const ssize_t count = read(pipe_.read_end.get(), text.data(), text.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const auto end = text.begin() + std::max<ssize_t>(count, 0);
    if (std::find(text.begin(), end, '\n') != end) {
        become_ready();
    } else if (count > 0) {
        return;
    } else {
        note("the ready descriptor was closed without a newline");
    }
    watch_.reset();
    let_go(loop_, std::move(pipe_.read_end), user_);
}

void ReadinessWatch::set_frozen(bool frozen) {
    is_frozen_ = frozen;
    if (!frozen && is_watched_) watchdog_timer_->set(watchdog_);
}

void ReadinessWatch::become_ready() {
    if (std::exchange(is_ready_, true)) return;
    listener_.emit(engine::Event::ready);
    begin_watchdog();
}

void ReadinessWatch::begin_watchdog() {
    if (!watchdog_timer_) return;
    is_watched_ = true;
    watchdog_timer_->set(watchdog_);
}

void ReadinessWatch::note(std::string_view text) {
    log_.append(LogStream::standard_error, fmt::format("confinit: {}\n", text));
}

}  // namespace confinit
