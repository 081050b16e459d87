// SPDX-License-Identifier: Apache-2.0
// One caller's bytes: whole calls in, replies and descriptors out, within bounds.
#include "base/unix_socket.h"
#include "supervisor/control/connection.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

using namespace confinit;

namespace {

struct ConnectionScene {
    explicit ConnectionScene(Caller caller = {}) {
        std::array<int, 2> pair{};
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) ==
                0);
        peer = Fd{pair[0]};
        connection.emplace(Fd{pair[1]}, std::move(caller));
    }

    void send(std::string_view bytes) {
        REQUIRE(write(peer.get(), bytes.data(), bytes.size()) ==
                static_cast<ssize_t>(bytes.size()));
    }
    ControlConnection::Io read_some() {
        ReceivedMessage received;
        return connection->read_some(received);
    }
    std::size_t receive() {
        std::string bytes(1 << 20, '\0');
        const ssize_t count = read(peer.get(), bytes.data(), bytes.size());
        return count < 0 ? 0 : static_cast<std::size_t>(count);
    }

    Fd peer;
    std::optional<ControlConnection> connection;
};

using Io = ControlConnection::Io;

}  // namespace

TEST_CASE("bytes are thrown away, and descriptors are not", "[control][N21]") {
    ConnectionScene scene;
    const Fd& socket = scene.connection->socket();
    const int on = 1;
    REQUIRE(setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
    Pipe pipe = *make_pipe();
    scene.send(std::string(20'000, 'x'));
    CHECK(empty_of_bytes(socket));

    scene.send("x");
    REQUIRE(send_message(scene.peer, "y", std::span{&pipe.write_end, 1}) == 1);
    pipe.write_end.reset();
    CHECK_FALSE(empty_of_bytes(socket));
    std::array<std::byte, 8192> bytes;
    std::size_t descriptors = 0;
    while (descriptors == 0) {
        const ReceivedMessage received = receive_message(socket, bytes, MSG_DONTWAIT);
        REQUIRE(received.count > 0);
        descriptors = received.descriptors.size();
    }
    CHECK(empty_of_bytes(socket));
}

TEST_CASE("calls come out one by one, the rest stays", "[control][N2]") {
    ConnectionScene scene;
    scene.send(std::string{"{}\0{\"a\"", 7});

    CHECK(scene.read_some() == Io::goes_on);
    CHECK(scene.connection->has_call());
    CHECK(scene.connection->next_call() == "{}");
    CHECK_FALSE(scene.connection->has_call());
    CHECK_FALSE(scene.connection->next_call());
}

TEST_CASE("a question may be long, but not as long as an operator's request", "[control][N2]") {
    const auto ends = [](bool is_operator) {
        ConnectionScene scene{{.is_operator = is_operator}};
        const std::string piece(4096, 'x');
        for (int i = 0; i < 5; ++i) {
            scene.send(piece);
            if (scene.read_some() == Io::ended) return true;
        }
        return false;
    };

    CHECK(ends(false));
    CHECK_FALSE(ends(true));
}

TEST_CASE("output waits for its reader, and its memory goes with it", "[control][N2]") {
    ConnectionScene scene;
    const std::string reply(1 << 20, 'x');

    scene.connection->add_output(reply);
    CHECK(scene.connection->write_some() == Io::goes_on);
    const std::size_t in_kernel = reply.size() - scene.connection->unsent();
    CHECK(in_kernel < 300'000);
    std::size_t received = 0;
    while (received < reply.size()) {
        received += scene.receive();
        CHECK(scene.connection->write_some() == Io::goes_on);
    }

    CHECK(scene.connection->unsent() == 0);
    CHECK(received == reply.size());
}

TEST_CASE("descriptors go with the first byte of their own reply", "[control]") {
    ConnectionScene scene;
    std::vector<Fd> descriptors;
    descriptors.push_back(Fd{open("/dev/null", O_RDONLY | O_CLOEXEC)});

    scene.connection->add_output("first");
    scene.connection->add_output("second", std::move(descriptors));
    scene.connection->add_output("third");
    CHECK(scene.connection->write_some() == Io::goes_on);

    // The kernel puts bytes without descriptors and those that follow them into one answer.
    const auto receive = [&](std::size_t most, bool& has_descriptors) {
        std::array<char, 64> bytes{};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        iovec part{bytes.data(), most};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t count = recvmsg(scene.peer.get(), &message, MSG_CMSG_CLOEXEC);
        REQUIRE(count > 0);
        const cmsghdr* header = CMSG_FIRSTHDR(&message);
        has_descriptors = header != nullptr;
        if (header != nullptr) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
            close(fd);
        }
        return std::string{bytes.data(), static_cast<std::size_t>(count)};
    };
    bool has_descriptors = false;
    CHECK(receive(5, has_descriptors) == "first");
    CHECK_FALSE(has_descriptors);
    CHECK(receive(64, has_descriptors) == "secondthird");
    CHECK(has_descriptors);
}
