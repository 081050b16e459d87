// SPDX-License-Identifier: Apache-2.0
// Frames of an entered command's streams: cut from any stream of bytes, and carried both ways.
#include "control/framed_streams.h"

#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace confinit {
namespace {

using namespace std::string_view_literals;
using Turn = FramedStreams::Turn;
using HangUp = FramedStreams::HangUp;

bool takes_nothing(const Frame&) {
    return false;
}

struct Ends {
    Fd ours;
    Fd peer;
};

Ends connected() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    return {.ours = Fd{ends[0]}, .peer = Fd{ends[1]}};
}

// Streams over a connection, of which we have the other side, and a pipe to be one of them.
struct Carried {
    Ends ends = connected();
    Pipe pipe = make_pipe(O_NONBLOCK).value();
    FramedStreams streams{ends.ours, HangUp::ends_at_once, takes_nothing};
};

void send_bytes(const Fd& peer, std::string_view bytes) {
    REQUIRE(send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
}

std::string receive(const Fd& peer) {
    std::string bytes(1 << 20, '\0');
    const ssize_t count = read(peer.get(), bytes.data(), bytes.size());
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
}

}  // namespace

TEST_CASE("a frame comes whole however it arrives", "[frames]") {
    const std::string bytes =
        encode_frame(FrameKind::input, "abc") + encode_frame(FrameKind::output, {});
    FrameReader reader;
    std::string found;

    for (const char byte : bytes) {
        reader.feed({&byte, 1});
        const auto frame = reader.next();
        REQUIRE(frame);
        if (!*frame) continue;
        found += static_cast<char>((*frame)->kind);
        found += (*frame)->content + ".";
    }

    CHECK(found == "iabc.o.");
    CHECK_FALSE(reader.is_inside_frame());
}

TEST_CASE("what is no frame is refused at its first bytes", "[frames][X10]") {
    const auto bytes =
        GENERATE("GET / HTTP/1.1"sv, "{\"method\""sv, "\0"sv, "i\0\1\0\1"sv, "o\xff\xff\xff\xff"sv);
    FrameReader reader;

    reader.feed(bytes);

    CHECK_FALSE(reader.next());
}

TEST_CASE("the largest frame passes", "[frames]") {
    FrameReader reader;
    reader.feed(encode_frame(FrameKind::error, std::string(frame_limit, 'x')));

    const auto frame = reader.next();

    REQUIRE((frame && *frame));
    CHECK((*frame)->content.size() == frame_limit);
}

TEST_CASE("a size is four bytes", "[frames]") {
    const auto size = decode_size(encode_size({.rows = 300, .columns = 65535}));

    REQUIRE(size);
    CHECK(size->rows == 300);
    CHECK(size->columns == 65535);
    CHECK_FALSE(decode_size("abc"));
    CHECK_FALSE(decode_size("abcde"));
}

TEST_CASE("sources become frames, and their end an empty one", "[frames]") {
    Carried carried;
    auto& [ends, pipe, streams] = carried;
    streams.add_source(FrameKind::output, std::move(pipe.read_end));
    REQUIRE(write(pipe.write_end.get(), "hello", 5) == 5);
    pipe.write_end.reset();

    while (!streams.has_sent_all())
        REQUIRE(streams.turn({}, 10'000) == Turn::goes_on);

    CHECK(receive(ends.peer) ==
          encode_frame(FrameKind::output, "hello") + encode_frame(FrameKind::output, {}));
}

TEST_CASE("draining takes what is there, and waits for nobody who holds the pipe open",
          "[frames]") {
    Carried carried;
    auto& [ends, pipe, streams] = carried;
    streams.add_source(FrameKind::output, std::move(pipe.read_end));
    REQUIRE(write(pipe.write_end.get(), "last", 4) == 4);

    streams.drain_sources();
    while (!streams.has_sent_all())
        REQUIRE(streams.turn({}, 10'000) == Turn::goes_on);

    CHECK(receive(ends.peer).starts_with(encode_frame(FrameKind::output, "last")));
}

TEST_CASE("draining ends though somebody goes on writing", "[frames][X10]") {
    (void)std::signal(SIGPIPE, SIG_IGN);
    Carried carried;
    auto& [ends, pipe, streams] = carried;
    streams.add_source(FrameKind::output, std::move(pipe.read_end));
    const std::string much(std::size_t{1} << 20, 'y');
    std::size_t received = 0;

    streams.drain_sources();
    while (!streams.has_sent_all()) {
        (void)!write(pipe.write_end.get(), much.data(), much.size());
        REQUIRE(streams.turn({}, 10'000) == Turn::goes_on);
        received += receive(ends.peer).size();
        REQUIRE(received < much.size());
    }

    CHECK(received > 0);
}

TEST_CASE("a sink gets the rest when the peer is gone, and nothing else is looked at",
          "[frames][X10]") {
    Carried carried;
    auto& [ends, pipe, streams] = carried;
    Pipe input = make_pipe(O_NONBLOCK).value();
    REQUIRE(write(input.write_end.get(), "typed", 5) == 5);
    streams.add_source(FrameKind::input, std::move(input.read_end));
    streams.add_sink(FrameKind::output, std::move(pipe.write_end));
    REQUIRE(streams.take(encode_frame(FrameKind::output, "last")));
    ends.peer.reset();

    streams.leave_link();
    while (!streams.has_written_all())
        REQUIRE(streams.turn({}, 10'000) == Turn::goes_on);

    CHECK(receive(pipe.read_end) == "last");
    CHECK(streams.turn({}, 0) == Turn::timed_out);
}

TEST_CASE("frames reach their sink, and an empty one closes it", "[frames]") {
    Carried carried;
    auto& [ends, pipe, streams] = carried;
    streams.add_sink(FrameKind::input, std::move(pipe.write_end));
    send_bytes(ends.peer,
               encode_frame(FrameKind::input, "typed") + encode_frame(FrameKind::input, {}));

    std::string typed;
    for (char byte = 0;;) {
        REQUIRE(streams.turn({}, 10'000) == Turn::goes_on);
        ssize_t count = 0;
        while ((count = read(pipe.read_end.get(), &byte, 1)) == 1)
            typed += byte;
        if (count == 0) break;
    }

    CHECK(typed == "typed");
}

TEST_CASE("a command that reads no input makes its caller wait, within a bound", "[frames][X10]") {
    Carried carried;
    auto& [ends, pipe, streams] = carried;
    streams.add_sink(FrameKind::input, std::move(pipe.write_end));
    const std::string frame = encode_frame(FrameKind::input, std::string(4096, 'x'));
    std::size_t sent = 0;
    std::string left;

    for (int idle = 0; idle < 2;) {
        if (left.empty()) left = frame;
        const ssize_t count = send(ends.peer.get(), left.data(), left.size(), MSG_NOSIGNAL);
        idle = count <= 0 ? idle + 1 : 0;
        if (count > 0) left.erase(0, static_cast<std::size_t>(count));
        if (count > 0) sent += static_cast<std::size_t>(count);
        REQUIRE(sent < 2'000'000);
        while (streams.turn({}, 0) == Turn::goes_on && idle > 0) {
        }
    }

    // A peer that goes is noticed all the same.
    REQUIRE(shutdown(ends.peer.get(), SHUT_RDWR) == 0);
    CHECK(streams.turn({}, 10'000) == Turn::ended);
}

TEST_CASE("a reader that is gone is told to the other side", "[frames]") {
    (void)std::signal(SIGPIPE, SIG_IGN);
    Carried carried;
    auto& [ends, pipe, streams] = carried;
    streams.add_sink(FrameKind::output, std::move(pipe.write_end));
    pipe.read_end.reset();

    while (streams.turn({}, 100) == Turn::goes_on) {
    }

    CHECK(receive(ends.peer) == encode_frame(FrameKind::output, {}));
    send_bytes(ends.peer, encode_frame(FrameKind::output, "more"));
    CHECK(streams.turn({}, 10'000) == Turn::goes_on);
}

TEST_CASE("an empty frame closes the source whose reader is gone", "[frames]") {
    (void)std::signal(SIGPIPE, SIG_IGN);
    Carried carried;
    auto& [ends, pipe, streams] = carried;
    streams.add_source(FrameKind::output, std::move(pipe.read_end));
    send_bytes(ends.peer, encode_frame(FrameKind::output, {}));

    CHECK(streams.turn({}, 10'000) == Turn::goes_on);

    CHECK(write(pipe.write_end.get(), "x", 1) == -1);
    CHECK(errno == EPIPE);
}

TEST_CASE("garbage, a frame of the wrong side and a hang-up end the streams", "[frames][X10]") {
    Carried carried;
    auto& [ends, pipe, streams] = carried;
    streams.add_source(FrameKind::output, std::move(pipe.read_end));

    SECTION("garbage") {
        send_bytes(ends.peer, "garbage");
        CHECK(streams.turn({}, 10'000) == Turn::broken);
    }
    SECTION("output for a source") {
        send_bytes(ends.peer, encode_frame(FrameKind::output, "x"));
        CHECK(streams.turn({}, 10'000) == Turn::broken);
    }
    SECTION("what only PID 1 sends") {
        send_bytes(ends.peer, encode_frame(FrameKind::reply, "x"));
        CHECK(streams.turn({}, 10'000) == Turn::broken);
    }
    SECTION("an end in the middle of a frame") {
        send_bytes(ends.peer, encode_frame(FrameKind::error, "xyz").substr(0, 6));
        REQUIRE(shutdown(ends.peer.get(), SHUT_WR) == 0);
        CHECK(streams.turn({}, 10'000) == Turn::goes_on);
        CHECK(streams.turn({}, 10'000) == Turn::ended);
    }
}

}  // namespace confinit
