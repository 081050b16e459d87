// SPDX-License-Identifier: Apache-2.0
// Tests of the control client against hostile replies, and of the descriptors that come with one.
#include "control/client.h"

#include "svctl_scene.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace confinit {
namespace {

struct Connected {
    Client client;
    Fd server;
};

Connected connect_pair() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    return {.client = Client{Fd{ends[0]}}, .server = Fd{ends[1]}};
}

TEST_CASE("a hostile reply is an error and no more", "[control][X10]") {
    const std::string reply =
        GENERATE(as<std::string>{}, "", "garbage", "{\"parameters\":{}}",
                 std::string("garbage\0", 8), std::string("\0", 1), std::string("[]\0", 3),
                 std::string("{\"error\":7}\0", 12), std::string(100'000, '[') + '\0');
    auto [client, server] = connect_pair();
    // The buffers of the socket hold what is written here without a reader.
    send_text(server, reply);
    server.reset();

    INFO(reply.substr(0, 40));
    CHECK_FALSE(client.receive());
}

TEST_CASE("a caller that is not known yet calls once more, and no oftener", "[control][N3]") {
    const FakeSupervisor supervisor{[](const Fd& connection) {
        for (int calls = 1;; ++calls) {
            const Call call = read_call(connection);
            if (call.method.empty()) return;
            const std::string message = call.method + " " + std::to_string(calls);
            send_text(connection,
                      encode_error(ControlError::denied, {{"message", message}, {"repeat", true}}));
        }
    }};

    const Outcome outcome = run_svctl(supervisor.path(), {"stop", "heat"});

    CHECK(outcome.status == 5);
    CHECK(outcome.error.contains("org.confinit.Manager.Stop 2"));
}

TEST_CASE("svctl gives up on a reply over the limit", "[svctl][X10]") {
    const FakeSupervisor supervisor{answers(std::string(reply_limit + 100'000, 'x'))};

    const Outcome outcome = run_svctl(supervisor.path(), {"list"});

    CHECK(outcome.status == 1);
    CHECK(outcome.error.contains("longer than 8388608 bytes"));
}

TEST_CASE("svctl outlives hostile replies to every verb", "[svctl][X10]") {
    const std::string verb = GENERATE("start", "status", "show", "cat", "logs", "verify", "enter");
    const std::string reply =
        GENERATE(as<std::string>{}, "", "{\"parameters\":", std::string{"{}"} + '\0',
                 std::string{"{\"parameters\":{\"units\":7,\"lines\":[1,{\"text\":[]}]}}"} + '\0');
    const FakeSupervisor supervisor{answers(reply)};

    const Outcome outcome = run_svctl(supervisor.path(), {verb, "heat"});

    INFO(verb << " " << reply << outcome.output << outcome.error);
    CHECK(outcome.status <= 4);
}

TEST_CASE("replies that come together are given out one by one", "[control]") {
    auto [client, server] = connect_pair();
    send_text(server, encode_reply({{"n", 1}}, true) + encode_reply({{"n", 2}}));

    const auto first = client.receive();
    const auto second = client.receive_available();
    const auto third = client.receive_available();

    REQUIRE(first);
    CHECK(first->reply.continues);
    REQUIRE((second && *second));
    CHECK((*second)->reply.parameters["n"] == 2);
    REQUIRE(third);
    CHECK_FALSE(*third);
}

TEST_CASE("descriptors come with their reply, closed on exec", "[control]") {
    auto [client, server] = connect_pair();
    auto pipe = make_pipe();
    REQUIRE(pipe);
    send_with_descriptors(server, encode_reply({{"pid", 1}}, true), {&pipe->write_end, 1});
    send_text(server, encode_reply({{"code", 0}}));

    const auto first = client.receive();
    const auto second = client.receive();

    REQUIRE(first);
    REQUIRE(first->descriptors.size() == 1);
    CHECK((fcntl(first->descriptors[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
    send_text(first->descriptors[0], "x");
    char byte = 0;
    CHECK(read(pipe->read_end.get(), &byte, 1) == 1);
    REQUIRE(second);
    CHECK(second->descriptors.empty());
}

TEST_CASE("more descriptors than the protocol has are refused, and none leaks", "[control]") {
    auto [client, server] = connect_pair();
    auto pipe = make_pipe();
    REQUIRE(pipe);
    std::vector<Fd> many;
    for (int i = 0; i < 12; ++i)
        many.push_back(duplicate(pipe->write_end).value());
    send_with_descriptors(server, encode_reply(Json::object()), many);
    many.clear();
    pipe->write_end.reset();

    CHECK_FALSE(client.receive());

    client = Client{Fd{}};
    char byte = 0;
    CHECK(read(pipe->read_end.get(), &byte, 1) == 0);
}

TEST_CASE("a request over the limit is not sent", "[control]") {
    auto [client, server] = connect_pair();

    CHECK_FALSE(client.send({.method = "a", .parameters = {{"x", std::string(70'000, 'x')}}}));
}

TEST_CASE("a path that no socket address can hold is an error", "[control]") {
    CHECK_FALSE(Client::connect(std::string(200, 'x')));
    CHECK_FALSE(Client::connect(""));
}

}  // namespace
}  // namespace confinit
