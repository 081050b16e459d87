// SPDX-License-Identifier: Apache-2.0
// The first half of an Enter call: the command runs, and its descriptors are ours.
#pragma once

#include "svctl/enter_streams.h"
#include "svctl/terminal.h"

#include <cstdint>
#include <optional>

namespace confinit {

// A command that runs inside of a unit. Over a connection that passes descriptors these are our
// ends of its streams, O_NONBLOCK: one master of a terminal, or the three pipes.
struct EnteredCommand {
    Client client;
    std::int64_t pid = 0;
    std::vector<Fd> descriptors;
};

// How the command ended, of the last reply or frame; absent when it tells nothing of the sort.
std::optional<CommandEnd> parse_end(const Json& facts);

// The call and its first reply. `call` says which way the streams are to go.
Answer<EnteredCommand> call_enter(const Context& context, const EnterOptions& options,
                                  std::optional<TerminalDimensions> terminal, Call call);

// The way of descriptors.
Answer<EnteredCommand> enter(const Context& context, const EnterOptions& options,
                             std::optional<TerminalDimensions> terminal);

// One of our own standard streams, as a descriptor that can be owned.
Result<Fd> standard_stream(int number);

}  // namespace confinit
