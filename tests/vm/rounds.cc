// SPDX-License-Identifier: Apache-2.0
// Starts and stops a unit many times over one connection: what a thousand rounds leave behind is
// then the supervisor's doing, and not that of two thousand clients.
#include "base/text.h"
#include "control/client.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace confinit;

namespace {

Status call(Client& client, Method method, const std::string& unit) {
    const Reply reply = TRY(client.call(method, {{"unit", unit}}));
    if (!reply.error.empty()) return failure(reply.error + " " + dump(reply.parameters));
    return {};
}

Status run(const std::string& unit, unsigned long rounds) {
    Client client = TRY(Client::connect(std::string{control_socket_path}));
    const auto begin = std::chrono::steady_clock::now();
    for (unsigned long round = 0; round < rounds; ++round) {
        TRY(call(client, Method::start, unit));
        TRY(call(client, Method::stop, unit));
    }
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    (void)std::printf("%lu rounds, %.2f ms each\n", rounds,
                      took.count() / static_cast<double>(rounds));
    return {};
}

}  // namespace

int main(int count, char** arguments) {
    const auto rounds = count == 3 ? parse_unsigned(arguments[2]) : std::nullopt;
    if (!rounds) {
        (void)std::fputs("usage: control-rounds UNIT COUNT\n", stderr);
        return EXIT_FAILURE;
    }
    const auto done = run(arguments[1], *rounds);
    if (!done) (void)std::fprintf(stderr, "control-rounds: %s\n", done.error().text().c_str());
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
