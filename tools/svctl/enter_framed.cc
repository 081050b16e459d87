// SPDX-License-Identifier: Apache-2.0
// Entering a unit over a connection that passes no descriptors: its streams come as frames.
#include "svctl/enter_framed.h"

#include "control/fields.h"
#include "svctl/enter_request.h"

#include <array>
#include <utility>

namespace confinit {

bool enters_by_frames(const Context& context, const EnterOptions& options) {
    return options.by_frames || !context.host.empty();
}

Answer<std::unique_ptr<FramedLoop>> FramedLoop::enter(const Context& context,
                                                      const EnterOptions& options,
                                                      std::optional<TerminalDimensions> terminal) {
    EnteredCommand command = TRY(call_enter(context, options, terminal, {.upgrade = true}));
    return std::unique_ptr<FramedLoop>{new FramedLoop{std::move(command.client), command.pid}};
}

FramedLoop::FramedLoop(Client client, std::int64_t pid)
    : client_(std::move(client)),
      pid_(pid),
      streams_(client_.socket(), FramedStreams::HangUp::ends_behind_bytes,
               [this](const Frame& frame) { return take_end(frame); }) {}

void FramedLoop::set_size(TerminalDimensions size) {
    streams_.send(
        encode_frame(FrameKind::size, encode_size({.rows = size.rows, .columns = size.columns})));
}

void FramedLoop::set_watcher(const Fd& descriptor, std::function<std::optional<int>()> watcher) {
    watched_ = &descriptor;
    watcher_ = std::move(watcher);
}

bool FramedLoop::take_end(const Frame& frame) {
    const Json facts = Json::parse(frame.content, nullptr, false);
    if (frame.kind != FrameKind::end || !facts.is_object()) return false;
    end_ = parse_end(facts);
    return end_.has_value();
}

Answer<CommandEnd> FramedLoop::run() {
    auto end = wait_for_end();
    streams_.leave_link();
    while (!streams_.has_written_all())
        (void)streams_.turn({});
    return end;
}

Answer<CommandEnd> FramedLoop::wait_for_end() {
    using Turn = FramedStreams::Turn;
    // Bytes that came with the reply belong to the frames.
    Turn turn = streams_.take(client_.take_rest()) ? Turn::goes_on : Turn::broken;
    while (!end_ && turn == Turn::goes_on) {
        const int watched = watched_ != nullptr ? watched_->get() : -1;
        std::array others{pollfd{.fd = watched, .events = POLLIN, .revents = 0}};
        turn = streams_.turn(others);
        if (!watcher_) continue;
        if (const auto status = watcher_()) return CommandEnd{.code = status};
    }
    if (end_) return *end_;
    if (turn == Turn::broken)
        return refuse({.hint = "wait for the command: what came is no frame"});
    return refuse(client_.end_failure().in("wait for the command"));
}

}  // namespace confinit
