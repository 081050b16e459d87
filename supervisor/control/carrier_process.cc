// SPDX-License-Identifier: Apache-2.0
// The carrier's own side: frames to and from the caller's connection, until everything is over.
#include "supervisor/control/carrier_process.h"

#include "control/framed_streams.h"
#include "supervisor/machine/own_user.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace confinit {
namespace {

// The command has ended, and its caller takes nothing of what is left.
constexpr int patience_ms = 60'000;

// Signals that PID 1 blocks or ignores mean nothing here; nobody but PID 1 can signal this process.
void set_signals() {
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, nullptr);
    (void)std::signal(SIGPIPE, SIG_IGN);
}

// Open descriptors need no right.
void give_up_rights() {
    give_up_all_rights();
    (void)prctl(PR_SET_NAME, carrier_name, 0, 0, 0);
}

std::vector<Fd> take_descriptors(std::span<char* const> numbers) {
    std::vector<Fd> descriptors;
    for (const char* text : numbers) {
        Fd fd{std::atoi(text)};
        if (!set_nonblocking(fd)) return {};
        descriptors.push_back(std::move(fd));
    }
    return descriptors;
}

// Carrier: one connection, one command, and the orders of PID 1 about both.
class Carrier {
public:
    explicit Carrier(std::vector<Fd> descriptors)
        : link_(std::move(descriptors[0])),
          orders_(std::move(descriptors[1])),
          streams_(link_, FramedStreams::HangUp::ends_at_once,
                   [this](const Frame& frame) { return resize(frame); }) {
        if (descriptors.size() == 3) {
            set_terminal(std::move(descriptors[2]));
        } else {
            streams_.add_sink(FrameKind::input, std::move(descriptors[2]));
            streams_.add_source(FrameKind::output, std::move(descriptors[3]));
            streams_.add_source(FrameKind::error, std::move(descriptors[4]));
        }
    }

    void run() {
        // The reply comes before every frame.
        pollfd first{.fd = orders_.get(), .events = POLLIN, .revents = 0};
        (void)poll(&first, 1, -1);
        if (!take_orders()) return;
        while (!end_) {
            std::array others{pollfd{.fd = orders_.get(), .events = POLLIN, .revents = 0}};
            if (streams_.turn(others) != FramedStreams::Turn::goes_on) return;
            if (others[0].revents != 0 && !take_orders()) return;
        }
        streams_.stop_reading();
        streams_.drain_sources();
        if (!send_rest()) return;
        streams_.send(encode_frame(FrameKind::end, *end_));
        (void)send_rest();
    }

private:
    void set_terminal(Fd master) {
        auto input = duplicate(master);
        auto size = duplicate(master);
        if (input) streams_.add_sink(FrameKind::input, std::move(*input));
        if (size) terminal_ = std::move(*size);
        streams_.add_source(FrameKind::output, std::move(master));
    }

    // A frame of a size is the only one that is of no stream.
    bool resize(const Frame& frame) const {
        const auto size = decode_size(frame.content);
        if (frame.kind != FrameKind::size || !size || !terminal_) return false;
        winsize window{};
        window.ws_row = size->rows;
        window.ws_col = size->columns;
        (void)ioctl(terminal_.get(), TIOCSWINSZ, &window);
        return true;
    }

    bool send_rest() {
        while (!streams_.has_sent_all()) {
            if (streams_.turn({}, patience_ms) != FramedStreams::Turn::goes_on) return false;
        }
        return true;
    }

    // False when PID 1 is gone, or the caller's bytes are no frames.
    bool take_orders() {
        std::array<char, 16384> bytes;
        const ssize_t count = read(orders_.get(), bytes.data(), bytes.size());
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        if (count == 0) return false;
        reader_.feed({bytes.data(), static_cast<std::size_t>(count)});
        for (;;) {
            auto frame = reader_.next();
            if (!frame) return false;
            if (!*frame) return true;
            if ((*frame)->kind == FrameKind::reply) streams_.send((*frame)->content);
            if ((*frame)->kind == FrameKind::end) end_ = std::move((*frame)->content);
            const bool is_unread = (*frame)->kind == FrameKind::unread;
            if (is_unread && !streams_.take((*frame)->content)) return false;
        }
    }

    Fd link_;
    Fd orders_;
    Fd terminal_;
    FramedStreams streams_;
    FrameReader reader_;
    std::optional<std::string> end_;
};

}  // namespace

bool is_carrier(int count, char** arguments) {
    return count > 0 && arguments[0] == std::string_view{carrier_name};
}

int run_carrier(std::span<char* const> numbers) {
    give_up_rights();
    set_signals();
    std::vector<Fd> descriptors = take_descriptors(numbers);
    const bool is_complete = descriptors.size() == 3 || descriptors.size() == 5;
    if (!is_complete) return EXIT_FAILURE;
    Carrier{std::move(descriptors)}.run();
    return EXIT_SUCCESS;
}

}  // namespace confinit
