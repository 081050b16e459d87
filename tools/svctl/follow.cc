// SPDX-License-Identifier: Apache-2.0
// A call that is answered by a stream of replies: the verbs that can go on with what comes.
#include "svctl/follow.h"

#include "svctl/output.h"

#include <cstdio>
#include <iterator>
#include <poll.h>
#include <unistd.h>
#include <vector>

namespace confinit {
namespace {

// A stream that is not over, and the connection that it comes by.
struct OpenStream {
    const Stream* stream;
    Client client;
};

Answer<OpenStream> open_stream(const Context& context, const Stream& stream, bool follow) {
    Client client = TRY(connect_to_supervisor(context));
    auto sent = client.send({.method = std::string{method_names.name(stream.method)},
                             .parameters = stream.parameters,
                             .more = follow});
    if (!sent) return refuse(std::move(sent.error()));
    return OpenStream{&stream, std::move(client)};
}

// Hands on all that has arrived; false when the stream is over.
Answer<bool> read_stream(const Context& context, OpenStream& open) {
    for (;;) {
        auto received = open.client.receive_available();
        if (!received) return refuse(std::move(received.error()));
        if (!*received) return true;
        const bool continues = (*received)->reply.continues;
        open.stream->print(TRY(take_parameters(context, std::move((*received)->reply))));
        (void)std::fflush(stdout);
        if (!continues) return false;
    }
}

// Waits until the supervisor has something to say. False when nobody reads our output any more:
// without a line to write we would never be told by SIGPIPE.
bool wait_for_news(const std::vector<OpenStream>& streams) {
    std::vector<pollfd> wanted{pollfd{.fd = STDOUT_FILENO, .events = 0, .revents = 0}};
    for (const OpenStream& open : streams)
        wanted.push_back({.fd = open.client.socket().get(), .events = POLLIN, .revents = 0});
    while (poll(wanted.data(), wanted.size(), -1) < 0) {
    }
    return (wanted.front().revents & POLLERR) == 0;
}

}  // namespace

int print_streams(const Context& context, std::span<const Stream> streams, bool follow) {
    std::vector<OpenStream> open;
    for (const Stream& stream : streams) {
        auto opened = open_stream(context, stream, follow);
        if (!opened) return report_refusal(context, opened.error());
        open.push_back(std::move(*opened));
    }
    while (!open.empty()) {
        for (auto one = open.begin(); one != open.end();) {
            const auto goes_on = read_stream(context, *one);
            if (!goes_on) return report_refusal(context, goes_on.error());
            one = *goes_on ? std::next(one) : open.erase(one);
        }
        if (!open.empty() && !wait_for_news(open)) break;
    }
    return 0;
}

int print_replies(const Context& context, Method method, Json parameters, bool follow,
                  const std::function<void(const Json& parameters)>& print) {
    const Stream stream{method, std::move(parameters), print};
    return print_streams(context, {&stream, 1}, follow);
}

}  // namespace confinit
