// SPDX-License-Identifier: Apache-2.0
// Frames: the streams of an entered command over a connection that passes no descriptors.
//
// A frame is one byte for its kind, four bytes for the length of its content, the most significant
// first, and the content. manager_interface.varlink describes the kinds at the method Enter.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace confinit {

// An empty frame of one of the three streams ends it: from the side that writes, nothing more
// comes; from the side that reads, nobody reads any more.
enum class FrameKind : char {
    input = 'i',
    output = 'o',
    error = 'e',
    size = 's',  // of the terminal: the rows and the columns, two bytes each
    end = 'x',   // the last one: how the command ended, as JSON
    // From PID 1 to the process that carries the streams, and never on a connection.
    reply = 'r',   // bytes to send before the first frame
    unread = 'u',  // bytes of the caller that PID 1 has read already
};

struct Frame {
    FrameKind kind{};
    std::string content;
};

// Bytes of the content of one frame.
inline constexpr std::size_t frame_limit = std::size_t{64} << 10;

// FrameReader: cuts a stream of bytes into frames. What holds more than `frame_limit` or is of no
// kind is refused for good. A caller takes all frames before it feeds again, which bounds the
// memory by the limit and one read.
class FrameReader {
public:
    void feed(std::string_view bytes);

    // The next whole frame; absent until more is fed.
    Result<std::optional<Frame>> next();

    // Whether a frame has begun that has not ended.
    bool is_inside_frame() const { return begin_ < buffer_.size(); }

private:
    std::string buffer_;
    std::size_t begin_ = 0;
};

// The bytes of one frame; the content is within the limit.
std::string encode_frame(FrameKind kind, std::string_view content);

struct FramedSize {
    std::uint16_t rows = 0;
    std::uint16_t columns = 0;
};

// The content of a frame of the kind `size`.
std::string encode_size(FramedSize size);
std::optional<FramedSize> decode_size(std::string_view content);

}  // namespace confinit
