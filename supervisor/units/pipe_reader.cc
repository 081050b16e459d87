// SPDX-License-Identifier: Apache-2.0
// PipeReader: the end of a pipe that a service writes to, read without waiting for the service.
#include "supervisor/units/pipe_reader.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace confinit {
namespace {

// The last words of a service are in the pipe; somebody else may have the other end and write on.
constexpr unsigned most_reads_of_drain = 64;
constexpr std::chrono::milliseconds patience_of_drain{500};

// Whether nobody has the other end. Then nobody is in the middle of a write either, which would
// keep a reader waiting: pipe(7), "EOF".
bool is_hung_up(const Fd& pipe) {
    pollfd state{.fd = pipe.get(), .events = POLLIN, .revents = 0};
    return poll(&state, 1, 0) == 1 && (state.revents & POLLHUP) != 0;
}

}  // namespace

Result<std::unique_ptr<PipeReader>> PipeReader::make(EventLoop& loop, Fd pipe, Hands::Owner owner,
                                                     Listener listener) {
    std::unique_ptr<PipeReader> reader{
        new PipeReader(loop, std::move(pipe), owner, std::move(listener))};
    if (fcntl(reader->pipe_.get(), F_SETFL, O_NONBLOCK) < 0) return errno_failure("fcntl F_SETFL");
    reader->watch_ = TRY(
        loop.on_fd(reader->pipe_, EPOLLIN, [self = reader.get()](std::uint32_t) { self->ask(); }));
    return reader;
}

PipeReader::~PipeReader() {
    watch_.reset();
    let_go(loop_, std::move(pipe_), owner_);
}

// While a piece is on its way, the pipe says nothing new.
void PipeReader::ask() {
    if (is_asked_ || is_at_end_) return;
    if (loop_.hands() == nullptr || is_hung_up(pipe_)) return read_here();
    loop_.hands()->read(pipe_, owner_,
                        [this](std::string_view bytes, int error) { take(bytes, error); });
    // Only now: where an exception has kept it from being asked, the pipe says so again.
    is_asked_ = true;
    (void)loop_.change_events(watch_, EPOLLET);
}

void PipeReader::read_here() {
    std::array<char, 4096> buffer;
    const ssize_t count = read(pipe_.get(), buffer.data(), buffer.size());
    const int error = count < 0 ? errno : 0;
    take({buffer.data(), static_cast<std::size_t>(count < 0 ? 0 : count)}, error);
}

void PipeReader::take(std::string_view bytes, int error) {
    is_asked_ = false;
    const bool is_empty = error == EAGAIN;
    is_at_end_ = bytes.empty() && !is_empty && error != EINTR;
    if (is_at_end_) {
        // A hang-up would be reported for ever.
        watch_.reset();
    } else {
        (void)loop_.change_events(watch_, EPOLLIN);
    }
    if (!bytes.empty()) listener_.bytes(bytes);
    if (is_at_end_) listener_.end();
    if (!drained_) return;
    if (is_drained() || is_empty || ++reads_ >= most_reads_of_drain) return finish_drain();
    ask();
}

void PipeReader::drain(std::function<void()> done) {
    if (drained_ || is_drained()) return;
    drained_ = std::move(done);
    ask();
    if (!drained_) return;
    auto timer = Timer::make(loop_, [this] { give_up_drain(); });
    if (timer) timer_.emplace(std::move(*timer));
    if (timer_) timer_->set(patience_of_drain);
}

// A writer is not waited for. Where there is none any more, it is our own hands that are slow, on a
// machine that is busy, and the last words are worth the wait.
void PipeReader::give_up_drain() {
    if (!is_hung_up(pipe_)) return finish_drain();
    if (timer_) timer_->set(patience_of_drain);
    ask();
}

void PipeReader::finish_drain() {
    is_drained_ = true;
    if (timer_) timer_->stop();
    if (const auto done = std::exchange(drained_, nullptr)) done();
}

}  // namespace confinit
