// SPDX-License-Identifier: Apache-2.0
// A call that is answered by a stream of replies: the verbs that can go on with what comes.
#include "svctl/follow.h"

#include "svctl/output.h"

#include <array>
#include <cstdio>
#include <poll.h>
#include <unistd.h>

namespace confinit {
namespace {

// Waits until the supervisor has something to say. False when nobody reads our output any more:
// without a line to write we would never be told by SIGPIPE.
bool wait_for_news(const Client& client) {
    std::array<pollfd, 2> wanted{pollfd{.fd = client.socket().get(), .events = POLLIN},
                                 pollfd{.fd = STDOUT_FILENO, .events = 0}};
    while (poll(wanted.data(), wanted.size(), -1) < 0) {
    }
    return (wanted[1].revents & POLLERR) == 0;
}

}  // namespace

int print_replies(const Context& context, Method method, Json parameters, bool follow,
                  const std::function<void(const Json& parameters)>& print) {
    auto client = connect_to_supervisor(context);
    if (!client) return report_refusal(context, client.error());
    const auto sent = client->send({.method = std::string{method_names.name(method)},
                                    .parameters = std::move(parameters),
                                    .more = follow});
    if (!sent) return report_refusal(context, refuse(sent.error()).error());

    for (;;) {
        auto received = client->receive_available();
        if (!received) return report_refusal(context, refuse(received.error()).error());
        if (!*received) {
            if (!wait_for_news(*client)) return 0;
            continue;
        }
        const bool continues = (*received)->reply.continues;
        const auto answer = take_parameters(std::move((*received)->reply));
        if (!answer) return report_refusal(context, answer.error());
        print(*answer);
        (void)std::fflush(stdout);
        if (!continues) return 0;
    }
}

}  // namespace confinit
