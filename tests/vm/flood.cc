// SPDX-License-Identifier: Apache-2.0
// Does to the control interface what no honest client does, as the user who runs it:
//
//   control-flood instances SOCKET TEMPLATE COUNT     asks for the status of TEMPLATE@x0, x1, ...
//   control-flood idle SOCKET CONNECTIONS SECONDS     connects and says nothing
//   control-flood unread SOCKET CONNECTIONS SECONDS   sends calls without end and reads no reply
//   control-flood ask SOCKET CONNECTIONS SECONDS UNIT asks Probe, Filter and Verify all the time
//   control-flood connect SOCKET SECONDS              connects and goes away again
//   control-flood crowd SOCKET PROCESSES SECONDS      the same in many processes
//   control-flood time SOCKET COUNT                   asks List in the honest way: how long, at
//   worst
//
// It counts what it got, in one line.
#include "base/text.h"
#include "control/client.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace confinit;

namespace {

using Clock = std::chrono::steady_clock;
using Words = std::span<char* const>;

unsigned long number(const char* text) {
    const auto value = parse_unsigned(text);
    if (!value) {
        (void)std::fprintf(stderr, "control-flood: '%s' is no number\n", text);
        std::exit(EXIT_FAILURE);
    }
    return *value;
}

double milliseconds_since(Clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// A connection that never waits, or none: connect(2) itself must not, where the queue is full.
Fd connect_to(const std::string& path) {
    auto client = Client::connect(path);
    if (!client) return {};
    const int fd = fcntl(client->socket().get(), F_DUPFD_CLOEXEC, 3);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    return Fd{fd};
}

std::vector<Fd> connect_many(const std::string& path, unsigned long count) {
    std::vector<Fd> connections;
    for (unsigned long i = 0; i < count; ++i) {
        if (Fd connection = connect_to(path)) connections.push_back(std::move(connection));
    }
    return connections;
}

std::string call_text(Method method, const std::string& unit) {
    return encode_call(
        {.method = std::string{method_names.name(method)}, .parameters = {{"unit", unit}}});
}

void ask_for_instances(Words words) {
    auto client = Client::connect(words[0]);
    unsigned long answered = 0;
    const auto begin = Clock::now();
    for (unsigned long i = 0; client && i < number(words[2]); ++i) {
        const std::string unit = std::string{words[1]} + "@x" + std::to_string(i);
        const auto reply = client->call(Method::status, {{"unit", unit}});
        if (reply && reply->error.empty()) ++answered;
    }
    (void)std::printf("%lu instances answered in %.0f ms\n", answered, milliseconds_since(begin));
}

void stay_idle(Words words) {
    const auto connections = connect_many(words[0], number(words[1]));
    (void)std::printf("%zu connections\n", connections.size());
    (void)std::fflush(stdout);
    sleep(static_cast<unsigned>(number(words[2])));
}

void read_nothing(Words words) {
    const auto connections = connect_many(words[0], number(words[1]));
    const std::string call = call_text(Method::list, "");
    const auto begin = Clock::now();
    unsigned long sent = 0;
    while (milliseconds_since(begin) < static_cast<double>(number(words[2])) * 1000) {
        for (const Fd& connection : connections) {
            for (int i = 0; i < 100; ++i) {
                const ssize_t count =
                    send(connection.get(), call.data(), call.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
                if (count != static_cast<ssize_t>(call.size())) break;
                ++sent;
            }
        }
        usleep(50'000);
    }
    (void)std::printf("%lu calls sent over %zu connections\n", sent, connections.size());
}

// Throws away what has come; whether a whole reply was among it, and whether the peer is gone.
struct Received {
    bool is_answered = false;
    bool is_gone = false;
};

Received receive(const Fd& connection) {
    Received received;
    std::array<char, 65536> bytes;
    for (;;) {
        const ssize_t count = recv(connection.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return received;
        received.is_gone = count <= 0;
        if (received.is_gone) return received;
        const std::string_view text{bytes.data(), static_cast<std::size_t>(count)};
        received.is_answered = received.is_answered || text.find('\0') != std::string_view::npos;
    }
}

void ask_all_the_time(Words words) {
    const std::array calls{call_text(Method::probe, words[3]), call_text(Method::filter, words[3]),
                           call_text(Method::verify, words[3])};
    const auto connections_wanted = number(words[1]);
    std::vector<Fd> connections(connections_wanted);
    std::vector<pollfd> waiting(connections_wanted);
    const auto begin = Clock::now();
    unsigned long answered = 0;
    unsigned long lost = 0;
    for (unsigned long turn = 0;
         milliseconds_since(begin) < static_cast<double>(number(words[2])) * 1000; ++turn) {
        for (std::size_t i = 0; i < connections.size(); ++i) {
            bool asks = false;
            if (!connections[i]) {
                connections[i] = connect_to(words[0]);
                asks = true;
            } else if ((waiting[i].revents & (POLLIN | POLLHUP)) != 0) {
                const Received received = receive(connections[i]);
                asks = received.is_answered;
                answered += asks ? 1UL : 0UL;
                lost += received.is_gone ? 1UL : 0UL;
                if (received.is_gone) connections[i].reset();
            }
            if (asks && connections[i]) {
                const std::string& call = calls[(turn + i) % calls.size()];
                (void)send(connections[i].get(), call.data(), call.size(), MSG_NOSIGNAL);
            }
            waiting[i] = {.fd = connections[i].get(), .events = POLLIN, .revents = 0};
        }
        (void)poll(waiting.data(), waiting.size(), 50);
    }
    (void)std::printf("%lu answers, %lu connections lost\n", answered, lost);
}

void connect_and_go(Words words) {
    const auto begin = Clock::now();
    unsigned long connected = 0;
    while (milliseconds_since(begin) < static_cast<double>(number(words[1])) * 1000) {
        if (connect_to(words[0])) {
            ++connected;
        } else {
            usleep(500'000);
        }
    }
    (void)std::printf("%lu connections made\n", connected);
}

void connect_in_a_crowd(Words words) {
    const std::array<char*, 2> each{words[0], words[2]};
    for (unsigned long i = 0; i < number(words[1]); ++i) {
        if (fork() != 0) continue;
        connect_and_go(each);
        (void)std::fflush(stdout);
        _exit(EXIT_SUCCESS);
    }
    while (wait(nullptr) > 0) {
    }
}

void time_honest(Words words) {
    double worst = 0;
    unsigned long answered = 0;
    for (unsigned long i = 0; i < number(words[1]); ++i) {
        const auto begin = Clock::now();
        auto client = Client::connect(words[0]);
        if (!client) continue;
        const auto reply = client->call(Method::list);
        if (reply && reply->error.empty()) ++answered;
        worst = std::max(worst, milliseconds_since(begin));
        usleep(20'000);
    }
    (void)std::printf("%lu answers, %.0f ms at worst\n", answered, worst);
}

struct Mode {
    std::string_view name;
    std::size_t words;
    void (*run)(Words words);
};

constexpr Mode modes[] = {
    {"instances", 3, ask_for_instances},
    {"idle", 3, stay_idle},
    {"unread", 3, read_nothing},
    {"ask", 4, ask_all_the_time},
    {"connect", 2, connect_and_go},
    {"crowd", 3, connect_in_a_crowd},
    {"time", 2, time_honest},
};

}  // namespace

int main(int count, char** arguments) {
    const Words words{arguments, static_cast<std::size_t>(count)};
    for (const Mode& mode : modes) {
        if (words.size() != mode.words + 2 || mode.name != words[1]) continue;
        mode.run(words.subspan(2));
        return EXIT_SUCCESS;
    }
    (void)std::fputs(
        "usage: control-flood instances|idle|unread|ask|connect|crowd|time SOCKET ...\n", stderr);
    return EXIT_FAILURE;
}
