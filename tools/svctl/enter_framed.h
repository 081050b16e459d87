// SPDX-License-Identifier: Apache-2.0
// Entering a unit over a connection that passes no descriptors: its streams come as frames.
#pragma once

#include "control/client.h"
#include "control/framed_streams.h"
#include "svctl/enter_streams.h"
#include "svctl/request.h"
#include "svctl/terminal.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace confinit {

// Whether the streams are to come as frames.
bool enters_by_frames(const Context& context, const EnterOptions& options);

// FramedLoop: EnterLoop for a connection that was upgraded.
class FramedLoop {
public:
    // The command runs when this returns.
    static Answer<std::unique_ptr<FramedLoop>> enter(const Context& context,
                                                     const EnterOptions& options,
                                                     std::optional<TerminalDimensions> terminal);

    void add_input(Fd fd) { streams_.add_source(FrameKind::input, std::move(fd)); }
    void end_input() { streams_.send(encode_frame(FrameKind::input, {})); }
    void add_output(FrameKind kind, Fd fd) { streams_.add_sink(kind, std::move(fd)); }
    void set_input_watcher(FramedStreams::Watcher watcher) {
        streams_.set_watcher(std::move(watcher));
    }
    void set_size(TerminalDimensions size);
    // As EnterLoop has it.
    void set_watcher(const Fd& descriptor, std::function<std::optional<int>()> watcher);

    std::int64_t pid() const { return pid_; }
    // Whether not all of the output found a reader.
    bool has_lost(FrameKind kind) const { return streams_.has_lost(kind); }

    Answer<CommandEnd> run();

private:
    FramedLoop(Client client, std::int64_t pid);

    bool take_end(const Frame& frame);
    Answer<CommandEnd> wait_for_end();

    Client client_;
    std::int64_t pid_;
    FramedStreams streams_;
    std::optional<CommandEnd> end_;
    const Fd* watched_ = nullptr;
    std::function<std::optional<int>()> watcher_;
};

}  // namespace confinit
