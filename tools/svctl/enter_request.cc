// SPDX-License-Identifier: Apache-2.0
// The first half of an Enter call: the command runs, and its descriptors are ours.
#include "svctl/enter_request.h"

#include "control/fields.h"

#include <cstdlib>
#include <fcntl.h>
#include <utility>

namespace confinit {
namespace {

std::optional<int> find_number(const Json& parameters, std::string_view name) {
    const auto number = find_integer(parameters, name);
    if (!number || !std::in_range<unsigned char>(*number)) return std::nullopt;
    return static_cast<int>(*number);
}

Json enter_parameters(const EnterOptions& options, std::optional<TerminalDimensions> terminal) {
    Json parameters{{"unit", options.unit},
                    {"command", options.command},
                    {"privileged", options.is_privileged}};
    if (terminal) {
        const char* term = std::getenv("TERM");
        parameters["terminal"] = {{"rows", terminal->rows},
                                  {"columns", terminal->columns},
                                  {"term", term != nullptr ? term : "dumb"}};
    }
    return parameters;
}

}  // namespace

std::optional<CommandEnd> parse_end(const Json& facts) {
    const CommandEnd end{.code = find_number(facts, "code"),
                         .signal = find_number(facts, "signal")};
    return end.code || end.signal ? std::optional{end} : std::nullopt;
}

Answer<EnteredCommand> call_enter(const Context& context, const EnterOptions& options,
                                  std::optional<TerminalDimensions> terminal, Call call) {
    Client client = TRY(connect_to_supervisor(context));
    call.method = std::string{method_names.name(Method::enter)};
    call.parameters = enter_parameters(options, terminal);
    auto sent = client.send(call);
    if (!sent) return refuse(std::move(sent.error()));
    auto received = client.receive();
    if (!received) return refuse(std::move(received.error()));
    const Json parameters = TRY(take_parameters(context, std::move(received->reply)));
    return EnteredCommand{.client = std::move(client),
                          .pid = integer_or(parameters, "pid"),
                          .descriptors = std::move(received->descriptors)};
}

Answer<EnteredCommand> enter(const Context& context, const EnterOptions& options,
                             std::optional<TerminalDimensions> terminal) {
    EnteredCommand command = TRY(call_enter(context, options, terminal, {.more = true}));
    const std::size_t expected = terminal ? 1 : 3;
    if (command.descriptors.size() != expected) {
        return refuse({.hint = "reply to enter without the command's descriptors"});
    }
    for (const Fd& fd : command.descriptors) {
        if (auto set = set_nonblocking(fd); !set) return refuse(std::move(set.error()));
    }
    return command;
}

Result<Fd> standard_stream(int number) {
    Fd fd{fcntl(number, F_DUPFD_CLOEXEC, 3)};
    if (!fd) return errno_failure("fcntl F_DUPFD_CLOEXEC");
    return fd;
}

}  // namespace confinit
