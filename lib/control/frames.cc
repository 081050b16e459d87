// SPDX-License-Identifier: Apache-2.0
// Frames: the streams of an entered command over a connection that passes no descriptors.
#include "control/frames.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr std::size_t head_size = 5;
constexpr std::size_t size_size = 4;

unsigned byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

void append_number(std::string& bytes, std::size_t number, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
        bytes.push_back(static_cast<char>(number >> shift & 0xff));
}

bool is_kind(char kind) {
    switch (static_cast<FrameKind>(kind)) {
    case FrameKind::input:
    case FrameKind::output:
    case FrameKind::error:
    case FrameKind::size:
    case FrameKind::end:
    case FrameKind::reply:
    case FrameKind::unread:
        return true;
    }
    return false;
}

}  // namespace

void FrameReader::feed(std::string_view bytes) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    buffer_ += bytes;
}

Result<std::optional<Frame>> FrameReader::next() {
    const std::string_view rest = std::string_view{buffer_}.substr(begin_);
    if (rest.empty()) return std::nullopt;
    if (!is_kind(rest.front())) return failure("frame of an unknown kind");
    if (rest.size() < head_size) return std::nullopt;
    std::size_t length = 0;
    for (std::size_t at = 1; at < head_size; ++at)
        length = length << 8 | byte_at(rest, at);
    if (length > frame_limit) {
        return failure("frame of more than " + std::to_string(frame_limit) + " bytes");
    }
    if (rest.size() - head_size < length) return std::nullopt;
    begin_ += head_size + length;
    return Frame{.kind = static_cast<FrameKind>(rest.front()),
                 .content = std::string{rest.substr(head_size, length)}};
}

std::string encode_frame(FrameKind kind, std::string_view content) {
    std::string bytes{static_cast<char>(kind)};
    append_number(bytes, content.size(), 4);
    return bytes.append(content);
}

std::string encode_size(FramedSize size) {
    std::string bytes;
    append_number(bytes, size.rows, 2);
    append_number(bytes, size.columns, 2);
    return bytes;
}

std::optional<FramedSize> decode_size(std::string_view content) {
    if (content.size() != size_size) return std::nullopt;
    const auto number = [&](std::size_t at) {
        return static_cast<std::uint16_t>(byte_at(content, at) << 8 | byte_at(content, at + 1));
    };
    return FramedSize{.rows = number(0), .columns = number(2)};
}

}  // namespace confinit
