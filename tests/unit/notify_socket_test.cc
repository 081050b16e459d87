// SPDX-License-Identifier: Apache-2.0
// Who is heard on a notify socket and who is not, and that nothing which arrives there does harm.
#include "readiness_scene.h"

#include "base/file.h"

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

TEST_CASE("everybody may write to the socket, and nobody finds its name", "[unit][N10]") {
    WatchScene scene{notifying_service()};
    WatchScene other{notifying_service()};
    const std::string directory = scene.path.substr(0, scene.path.rfind('/'));
    const std::string name = scene.path.substr(directory.size() + 1);
    struct stat status{};

    REQUIRE(stat(scene.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0666);
    for (const std::string& each : {directory, scene.root.path() + "/notify"}) {
        REQUIRE(stat(each.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0711);
    }
    CHECK(name.size() == notify_name_length);
    CHECK_FALSE(other.path.ends_with(name));
    const auto sockets = read_file(AT_FDCWD, "/proc/net/unix");
    REQUIRE(sockets);
    CHECK(sockets->find(directory) != std::string::npos);
    CHECK(sockets->find(name) == std::string::npos);
}

TEST_CASE("what is thrown away is told with its reason, and bounded", "[unit][N10]") {
    WatchScene scene{notifying_service()};
    scene.watch->on_launched();
    CHECK(scene.watch->not_heard().empty());

    in_child([&] { (void)send_to(scene.path, "READY=1"); });
    scene.look();
    REQUIRE(send_to(scene.path, std::string(5000, 'x')));
    REQUIRE(send_to(scene.path, "BARRIER=1"));
    scene.look();

    const auto texts = scene.watch->not_heard();
    REQUIRE(texts.size() == 2);
    CHECK(texts[0].starts_with("1 notification of pid "));
    CHECK(texts[0].find("it is not from the main process") != std::string::npos);
    CHECK(texts[1].find("longer than 4096 bytes") != std::string::npos);

    for (int i = 0; i < 30; ++i) {
        while (!send_to(scene.path, "X" + std::to_string(i) + "=1"))
            scene.turn(1, 50ms);
    }
    scene.turn(1, 300ms);
    CHECK(scene.watch->not_heard().size() <= 8);
}

namespace {

// A datagram whose sender has ended and was reaped.
NotifyDatagram from_ended(const NotifySocket& socket) {
    in_child([&] { (void)send_to(socket.path(), "READY=1"); });
    auto received = socket.receive();
    REQUIRE(received);
    REQUIRE(*received);
    return std::move(**received);
}

}  // namespace

TEST_CASE("a sender that has ended is judged by the node that the kernel keeps", "[unit][N10]") {
    const TemporaryDirectory root;
    const auto socket = NotifySocket::make(root.path() + "/notify/web");
    REQUIRE(socket);
    REQUIRE(socket->open_to_all());
    const NotifyDatagram datagram = from_ended(*socket);
    const auto id = cgroup_id_of_ended(datagram.sender);
    if (!id) {
        WARN("this kernel does not tell");
        return;
    }
    NotifyPlace place{.cgroup = "/no/such/node", .user = getuid()};

    place.node_ids = {*id};
    CHECK(judge_sender(datagram, place, nullptr, true).kind == SenderVerdict::Kind::gone);
    place.node_ids = {*id + 1};
    CHECK(judge_sender(datagram, place, nullptr, true).kind == SenderVerdict::Kind::refused);
}

TEST_CASE("a sender that has ended is doubted where the kernel does not tell", "[unit][N10]") {
    NotifyDatagram datagram{.text = "READY=1", .sender = {0x3fffffff, {}}, .user = 4711};
    const NotifyPlace place{.cgroup = "/no/such/node", .user = 4711};
    const auto hub = NotifyHub::make();
    REQUIRE(hub);
    const auto reason = [&](NotifyHub* looker, bool is_late) {
        const SenderVerdict verdict = judge_sender(datagram, place, looker, is_late);
        CHECK(verdict.kind == SenderVerdict::Kind::refused);
        return verdict.reason;
    };

    CHECK(reason(nullptr, false).find("too late") != std::string::npos);
    CHECK(reason(hub->get(), true).find("too late") != std::string::npos);
    datagram.user = 4712;
    CHECK(reason(hub->get(), false).find("its user is not the unit's") != std::string::npos);
}

TEST_CASE("a process of the sender's user outside of the node casts doubt, a zombie too",
          "[unit][N10]") {
    if (getuid() != 0) return;
    constexpr uid_t user = 471'147;
    const auto pipe = make_pipe();
    REQUIRE(pipe);
    const pid_t other = fork();
    if (other == 0) {
        (void)!setresuid(user, user, user);
        (void)!write(pipe->write_end.get(), "x", 1);
        (void)pause();
        _exit(0);
    }
    char byte = 0;
    REQUIRE(read(pipe->read_end.get(), &byte, 1) == 1);

    CHECK(find_other_sender(user, "/no/such/node").has_value());

    REQUIRE(kill(other, SIGKILL) == 0);
    siginfo_t ended{};
    REQUIRE(waitid(P_PID, static_cast<id_t>(other), &ended, WEXITED | WNOWAIT) == 0);
    CHECK(find_other_sender(user, "/no/such/node").has_value());
    REQUIRE(waitpid(other, nullptr, 0) == other);
}

TEST_CASE("looks for senders take a tenth of PID 1's time, however long one is", "[unit][N10]") {
    for (const auto length : {1ms, 55ms, 900ms}) {
        LookBudget looks;
        const Clock::time_point begin{1h};
        Clock::duration spent{};
        int count = 0;
        for (auto now = begin; now < begin + 1min; now += 1ms) {
            if (!looks.is_left(now)) continue;
            looks.spend(length);
            now += length;
            spent += length;
            ++count;
        }
        CHECK(count > 5);
        CHECK(spent > 5s);
        CHECK(spent <= 6s + 50ms + length);
    }
}

TEST_CASE("a flood of doubtful datagrams does not keep PID 1 looking, nor from a look that is owed",
          "[unit][N10]") {
    const NotifyDatagram datagram{.text = "READY=1", .sender = {0x3fffffff, {}}, .user = 4711};
    const NotifyPlace place{.cgroup = "/no/such/node", .user = 4711};
    const auto hub = NotifyHub::make();
    REQUIRE(hub);
    const auto flood_begin = Clock::now();
    Clock::duration spent{};
    Clock::duration longest{};
    while (Clock::now() < flood_begin + 1s) {
        const auto begin = Clock::now();
        if (!judge_sender(datagram, place, hub->get(), false).has_looked) continue;
        longest = std::max(longest, Clock::now() - begin);
        spent += Clock::now() - begin;
    }

    CHECK(spent > 0s);
    CHECK(spent <= 50ms + (Clock::now() - flood_begin) / 5 + longest);
    CHECK(judge_sender(datagram, place, hub->get(), false, true).has_looked);
    CHECK_FALSE(judge_sender(datagram, place, hub->get(), true, true).has_looked);
    const NotifyPlace of_other{.cgroup = "/no/such/node", .user = 4712};
    CHECK_FALSE(judge_sender(datagram, of_other, hub->get(), false, true).has_looked);
}

TEST_CASE("a hub reads what has come, and knows nobody who was removed", "[unit][N10]") {
    const TemporaryDirectory root;
    const auto socket = NotifySocket::make(root.path() + "/notify/web");
    REQUIRE(socket);
    REQUIRE(socket->open_to_all());
    const auto hub = NotifyHub::make();
    REQUIRE(hub);
    int reads = 0;
    REQUIRE((*hub)->add(socket->fd(), [&] { ++reads; }));

    (*hub)->read_all();
    CHECK(reads == 0);
    REQUIRE(send_to(socket->path(), "READY=1"));
    (*hub)->read_all();
    CHECK(reads == 1);
    (*hub)->remove(socket->fd());
    (*hub)->read_all();
    CHECK(reads == 1);
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
    REQUIRE(list_directory(AT_FDCWD, directory)->size() == 1);

    const auto fresh = NotifySocket::make(directory);
    REQUIRE(fresh);
    CHECK(list_directory(AT_FDCWD, directory).value() == std::vector{fresh->name()});
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
