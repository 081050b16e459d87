// SPDX-License-Identifier: Apache-2.0
// bridge: the supervisor's socket on standard input and output, for `svctl --host` elsewhere.
//
// Every byte is written by this process, so that the supervisor judges the user that ssh has become
// on this machine, as it judges any other caller.
#include "svctl/enter_request.h"
#include "svctl/flow.h"
#include "svctl/output.h"
#include "svctl/request.h"
#include "svctl/verbs.h"

#include <csignal>
#include <poll.h>
#include <unistd.h>
#include <vector>

namespace confinit {
namespace {

// The end of the input is the caller's: what it has asked for ends with it. A supervisor that has
// hung up may have answered before.
void carry(Flow& input, Flow& output) {
    while (!output.is_done() && (!input.is_done() || input.is_broken())) {
        std::vector<pollfd> polled;
        std::ranges::copy(input.wanted(), std::back_inserter(polled));
        std::ranges::copy(output.wanted(), std::back_inserter(polled));
        if (poll(polled.data(), polled.size(), -1) < 0) continue;
        const std::span<const pollfd> results{polled};
        input.handle(results.first<2>());
        output.handle(results.last<2>());
    }
}

int run_bridge(const Context& context) {
    (void)std::signal(SIGPIPE, SIG_IGN);
    auto client = connect_to_supervisor(context);
    if (!client) return report_refusal(context, client.error());
    auto from = standard_stream(STDIN_FILENO);
    auto to = standard_stream(STDOUT_FILENO);
    auto sent = duplicate(client->socket());
    auto received = duplicate(client->socket());
    if (!from || !to || !sent || !received) {
        return report_refusal(context, refuse({.hint = "a standard stream is not open"}).error());
    }
    Flow input{std::move(*from), std::move(*sent)};
    Flow output{std::move(*received), std::move(*to)};
    carry(input, output);
    return 0;
}

}  // namespace

VerbAction declare_bridge(Syntax& syntax) {
    syntax.footer =
        "Bytes are carried as they are: calls of Varlink, each ended by a NUL byte. The end of the "
        "input ends the connection. `svctl --host` runs it on the other machine.";
    return run_bridge;
}

}  // namespace confinit
