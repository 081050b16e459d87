// SPDX-License-Identifier: Apache-2.0
// Entering a unit with pipes: our standard streams are carried to the command's and back.
#include "svctl/enter_framed.h"
#include "svctl/enter_loop.h"
#include "svctl/enter_request.h"

#include <csignal>
#include <unistd.h>

namespace confinit {

Answer<CommandEnd> enter_with_pipes(const Context& context, const EnterOptions& options) {
    // A reader that goes away ends its flow, and the command is told by its own SIGPIPE.
    (void)std::signal(SIGPIPE, SIG_IGN);
    auto input = standard_stream(STDIN_FILENO);
    auto output = standard_stream(STDOUT_FILENO);
    auto error = standard_stream(STDERR_FILENO);
    if (!input || !output || !error) return refuse({.hint = "a standard stream is not open"});
    if (enters_by_frames(context, options)) {
        const auto loop = TRY(FramedLoop::enter(context, options, std::nullopt));
        loop->add_input(std::move(*input));
        loop->add_output(FrameKind::output, std::move(*output));
        loop->add_output(FrameKind::error, std::move(*error));
        return loop->run();
    }
    EnteredCommand command = TRY(enter(context, options, std::nullopt));

    std::vector<Flow> inputs;
    inputs.emplace_back(std::move(*input), std::move(command.descriptors[0]));
    std::vector<Flow> outputs;
    outputs.emplace_back(std::move(command.descriptors[1]), std::move(*output));
    outputs.emplace_back(std::move(command.descriptors[2]), std::move(*error));
    return EnterLoop{command.client, std::move(inputs), std::move(outputs)}.run();
}

}  // namespace confinit
