// SPDX-License-Identifier: Apache-2.0
// logs UNIT: the last lines of a unit's output, and with --follow those that come.
#include "control/fields.h"
#include "svctl/log_text.h"
#include "svctl/output.h"
#include "svctl/request.h"
#include "svctl/verbs.h"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <poll.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr int default_lines = 1000;
constexpr int default_lines_to_follow = 10;

struct LogsOptions {
    std::string unit;
    std::optional<int> lines;
    bool follow = false;
};

void print_lines(const Context& context, const std::string& unit, const Json& parameters) {
    const Json* found = find_array(parameters, "lines");
    const Json lines = found != nullptr ? *found : Json::array();
    if (context.json) {
        print_document(context, {{"unit", unit}, {"lines", lines}});
    } else {
        print(log_text(context, lines));
    }
    (void)std::fflush(stdout);
}

// Waits until the supervisor has something to say. False when nobody reads our output any more:
// without a line to write we would never be told by SIGPIPE.
bool wait_for_lines(const Client& client) {
    std::array<pollfd, 2> wanted{pollfd{.fd = client.socket().get(), .events = POLLIN},
                                 pollfd{.fd = STDOUT_FILENO, .events = 0}};
    while (poll(wanted.data(), wanted.size(), -1) < 0) {
    }
    return (wanted[1].revents & POLLERR) == 0;
}

int run_logs(const Context& context, const LogsOptions& options) {
    auto client = connect_to_supervisor(context);
    if (!client) return report_refusal(context, client.error());
    const int lines =
        options.lines.value_or(options.follow ? default_lines_to_follow : default_lines);
    const auto sent = client->send({.method = std::string{method_names.name(Method::logs)},
                                    .parameters = {{"unit", options.unit}, {"lines", lines}},
                                    .more = options.follow});
    if (!sent) return report_refusal(context, refuse(sent.error()).error());

    for (;;) {
        auto received = client->receive_available();
        if (!received) return report_refusal(context, refuse(received.error()).error());
        if (!*received) {
            if (!wait_for_lines(*client)) return 0;
            continue;
        }
        const bool continues = (*received)->reply.continues;
        const auto parameters = take_parameters(std::move((*received)->reply));
        if (!parameters) return report_refusal(context, parameters.error());
        print_lines(context, options.unit, *parameters);
        if (!continues) return 0;
    }
}

}  // namespace

VerbAction declare_logs(CLI::App& command) {
    auto options = std::make_unique<LogsOptions>();
    command.add_option("UNIT", options->unit, "the unit")->required();
    command.add_option("-n,--lines", options->lines, "at most so many lines of what is kept")
        ->check(CLI::Range(0, 1'000'000));
    command.add_flag("-f,--follow", options->follow, "go on with lines as they are written");
    command.footer(
        "A line shows its time, \"|\" for standard output or \"!\" for standard error, and its\n"
        "text. With --json, --follow prints a document for each group of lines.");
    return [options = std::move(options)](const Context& context) {
        return run_logs(context, *options);
    };
}

}  // namespace confinit
