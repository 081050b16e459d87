// SPDX-License-Identifier: Apache-2.0
// EnterLoop: carries the streams of an entered command until it has ended and all is written.
#include "svctl/enter_loop.h"

#include "svctl/enter_request.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr std::size_t polled_of_a_flow = 2;

void add_wanted(std::vector<pollfd>& polled, std::span<const Flow> flows) {
    for (const Flow& flow : flows)
        std::ranges::copy(flow.wanted(), std::back_inserter(polled));
}

// Takes the flows' results off the front of the span.
void handle(std::span<const pollfd>& results, std::span<Flow> flows) {
    for (Flow& flow : flows) {
        flow.handle(results.first<polled_of_a_flow>());
        results = results.subspan(polled_of_a_flow);
    }
}

void wait(std::vector<pollfd>& polled) {
    // An interrupted poll(2) leaves no results behind.
    if (poll(polled.data(), polled.size(), -1) >= 0) return;
    for (pollfd& entry : polled)
        entry.revents = 0;
}

}  // namespace

Answer<CommandEnd> EnterLoop::run() {
    auto end = wait_for_end();
    write_rest();
    return end;
}

Answer<CommandEnd> EnterLoop::wait_for_end() {
    const int watched = watched_ != nullptr ? watched_->get() : -1;
    for (;;) {
        std::vector<pollfd> polled{{.fd = client_.socket().get(), .events = POLLIN},
                                   {.fd = watched, .events = POLLIN}};
        add_wanted(polled, inputs_);
        add_wanted(polled, outputs_);
        wait(polled);

        std::span<const pollfd> results = std::span{polled}.subspan(2);
        handle(results, inputs_);
        handle(results, outputs_);
        if (watcher_) {
            if (const auto status = watcher_()) return CommandEnd{.code = status};
        }
        if (polled[0].revents == 0) continue;
        if (const auto end = TRY(take_end())) return *end;
    }
}

Answer<std::optional<CommandEnd>> EnterLoop::take_end() {
    auto received = client_.receive_available();
    if (!received) return refuse(std::move(received.error()).in("wait for the command"));
    if (!*received) return std::nullopt;
    const bool continues = (*received)->reply.continues;
    const Json parameters = TRY(take_parameters(std::move((*received)->reply)));
    if (continues) return std::nullopt;
    const auto end = parse_end(parameters);
    if (!end) return refuse({.hint = "reply does not tell how the command ended"});
    return end;
}

void EnterLoop::write_rest() {
    for (Flow& flow : outputs_)
        flow.end_when_empty();
    std::vector<pollfd> polled(outputs_.size() * polled_of_a_flow);
    for (;;) {
        std::span<const pollfd> results{polled};
        handle(results, outputs_);
        if (std::ranges::all_of(outputs_, &Flow::is_done)) return;
        polled.clear();
        add_wanted(polled, outputs_);
        wait(polled);
    }
}

}  // namespace confinit
