// SPDX-License-Identifier: Apache-2.0
// Lists the units, or asks for the status of one, ten times a second over a connection of its own
// each time, and tells how long the supervisor took at the worst; that is a failure when it is more
// than it may be.
#include "base/text.h"
#include "control/client.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

using namespace confinit;

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

struct Question {
    Method method;
    Json parameters;
};

Result<Milliseconds> ask(const Question& question) {
    const auto begin = Clock::now();
    Client client = TRY(Client::connect(std::string{control_socket_path}));
    const Reply reply = TRY(client.call(question.method, question.parameters));
    if (!reply.error.empty()) return failure(reply.error);
    return Clock::now() - begin;
}

Result<Milliseconds> find_worst(const Question& question, std::chrono::seconds length) {
    Milliseconds worst{0};
    for (const auto end = Clock::now() + length; Clock::now() < end;) {
        worst = std::max(worst, TRY(ask(question)));
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    return worst;
}

}  // namespace

int main(int count, char** arguments) {
    const bool is_complete = count == 3 || count == 4;
    const auto seconds = is_complete ? parse_unsigned(arguments[1]) : std::nullopt;
    const auto most = is_complete ? parse_unsigned(arguments[2]) : std::nullopt;
    if (!seconds || !most) {
        (void)std::fputs("usage: control-latency SECONDS MOST-MILLISECONDS [UNIT]\n", stderr);
        return EXIT_FAILURE;
    }
    const Question question = count == 4 ? Question{Method::status, {{"unit", arguments[3]}}}
                                         : Question{Method::list, Json::object()};
    const auto worst = find_worst(question, std::chrono::seconds{*seconds});
    if (!worst) {
        (void)std::fprintf(stderr, "control-latency: %s\n", worst.error().text().c_str());
        return EXIT_FAILURE;
    }
    (void)std::printf("at worst %.1f ms\n", worst->count());
    return worst->count() <= static_cast<double>(*most) ? EXIT_SUCCESS : EXIT_FAILURE;
}
