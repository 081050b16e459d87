// SPDX-License-Identifier: Apache-2.0
// The three ways in which an entered command's streams meet ours: terminal, pipes, or captured.
#pragma once

#include "control/client.h"
#include "svctl/context.h"
#include "svctl/request.h"

#include <optional>
#include <string>
#include <vector>

namespace confinit {

// What the Enter method is asked for, beside a terminal.
struct EnterOptions {
    std::string unit;
    std::vector<std::string> command;
    bool is_privileged = false;
    bool by_frames = false;
};

// How the command ended: wait(2).
struct CommandEnd {
    std::optional<int> code;
    std::optional<int> signal;

    // As shells have it: the code, or 128 and the signal.
    int exit_status() const { return signal ? 128 + *signal : code.value_or(1); }
};

// Each runs the command to its end. All ignore SIGPIPE from then on.

// Our own terminal is raw meanwhile, and the command has another one, which the supervisor made:
// so no terminal of the caller's is ever inside.
Answer<CommandEnd> enter_with_terminal(const Context& context, const EnterOptions& options);

// Three pipes of the supervisor's, between which and our own streams bytes are carried.
Answer<CommandEnd> enter_with_pipes(const Context& context, const EnterOptions& options);

// For --json: no input, and the output in a document, which is printed. Returns the exit status.
int enter_captured(const Context& context, const EnterOptions& options);

}  // namespace confinit
