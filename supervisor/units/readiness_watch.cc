// SPDX-License-Identifier: Apache-2.0
// ReadinessWatch: how one run tells that it is up and well, by its notify socket or its ready pipe,
// and what it says about itself.
#include "supervisor/units/readiness_watch.h"

#include "base/text.h"
#include "base/unix_socket.h"
#include "kernel/proc_status.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {
namespace {

// A service that says more than this in one turn waits for the next one: its queue in the kernel is
// short, so that a flood keeps the sender waiting and not us.
constexpr unsigned most_in_turn = 20;
constexpr auto turn = std::chrono::milliseconds{100};

// The reasons are few texts of ours, but for one that quotes the sender.
constexpr std::size_t most_reasons = 8;
constexpr std::size_t longest_quote = 32;

// sd_notify_barrier(3) asks for no more than that the descriptor which comes along is closed.
constexpr std::string_view barrier = "BARRIER=1";

Result<std::uint64_t> id_of(const Cgroup& node) {
    struct stat status{};
    if (fstat(node.directory().get(), &status) < 0) return errno_failure("fstat", node.path());
    return status.st_ino;
}

Result<Pipe> make_ready_pipe() {
    auto [read_end, write_end] = TRY(make_stream_pair());
    Pipe pipe{std::move(read_end), std::move(write_end)};
    TRY(read_urgent_in_line(pipe.read_end));
    refuse_descriptors(pipe.read_end);
    return pipe;
}

Error make_failure(const Unit& unit, Error error) {
    const ReadyBy by = unit.service->ready.by;
    const bool is_watchdog = by == ReadyBy::exec || by == ReadyBy::bus_name;
    return std::move(error).in(is_watchdog ? "service.watchdog" : "service.ready");
}

}  // namespace

Result<std::unique_ptr<ReadinessWatch>> ReadinessWatch::make(const Unit& unit,
                                                             const LaunchContext& context,
                                                             EventLoop& loop, NotifyHub* hub,
                                                             LogRing& log, Listener listener) {
    std::unique_ptr<ReadinessWatch> self{
        new ReadinessWatch(*unit.service, loop, hub, log, std::move(listener))};
    if (auto made = self->make_parts(unit, context); !made) {
        return std::unexpected(make_failure(unit, std::move(made).error()));
    }
    return self;
}

Status ReadinessWatch::make_parts(const Unit& unit, const LaunchContext& context) {
    if (ready_.by == ReadyBy::descriptor) pipe_ = TRY(make_ready_pipe());
    if (!has_notify_socket(unit)) return {};
    socket_.emplace(TRY(NotifySocket::make(notify_directory(unit, context))));
    if (hub_ != nullptr) {
        TRY(hub_->add(socket_->fd(), [this] { read_before_reaping(); }));
    }
    rest_timer_.emplace(TRY(Timer::make(loop_, [this] { listen_or_tell(); })));
    if (watchdog_.count() == 0) return {};
    watchdog_timer_.emplace(TRY(Timer::make(loop_, [this] { on_watchdog(); })));
    return {};
}

ReadinessWatch::~ReadinessWatch() {
    watch_.reset();
    if (socket_ && hub_ != nullptr) hub_->remove(socket_->fd());
    if (socket_) let_go(loop_, socket_->take_socket(), owner_);
    let_go(loop_, std::move(pipe_.read_end), owner_);
}

Status ReadinessWatch::open_socket(uid_t user) {
    place_.user = user;
    return socket_ ? socket_->open_to_all() : Status{};
}

std::string ReadinessWatch::notify_name() const {
    return socket_ ? socket_->name() : std::string{};
}

Status ReadinessWatch::begin(const UnitNode* node, std::string cgroup) {
    if (node != nullptr && (socket_ || ready_.by == ReadyBy::bus_name)) {
        place_.cgroup = std::move(cgroup);
        place_.node_ids = {TRY(id_of(node->node())), TRY(id_of(node->entrance()))};
    }
    return {};
}

Status ReadinessWatch::listen() {
    heard_in_turn_ = 0;
    turn_begin_ = Clock::now();
    if (socket_) {
        watch_ = TRY(
            loop_.on_fd(socket_->fd(), EPOLLIN, [this](std::uint32_t) { (void)read_socket(); }));
    } else if (pipe_.read_end) {
        watch_ = TRY(loop_.on_fd(pipe_.read_end, EPOLLIN, [this](std::uint32_t) { read_pipe(); }));
    }
    return {};
}

void ReadinessWatch::on_launched() {
    is_launched_ = true;
    if (ready_.by == ReadyBy::exec) begin_watchdog();
    listen_or_tell();
}

void ReadinessWatch::listen_or_tell() {
    if (const auto listening = listen(); !listening) note(listening.error().text());
}

// Before the program runs nobody has anything to say; it stays in the queue until then, so that a
// service is never ready before it is launched.
void ReadinessWatch::end_main() {
    if (is_launched_ && socket_) (void)read_socket();
    if (is_launched_ && pipe_.read_end) read_pipe();
    place_.main = 0;
}

ReadinessWatch::Unread ReadinessWatch::read_socket() {
    if (Clock::now() - turn_begin_ > turn) {
        heard_in_turn_ = 0;
        turn_begin_ = Clock::now();
    }
    // The descriptors that it sends may be slow to close, and too many of them fill our table.
    while (heard_in_turn_ < most_in_turn && !is_clogged(loop_, owner_)) {
        ++heard_in_turn_;
        auto datagram = socket_->receive();
        if (!datagram || !*datagram) {
            is_late_ = false;
            return Unread::none;
        }
        take(**datagram);
        // Closing them is all that BARRIER=1 asks for.
        let_go(loop_, std::move((*datagram)->descriptors), owner_);
    }
    watch_.reset();
    rest_timer_->set(turn);
    return Unread::some;
}

// A child that has ended is still a zombie. Once it is reaped, NotifySender cannot tell any more
// which service a datagram of it is from. Where PID 1 is busy, only the kernel may know yet that
// the program runs.
void ReadinessWatch::read_before_reaping() {
    if (!is_launched_ && read_reports_) read_reports_();
    const bool is_read = is_launched_ && watch_ && read_socket() == Unread::none;
    is_late_ = is_late_ || !is_read;
}

void ReadinessWatch::take(const NotifyDatagram& datagram) {
    if (datagram.text == barrier) return;
    auto message = parse_notify_message(datagram.text);
    const bool is_awaited = message && message->ready && ready_.by == ReadyBy::notify && !is_ready_;
    const SenderVerdict verdict =
        judge_sender(datagram, place_, hub_, is_late_, is_awaited && !is_look_spent_);
    is_look_spent_ = is_look_spent_ || (is_awaited && verdict.has_looked);
    if (verdict.kind == SenderVerdict::Kind::refused) return throw_away(datagram, verdict.reason);
    if (!message) {
        const std::string_view begin = std::string_view{datagram.text}.substr(0, longest_quote);
        return throw_away(datagram, datagram.is_cut
                                        ? "it is longer than 4096 bytes"
                                        : fmt::format("nothing of it is understood: '{}'",
                                                      escape_control_characters(begin)));
    }
    if (verdict.kind == SenderVerdict::Kind::present) return hear(*message, datagram.sender.pid());
    hear_of_gone(datagram, std::move(*message));
}

void ReadinessWatch::hear_of_gone(const NotifyDatagram& datagram, NotifyMessage message) {
    NotifyMessage counted;
    counted.ready = message.ready;
    counted.status = message.status;
    if (counted != message) {
        throw_away(datagram, "its process had ended by then, and may say READY=1 and STATUS= only");
    }
    hear(counted, 0);
}

void ReadinessWatch::throw_away(const NotifyDatagram& datagram, std::string reason) {
    auto known = std::ranges::find(not_heard_, reason, &NotHeard::reason);
    if (known == not_heard_.end() && not_heard_.size() >= most_reasons) {
        not_heard_.erase(not_heard_.begin());
        known = not_heard_.end();
    }
    if (known == not_heard_.end()) known = not_heard_.insert(known, {.reason = std::move(reason)});
    ++known->count;
    known->last = fmt::format("pid {} of user {}", datagram.sender.pid(), datagram.user);
}

std::vector<std::string> ReadinessWatch::not_heard() const {
    std::vector<std::string> texts;
    for (const NotHeard& each : not_heard_) {
        texts.push_back(fmt::format("{} notification{} of {}: {}", each.count,
                                    each.count == 1 ? "" : "s, the last", each.last, each.reason));
    }
    return texts;
}

void ReadinessWatch::hear(const NotifyMessage& message, pid_t sender) {
    if (message.status) report_.status = *message.status;
    if (message.error) report_.error = *message.error;
    if (message.reloading) report_.state = "reloading";
    if (message.ready) report_.state.clear();
    if (message.stopping) report_.state = "stopping";
    if (message.main_pid && sender != place_.main && !std::exchange(has_noted_main_pid_, true)) {
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
    if (message.is_alive || message.watchdog) set_watchdog();
    if (!message.misses_watchdog) return;
    is_watched_ = false;
    listener_.emit(engine::Event::watchdog_missed);
}

void ReadinessWatch::read_pipe() {
    std::array<char, 512> text;
    auto received =
        receive_message(pipe_.read_end, std::as_writable_bytes(std::span{text}), MSG_DONTWAIT);
    let_go(loop_, std::move(received.descriptors), owner_);
    const ssize_t count = received.count;
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
    let_go(loop_, std::move(pipe_.read_end), owner_);
}

void ReadinessWatch::set_frozen(bool frozen) {
    is_frozen_ = frozen;
    if (!frozen && is_watched_) set_watchdog();
}

// The bus may tell of the name before PID 1 has read that the program runs. A number that has gone
// to another process by now is judged as that one.
std::optional<std::string> ReadinessWatch::set_name_owner(pid_t pid) {
    if (!is_launched_ && read_reports_) read_reports_();
    NotifyDatagram teller{.sender = {pid, {}}};
    if (auto process = Process::open(pid)) teller.sender = std::move(*process);
    const SenderVerdict verdict = judge_sender(teller, place_, nullptr, true);
    const bool owns = verdict.kind == SenderVerdict::Kind::present;
    if (pid != 0 && !owns) {
        note(fmt::format("the bus name '{}' is owned by pid {}, and {}", ready_.bus_name, pid,
                         verdict.reason));
    }
    if (!is_launched_ || std::exchange(owns_name_, owns) == owns) return std::nullopt;
    if (!owns) return fmt::format("the bus name '{}' is lost", ready_.bus_name);
    become_ready();
    return fmt::format("the bus name '{}' is owned by pid {}", ready_.bus_name, pid);
}

void ReadinessWatch::become_ready() {
    if (std::exchange(is_ready_, true)) return;
    listener_.emit(engine::Event::ready);
    begin_watchdog();
}

void ReadinessWatch::begin_watchdog() {
    if (!watchdog_timer_) return;
    is_watched_ = true;
    set_watchdog();
}

void ReadinessWatch::set_watchdog() {
    watchdog_due_ = Clock::now() + watchdog_;
    watchdog_timer_->set(watchdog_);
}

void ReadinessWatch::on_watchdog() {
    if (is_frozen_) return set_watchdog();
    // Where PID 1 stood still, a sign of life may wait to be read.
    if (watch_ && socket_) (void)read_socket();
    if (!is_watched_ || Clock::now() < watchdog_due_) return;
    is_watched_ = false;
    listener_.emit(engine::Event::watchdog_missed);
}

void ReadinessWatch::note(std::string_view text) {
    log_.append(LogStream::standard_error, fmt::format("confinit: {}\n", text));
}

}  // namespace confinit
