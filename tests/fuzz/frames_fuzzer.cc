// SPDX-License-Identifier: Apache-2.0
// Fuzzes the frames of entered commands: any stream of bytes is cut or refused, on both sides.
#include "control/framed_streams.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace confinit {
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

// A frame that was understood once is understood in the same way when we send it.
void check_frame(const Frame& frame) {
    require(frame.content.size() <= frame_limit);
    FrameReader reader;
    reader.feed(encode_frame(frame.kind, frame.content));
    const auto again = reader.next();
    require(again && *again && (*again)->kind == frame.kind);
    require((*again)->content == frame.content && !reader.is_inside_frame());
    if (const auto size = decode_size(frame.content)) require(encode_size(*size) == frame.content);
}

// The frames do not depend on the pieces in which they come.
void check_pieces(std::string_view bytes, std::size_t piece) {
    FrameReader reader;
    while (!bytes.empty()) {
        const std::string_view part = bytes.substr(0, std::min(piece, bytes.size()));
        bytes.remove_prefix(part.size());
        reader.feed(part);
        for (;;) {
            const auto frame = reader.next();
            if (!frame) return;
            if (!*frame) break;
            check_frame(**frame);
        }
    }
}

// A side whose sinks and sources have gone, as they do while the other one still sends.
void check_side(std::string_view bytes, bool is_carrier) {
    const Fd link;
    FramedStreams streams{link, FramedStreams::HangUp::ends_at_once, [](const Frame& frame) {
                              return frame.kind == FrameKind::size;
                          }};
    if (is_carrier) {
        streams.add_sink(FrameKind::input, Fd{});
        streams.add_source(FrameKind::output, Fd{});
        streams.add_source(FrameKind::error, Fd{});
    } else {
        streams.add_source(FrameKind::input, Fd{});
        streams.add_sink(FrameKind::output, Fd{});
        streams.add_sink(FrameKind::error, Fd{});
    }
    (void)streams.take(bytes);
    require(streams.has_written_all() && streams.has_sent_all());
}

}  // namespace
}  // namespace confinit

// libFuzzer's name for its entry. The first byte tells how large the pieces are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes{reinterpret_cast<const char*>(data), size};
    if (bytes.empty()) return 0;
    const std::size_t piece = data[0] + std::size_t{1};
    bytes.remove_prefix(1);
    confinit::check_pieces(bytes, piece);
    confinit::check_side(bytes, true);
    confinit::check_side(bytes, false);
    return 0;
}
