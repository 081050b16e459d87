// SPDX-License-Identifier: Apache-2.0
// Varlink messages without any input or output: framing by NUL bytes, calls and replies as JSON.
//
// Nothing here throws, whatever the bytes are: outside text becomes a Result, and our own text is
// written with what is no UTF-8 replaced by U+FFFD.
#pragma once

#include "base/json_text.h"
#include "base/result.h"
#include "control/protocol.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace confinit {

// MessageReader: cuts a stream of bytes into messages of at most `limit` bytes.
class MessageReader {
public:
    explicit MessageReader(std::size_t limit) : limit_(limit) {}

    // Takes what was read from the stream. It fails for good once a message is over the limit; the
    // connection is then to be closed. A caller takes all messages with next() before it feeds
    // again, which bounds the memory by the limit and one read.
    Status feed(std::span<const char> bytes);

    // The next whole message, without its NUL; absent until more is fed.
    std::optional<std::string> next();
    bool has_next() const { return begin_ != last_end_; }

    // The bytes that are not handed out.
    std::string_view rest() const { return std::string_view{buffer_}.substr(begin_); }
    bool has_bytes() const { return buffer_.size() > begin_; }

    // Whether a message has begun that has not ended: the stream must not end here.
    bool is_inside_message() const { return buffer_.size() > last_end_; }

private:
    std::size_t limit_;
    std::string buffer_;
    std::size_t begin_ = 0;     // where the next message to hand out begins
    std::size_t last_end_ = 0;  // one past the last NUL in the buffer
    bool is_over_limit_ = false;
};

// In whose name a deputy calls: a client of the bus, as the bus itself has told of it.
struct Principal {
    std::uint32_t uid = 0;
    std::string sender;               // its unique name on the bus, such as ":1.42"
    std::optional<std::int32_t> pid;  // for people: the number may be another process's by now
    std::string authorized;           // the action that polkit has allowed it, or empty

    // "uid 1000 (:1.42)".
    std::string text() const;
};

// A request of a client. `more` wants a stream of replies, `oneway` wants none, and `upgrade`
// wants the connection to carry something else behind the one reply.
struct Call {
    std::string method = {};
    Json parameters = Json::object();
    bool more = false;
    bool oneway = false;
    bool upgrade = false;
    std::optional<Principal> on_behalf_of = {};
};

// What the server answers. `error` is empty on success.
struct Reply {
    Json parameters = Json::object();
    std::string error;
    bool continues = false;
};

// Refuse what is no JSON object, has members of a wrong type, or is nested too deeply.
Result<Call> parse_call(std::string_view text);
Result<Reply> parse_reply(std::string_view text);

// The bytes to send, the ending NUL included.
std::string encode_call(const Call& call);
std::string encode_reply(const Json& parameters, bool continues = false);
// The same from parameters that are text already, and valid JSON.
std::string encode_reply_text(std::string_view parameters);
std::string encode_error(ControlError error, const Json& parameters);

// JSON in one line, and with an indentation for people.
std::string dump(const Json& value);
std::string dump_indented(const Json& value);

}  // namespace confinit
