// SPDX-License-Identifier: Apache-2.0
// The first half of an Enter call: the command runs, and its descriptors are ours.
#pragma once

#include "svctl/enter_streams.h"
#include "svctl/terminal.h"

#include <cstdint>
#include <optional>

namespace confinit {

// A command that runs inside of a unit, with our ends of its streams: one master of a terminal, or
// the three pipes. All of them are O_NONBLOCK.
struct EnteredCommand {
    Client client;
    std::int64_t pid = 0;
    std::vector<Fd> descriptors;
};

Json enter_parameters(const EnterOptions& options, std::optional<TerminalDimensions> terminal);

// How the command ended, of the last reply or frame; absent when it tells nothing of the sort.
std::optional<CommandEnd> parse_end(const Json& facts);

Answer<EnteredCommand> enter(const Context& context, const EnterOptions& options,
                             std::optional<TerminalDimensions> terminal);

// One of our own standard streams, as a descriptor that can be owned.
Result<Fd> standard_stream(int number);

}  // namespace confinit
