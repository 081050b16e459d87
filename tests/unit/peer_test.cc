// SPDX-License-Identifier: Apache-2.0
// The process at the other end of a socket.
#include "kernel/peer.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit {
namespace {

struct Pair {
    Fd one;
    Fd other;
};

Pair make_pair() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    return {Fd{ends[0]}, Fd{ends[1]}};
}

}  // namespace

TEST_CASE("a peer is known by its ids, all of its groups among them", "[unit][N3]") {
    const Pair pair = make_pair();

    const auto ids = read_peer_ids(pair.one);

    REQUIRE(ids);
    CHECK(ids->uid == geteuid());
    CHECK(ids->gid == getegid());
    CHECK(ids->pid == getpid());
    const int count = getgroups(0, nullptr);
    REQUIRE(count >= 0);
    CHECK(ids->groups.size() == static_cast<std::size_t>(count));
}

TEST_CASE("a peer that lives is read under its pidfd", "[unit][N3]") {
    const Pair pair = make_pair();
    const auto process = PeerProcess::open(pair.one);
    if (!process) FAIL(process.error().text());

    const auto directory = process->open_directory();
    REQUIRE(directory);
    const auto facts = read_process_facts(*directory);
    REQUIRE(facts);

    CHECK(process->pid() == getpid());
    CHECK(facts->status.uid[1] == geteuid());
    CHECK(facts->user_namespace.starts_with("user:["));
    const auto ancestors = read_ancestors(*directory);
    REQUIRE(ancestors);
    CHECK((getppid() == 0 ? ancestors->empty() : ancestors->front() == getppid()));
    if (getppid() == 0) return;
    const auto until = read_ancestors(*directory, getppid());
    CHECK(until.value_or(std::vector<pid_t>{}) == std::vector<pid_t>{getppid()});
}

TEST_CASE("of a peer that has ended nothing is told", "[unit][N3]") {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    const auto directory = open_process(child);
    REQUIRE(directory);
    REQUIRE(kill(child, SIGKILL) == 0);
    REQUIRE(waitpid(child, nullptr, 0) == child);

    CHECK_FALSE(read_process_facts(*directory));
    CHECK_FALSE(read_ancestors(*directory));
}

}  // namespace confinit
