// SPDX-License-Identifier: Apache-2.0
// Fuzzes the control messages: any stream of bytes is cut, and any message is parsed or refused.
#include "control/message.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace confinit {
namespace {

// Small, so that short inputs reach it too.
constexpr std::size_t limit = 4096;

void require(bool holds) {
    if (!holds) std::abort();
}

// An encoded message without its one NUL.
std::string unframed(std::string message) {
    require(message.find('\0') == message.size() - 1);
    message.pop_back();
    return message;
}

// What was understood once is understood in the same way when we send it on.
void check_call(std::string_view text) {
    const auto call = parse_call(text);
    if (!call) return require(!call.error().text().empty());
    require(call->parameters.is_object());
    const auto again = parse_call(unframed(encode_call(*call)));
    require(again && again->method == call->method && again->parameters == call->parameters);
    require(again->more == call->more && again->oneway == call->oneway);
    require(again->upgrade == call->upgrade);
    require(again->on_behalf_of.has_value() == call->on_behalf_of.has_value());
    if (call->on_behalf_of) require(again->on_behalf_of->text() == call->on_behalf_of->text());
}

void check_reply(std::string_view text) {
    const auto reply = parse_reply(text);
    if (!reply) return require(!reply.error().text().empty());
    require(reply->parameters.is_object());
    const auto again = parse_reply(unframed(encode_reply(reply->parameters, reply->continues)));
    require(again && again->parameters == reply->parameters);
    require(again->continues == reply->continues && again->error.empty());
}

// The first byte tells how large the reads are in which the rest arrives.
void check_stream(std::string_view bytes) {
    if (bytes.empty()) return;
    const std::size_t chunk = static_cast<unsigned char>(bytes[0]) + std::size_t{1};
    bytes.remove_prefix(1);
    MessageReader reader{limit};
    while (!bytes.empty()) {
        const std::string_view part = bytes.substr(0, std::min(chunk, bytes.size()));
        bytes.remove_prefix(part.size());
        const bool is_good = reader.feed(part).has_value();
        while (const auto message = reader.next()) {
            require(message->size() <= limit && !message->contains('\0'));
            check_call(*message);
            check_reply(*message);
        }
        if (!is_good) return;
    }
}

}  // namespace
}  // namespace confinit

// libFuzzer's name for its entry.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    confinit::check_stream({reinterpret_cast<const char*>(data), size});
    return 0;
}
