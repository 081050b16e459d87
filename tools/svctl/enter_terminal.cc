// SPDX-License-Identifier: Apache-2.0
// Entering a unit from a terminal: ours is raw, and all is carried to and from the command's own.
#include "svctl/disconnect_key.h"
#include "svctl/enter_framed.h"
#include "svctl/enter_loop.h"
#include "svctl/enter_request.h"

#include <array>
#include <csignal>
#include <sys/signalfd.h>
#include <unistd.h>

namespace confinit {
namespace {

// What must not end the program while the terminal is raw, and what tells of the terminal itself.
constexpr std::array handled_signals{SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT};

// SignalDescriptor: the handled signals arrive by signalfd(2) for as long as it lives.
class SignalDescriptor {
public:
    static Result<SignalDescriptor> make() {
        sigset_t mask;
        sigset_t saved;
        sigemptyset(&mask);
        for (const int signal : handled_signals)
            sigaddset(&mask, signal);
        if (sigprocmask(SIG_BLOCK, &mask, &saved) < 0) return errno_failure("sigprocmask");
        Fd fd{signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK)};
        if (!fd) return errno_failure("signalfd");
        return SignalDescriptor{std::move(fd), saved};
    }
    SignalDescriptor(SignalDescriptor&&) = default;
    SignalDescriptor& operator=(SignalDescriptor&&) = delete;
    ~SignalDescriptor() {
        if (fd_) (void)sigprocmask(SIG_SETMASK, &saved_, nullptr);
    }

    const Fd& fd() const { return fd_; }

    // The next signal that has arrived, if any.
    std::optional<int> take() const {
        signalfd_siginfo info{};
        if (read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
        return static_cast<int>(info.ssi_signo);
    }

private:
    SignalDescriptor(Fd fd, const sigset_t& saved) : fd_(std::move(fd)), saved_(saved) {}

    Fd fd_;
    sigset_t saved_;
};

using Resize = std::function<void(TerminalDimensions size)>;

// An exit status when the signal ends us.
std::optional<int> handle_signals(const SignalDescriptor& signals, const RawTerminal& terminal,
                                  const Resize& resize) {
    while (const auto signal = signals.take()) {
        if (*signal == SIGCONT) terminal.renew();
        if (*signal != SIGCONT && *signal != SIGWINCH) return 128 + *signal;
        resize(terminal_size(STDIN_FILENO));
    }
    return std::nullopt;
}

// Our terminal is raw for as long as the loop runs.
template <class Loop>
Answer<CommandEnd> run_raw(Loop& loop, const DisconnectKey& disconnect, const Resize& resize) {
    // In this order: a signal that ended us with the terminal raw would leave it so.
    auto signals = SignalDescriptor::make();
    if (!signals) return refuse(std::move(signals.error()));
    auto terminal = RawTerminal::make();
    if (!terminal) return refuse(std::move(terminal.error()));
    loop.set_watcher(signals->fd(), [&]() -> std::optional<int> {
        if (disconnect.is_pressed()) return 1;
        return handle_signals(*signals, *terminal, resize);
    });
    const CommandEnd end = TRY(loop.run());
    if (disconnect.is_pressed()) return refuse({.hint = "disconnected"});
    return end;
}

Answer<CommandEnd> run_framed(const Context& context, const EnterOptions& options, Fd input,
                              Fd output, DisconnectKey& disconnect, const Flow::Watcher& watcher) {
    const auto loop = TRY(FramedLoop::enter(context, options, terminal_size(STDIN_FILENO)));
    loop->add_input(std::move(input));
    loop->set_input_watcher(watcher);
    loop->add_output(FrameKind::output, std::move(output));
    return run_raw(*loop, disconnect, [&](TerminalDimensions size) { loop->set_size(size); });
}

}  // namespace

Answer<CommandEnd> enter_with_terminal(const Context& context, const EnterOptions& options) {
    // A reader that goes away ends its flow.
    (void)std::signal(SIGPIPE, SIG_IGN);
    auto input = standard_stream(STDIN_FILENO);
    auto output = standard_stream(STDOUT_FILENO);
    if (!input || !output) return refuse({.hint = "a standard stream is not open"});
    DisconnectKey disconnect;
    const auto watcher = [&](std::string_view bytes) {
        disconnect.see(bytes, std::chrono::steady_clock::now());
    };
    if (enters_by_frames(context, options)) {
        return run_framed(context, options, std::move(*input), std::move(*output), disconnect,
                          watcher);
    }
    EnteredCommand command = TRY(enter(context, options, terminal_size(STDIN_FILENO)));
    const Fd& master = command.descriptors[0];
    auto to_master = duplicate(master);
    auto from_master = duplicate(master);
    if (!to_master || !from_master)
        return refuse({.hint = "no descriptor is left for the terminal"});
    std::vector<Flow> inputs;
    inputs.emplace_back(std::move(*input), std::move(*to_master));
    inputs.front().set_watcher(watcher);
    std::vector<Flow> outputs;
    outputs.emplace_back(std::move(*from_master), std::move(*output));
    EnterLoop loop{command.client, std::move(inputs), std::move(outputs)};
    return run_raw(loop, disconnect,
                   [&](TerminalDimensions size) { set_terminal_size(master, size); });
}

}  // namespace confinit
