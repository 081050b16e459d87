// SPDX-License-Identifier: Apache-2.0
// Who is heard on a notify socket and who is not, and that nothing which arrives there does harm.
#include "readiness_scene.h"

#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>

namespace confinit {

TEST_CASE("nobody but the service is heard", "[unit][R7]") {
    WatchScene scene{notifying_service()};
    scene.watch->on_launched();

    // Another process of our user, which has ended since.
    in_child([&] { (void)send_to(scene.path, "READY=1"); });
    scene.look();
    CHECK(scene.events.empty());

    // One that is there still.
    const pid_t other = fork();
    if (other == 0) {
        (void)send_to(scene.path, "READY=1");
        for (;;)
            (void)pause();
    }
    scene.turn(1, 300ms);
    REQUIRE(kill(other, SIGKILL) == 0);
    REQUIRE(waitpid(other, nullptr, 0) == other);

    CHECK(scene.events.empty());
}

TEST_CASE("credentials that are not the sender's are not believed", "[unit][R7]") {
    WatchScene scene{notifying_service()};
    scene.watch->on_launched();

    // Only who may take any pid can name another process, and then nobody is there by that name.
    in_child([&] {
        const sockaddr_un address = address_of(scene.path);
        std::string text = "READY=1";
        iovec data{text.data(), text.size()};
        alignas(cmsghdr) unsigned char control[CMSG_SPACE(sizeof(ucred))]{};
        msghdr message{};
        message.msg_name = const_cast<sockaddr_un*>(&address);
        message.msg_namelen = sizeof address;
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_CREDENTIALS;
        header->cmsg_len = CMSG_LEN(sizeof(ucred));
        const ucred forged{.pid = 1, .uid = getuid(), .gid = getgid()};
        std::memcpy(CMSG_DATA(header), &forged, sizeof forged);
        const Fd fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        (void)sendmsg(fd.get(), &message, 0);
    });
    scene.look();

    CHECK(scene.events.empty());
}

TEST_CASE("only the service's user may write to the socket", "[unit][R7]") {
    WatchScene scene{notifying_service()};
    struct stat status{};

    REQUIRE(stat(scene.path.c_str(), &status) == 0);

    CHECK((status.st_mode & 0777) == 0600);
    CHECK(status.st_uid == getuid());
}

TEST_CASE("the socket goes with the run, and a new run has a new one", "[unit][R7]") {
    WatchScene scene{notifying_service()};
    const std::string directory = scene.path.substr(0, scene.path.rfind('/'));

    scene.watch.reset();

    CHECK(access(directory.c_str(), F_OK) < 0);
}

TEST_CASE("what a supervisor that was killed has left does not stand in the way", "[unit]") {
    const TemporaryDirectory root;
    const std::string directory = root.path() + "/notify/web";
    // An end without destructors.
    in_child([&] { _exit(NotifySocket::make(directory).has_value() ? 0 : 1); });
    REQUIRE(access((directory + "/socket").c_str(), F_OK) == 0);

    CHECK(NotifySocket::make(directory).has_value());
}

TEST_CASE("garbage, empty and long datagrams and descriptors change nothing", "[unit][R1]") {
    WatchScene scene{notifying_service()};
    scene.watch->on_launched();
    const auto count_files = [] {
        int count = 0;
        for (int fd = 0; fd < 1024; ++fd) {
            if (fcntl(fd, F_GETFD) >= 0) ++count;
        }
        return count;
    };
    const int before = count_files();

    REQUIRE(send_to(scene.path, ""));
    REQUIRE(send_to(scene.path, std::string(100'000, 'x')));
    REQUIRE(send_to(scene.path, std::string(5000, '\n') + "READY=1"));
    REQUIRE(send_to(scene.path, std::string_view{"\0\0\0READY=1", 10}));
    {
        const sockaddr_un address = address_of(scene.path);
        std::string text = "BARRIER=1";
        iovec data{text.data(), text.size()};
        alignas(cmsghdr) unsigned char control[CMSG_SPACE(64 * sizeof(int))]{};
        msghdr message{};
        message.msg_name = const_cast<sockaddr_un*>(&address);
        message.msg_namelen = sizeof address;
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(64 * sizeof(int));
        const std::vector<int> zeros(64, STDIN_FILENO);
        std::memcpy(CMSG_DATA(header), zeros.data(), 64 * sizeof(int));
        const Fd fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        REQUIRE(sendmsg(fd.get(), &message, 0) == static_cast<ssize_t>(text.size()));
    }
    scene.look();
    CHECK(scene.events.empty());
    CHECK(count_files() == before);

    REQUIRE(send_to(scene.path, "READY=1"));
    scene.look();
    CHECK(scene.events == Events{engine::Event::ready});
}

TEST_CASE("a flood waits for its turn, and what comes after it is heard", "[unit][R1]") {
    WatchScene scene{notifying_service()};
    scene.watch->on_launched();
    const sockaddr_un address = address_of(scene.path);
    const Fd fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const auto flood = [&] {
        unsigned sent = 0;
        while (sendto(fd.get(), "X=1", 3, 0, reinterpret_cast<const sockaddr*>(&address),
                      sizeof address) == 3) {
            ++sent;
        }
        return sent;
    };

    unsigned sent = 0;
    const auto begin = Clock::now();
    while (Clock::now() - begin < 50ms) {
        sent += flood();
        scene.look();
    }
    // The queue of the socket, and what one turn takes.
    CHECK(sent < 200);

    while (!send_to(scene.path, "READY=1"))
        scene.turn(1, 50ms);
    scene.turn(1);
    CHECK(scene.events == Events{engine::Event::ready});
}

TEST_CASE("MAINPID of another process is not taken, and told once", "[unit][R7]") {
    WatchScene scene{notifying_service()};
    scene.watch->on_launched();

    REQUIRE(send_to(scene.path, "MAINPID=1"));
    scene.look();

    // We are the main process, and may say of ourselves what we like.
    CHECK(scene.log.lines().empty());
}

}  // namespace confinit
