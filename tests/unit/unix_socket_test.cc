// SPDX-License-Identifier: Apache-2.0
// Messages of unix sockets, and all that comes along with them.
#include "base/unix_socket.h"

#include <array>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace confinit {
namespace {

struct Connection {
    Fd reader;
    Fd writer;
};

Connection connect_pair() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    return {Fd{ends[0]}, Fd{ends[1]}};
}

// A pipe tells of the holder of its other end: it is at its end when nobody has that any more.
struct Canary {
    Fd end;
    bool lives() const {
        char byte = 0;
        return read(end.get(), &byte, 1) < 0;
    }
};

Canary pass(const Fd& socket, int flags) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    const Fd passed{ends[1]};
    REQUIRE(send_message(socket, "x", {&passed, 1}, flags) == 1);
    return {Fd{ends[0]}};
}

}  // namespace

TEST_CASE("a descriptor that comes out of band is received like any other", "[unit][N21]") {
    const int flags = GENERATE(0, MSG_OOB);
    const Connection connection = connect_pair();
    REQUIRE(read_urgent_in_line(connection.reader));
    const Canary canary = pass(connection.writer, flags);
    REQUIRE(send(connection.writer.get(), "y", 1, 0) == 1);

    std::array<std::byte, 16> buffer;
    std::vector<Fd> descriptors;
    std::string bytes;
    while (bytes.size() < 2) {
        ReceivedMessage received = receive_message(connection.reader, buffer, MSG_DONTWAIT);
        REQUIRE(received.count > 0);
        bytes.append(reinterpret_cast<const char*>(buffer.data()),
                     static_cast<std::size_t>(received.count));
        for (Fd& descriptor : received.descriptors)
            descriptors.push_back(std::move(descriptor));
    }

    CHECK(bytes == "xy");
    CHECK(descriptors.size() == 1);
    CHECK(canary.lives());
}

}  // namespace confinit
