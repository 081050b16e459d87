// SPDX-License-Identifier: Apache-2.0
// EnterLoop: carries the streams of an entered command until it has ended and all is written.
#pragma once

#include "control/client.h"
#include "svctl/enter_streams.h"
#include "svctl/flow.h"
#include "svctl/request.h"

#include <functional>
#include <optional>
#include <vector>

namespace confinit {

class EnterLoop {
public:
    // The descriptors that outputs are read from must be O_NONBLOCK.
    EnterLoop(Client& client, std::vector<Flow> inputs, std::vector<Flow> outputs)
        : client_(client), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {}

    // The watcher is asked after every round, and a round ends when this descriptor is readable; an
    // exit status from it ends the loop without waiting for the command.
    void set_watcher(const Fd& descriptor, std::function<std::optional<int>()> watcher) {
        watched_ = &descriptor;
        watcher_ = std::move(watcher);
    }

    const std::vector<Flow>& outputs() const { return outputs_; }

    // Returns when the supervisor has said how the command ended and its output is written, even if
    // something that it left behind holds the streams open.
    Answer<CommandEnd> run();

private:
    Answer<CommandEnd> wait_for_end();
    Answer<std::optional<CommandEnd>> take_end();
    void write_rest();

    Client& client_;
    std::vector<Flow> inputs_;
    std::vector<Flow> outputs_;
    const Fd* watched_ = nullptr;
    std::function<std::optional<int>()> watcher_;
};

}  // namespace confinit
