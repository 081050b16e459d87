// SPDX-License-Identifier: Apache-2.0
// Passes descriptors whose last close(2) takes long to a socket of the supervisor's, and then
// waits.
//
//   pass-descriptors KIND HOW SOCKET
//
// KIND is `linger`, a TCP socket that waits for a peer which never reads; `fuse`, a file whose
// server is silent when it is closed; or `mounts`, the last descriptor of a mount namespace.
// HOW is `read`, with calls that the supervisor takes; `unread`, with more than it takes, before
// the connection ends; or `urgent`, out of band, between calls whose answers are read afterwards.
// SOCKET is the path of a stream socket, or `notify` for $NOTIFY_SOCKET.
#include "base/fd.h"
#include "base/file.h"
#include "base/unix_socket.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/fuse.h>
#include <netinet/in.h>
#include <sched.h>
#include <string>
#include <string_view>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace confinit;

namespace {

constexpr int linger_seconds = 3600;
constexpr int mount_count = 1000;
constexpr std::string_view call{"{\"method\":\"org.varlink.service.GetInfo\"}\0", 41};

[[noreturn]] void give_up(const char* what) {
    (void)std::fprintf(stderr, "pass-descriptors: %s: %s\n", what, std::strerror(errno));
    std::exit(EXIT_FAILURE);
}

template <class Value>
Value must(Value value, const char* what) {
    if (value < 0) give_up(what);
    return value;
}

// Ends with this process.
pid_t fork_helper() {
    const pid_t pid = must(fork(), "fork");
    if (pid == 0) (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

// The peers stay open in this process.
std::vector<int> peers;

int make_lingering_socket() {
    const int listener = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    must(bind(listener, generic, size), "bind");
    must(listen(listener, 1), "listen");
    must(getsockname(listener, generic, &size), "getsockname");
    const int client = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    must(connect(client, generic, size), "connect");
    peers.push_back(must(accept(listener, nullptr, nullptr), "accept"));
    (void)close(listener);
    static const std::array<char, 65536> bytes{};
    while (send(client, bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
    }
    const linger wait{1, linger_seconds};
    must(setsockopt(client, SOL_SOCKET, SO_LINGER, &wait, sizeof wait), "SO_LINGER");
    return client;
}

void answer(int device, std::uint64_t unique, const void* body, std::size_t size) {
    std::array<char, 256> reply{};
    fuse_out_header header{};
    header.len = static_cast<std::uint32_t>(sizeof header + size);
    header.unique = unique;
    std::memcpy(reply.data(), &header, sizeof header);
    std::memcpy(reply.data() + sizeof header, body, size);
    (void)!write(device, reply.data(), header.len);
}

// No request to close a file gets an answer.
[[noreturn]] void serve(int device) {
    alignas(fuse_in_header) static std::array<char, 1 << 17> buffer;
    for (;;) {
        if (read(device, buffer.data(), buffer.size()) < 0) {
            if (errno == EINTR || errno == ENOENT) continue;
            std::exit(EXIT_SUCCESS);
        }
        fuse_in_header asked;
        std::memcpy(&asked, buffer.data(), sizeof asked);
        if (asked.opcode == FUSE_INIT) {
            fuse_init_out out{};
            out.major = FUSE_KERNEL_VERSION;
            out.minor = FUSE_KERNEL_MINOR_VERSION;
            out.max_write = 4096;
            answer(device, asked.unique, &out, sizeof out);
        } else if (asked.opcode == FUSE_LOOKUP) {
            fuse_entry_out out{};
            out.nodeid = 2;
            out.attr.ino = 2;
            out.attr.mode = S_IFREG | 0644;
            out.attr.nlink = 1;
            answer(device, asked.unique, &out, sizeof out);
        } else if (asked.opcode == FUSE_OPEN) {
            const fuse_open_out out{};
            answer(device, asked.unique, &out, sizeof out);
        }
    }
}

std::string mount_silent_directory() {
    std::array<char, 32> directory{"/tmp/silent-XXXXXX"};
    if (mkdtemp(directory.data()) == nullptr) give_up("mkdtemp");
    const int device = must(open("/dev/fuse", O_RDWR | O_CLOEXEC), "/dev/fuse");
    const std::string options =
        "fd=" + std::to_string(device) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
    must(mount("silent", directory.data(), "fuse.silent", MS_NOSUID | MS_NODEV, options.c_str()),
         "mount");
    if (fork_helper() == 0) serve(device);
    (void)close(device);
    return directory.data();
}

// The server is made before any of its files is open.
int make_silent_file() {
    static const std::string file = mount_silent_directory() + "/file";
    return must(open(file.c_str(), O_RDONLY | O_CLOEXEC), "open of the silent file");
}

// The helper that makes it ends, and nothing but the descriptor keeps it.
int make_mount_namespace() {
    Pipe made = make_pipe().value();
    const pid_t helper = fork_helper();
    if (helper == 0) {
        must(unshare(CLONE_NEWNS), "unshare");
        must(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount");
        for (int i = 0; i < mount_count; ++i)
            must(mount("/tmp", "/tmp", nullptr, MS_BIND, nullptr), "mount");
        (void)!write(made.write_end.get(), "x", 1);
        for (;;)
            pause();
    }
    char byte = 0;
    must(read(made.read_end.get(), &byte, 1), "read");
    const std::string path = "/proc/" + std::to_string(helper) + "/ns/mnt";
    const int file = must(open(path.c_str(), O_RDONLY | O_CLOEXEC), "open of the namespace");
    (void)kill(helper, SIGKILL);
    (void)waitpid(helper, nullptr, 0);
    return file;
}

int make_descriptor(std::string_view kind) {
    if (kind == "linger") return make_lingering_socket();
    if (kind == "fuse") return make_silent_file();
    if (kind == "mounts") return make_mount_namespace();
    errno = EINVAL;
    give_up("KIND");
}

int connect_to(const std::string& path, int type) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), std::min(path.size(), sizeof address.sun_path - 1));
    const int fd = must(socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "socket");
    must(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
    return fd;
}

// Whether it went; a socket may take no descriptors, or no more.
bool pass(int socket, std::string_view bytes, int descriptor, int flags = 0) {
    Fd connection{socket};
    Fd passed{descriptor};
    const bool went = send_message(connection, bytes, {&passed, 1}, flags) >= 0;
    // Both stay open here.
    (void)connection.release();
    (void)passed.release();
    return went;
}

// By a process that shares our table: where the supervisor was quicker, ours is the last close, and
// is held. A call on the number itself, F_GETFD, would hold the file meanwhile and could become the
// last close; a duplicate gets the lowest number that is free.
void close_elsewhere(int descriptor) {
    if (syscall(SYS_clone, CLONE_FILES | SIGCHLD, nullptr, nullptr, nullptr, nullptr) == 0) {
        (void)close(descriptor);
        _exit(EXIT_SUCCESS);
    }
    for (;;) {
        const int free = must(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, descriptor), "F_DUPFD_CLOEXEC");
        (void)close(free);
        if (free == descriptor) return;
        (void)sched_yield();
    }
}

// The supervisor takes no call while the answers of earlier ones are not read, so that the byte
// waits for it until nobody else has the descriptor any more.
void pass_urgently(const std::string& path, int descriptor) {
    const int socket = connect_to(path, SOCK_STREAM);
    const std::string long_answer =
        "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
        "\"parameters\":{\"interface\":\"org.confinit.Manager\"}}";
    for (int i = 0; i < 40; ++i)
        (void)send(socket, long_answer.c_str(), long_answer.size() + 1,
                   MSG_NOSIGNAL | MSG_DONTWAIT);
    const bool is_passed = pass(socket, "x", descriptor, MSG_OOB);
    close_elsewhere(descriptor);
    (void)std::printf("passed %d of 1\n", is_passed ? 1 : 0);
    (void)std::fflush(stdout);
    std::array<char, 65536> answers;
    while (recv(socket, answers.data(), answers.size(), 0) > 0) {
    }
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 4) {
        (void)std::fputs("usage: pass-descriptors linger|fuse|mounts read|unread|urgent SOCKET\n",
                         stderr);
        return EXIT_FAILURE;
    }
    const std::string_view kind = arguments[1];
    const bool is_read = std::string_view{arguments[2]} == "read";
    const bool notifies = std::string_view{arguments[3]} == "notify";
    const char* notify = std::getenv("NOTIFY_SOCKET");
    const std::string path = notifies && notify != nullptr ? notify : arguments[3];
    if (std::string_view{arguments[2]} == "urgent") {
        pass_urgently(path, make_descriptor(kind));
        return EXIT_SUCCESS;
    }
    const std::size_t messages = is_read ? 3 : 12;
    std::vector<int> descriptors;
    while (descriptors.size() < messages)
        descriptors.push_back(make_descriptor(kind));
    // A helper that is made after this would keep the connection.
    const int socket = connect_to(path, notifies ? SOCK_DGRAM : SOCK_STREAM);
    std::size_t passed = 0;
    for (const int descriptor : descriptors) {
        if (pass(socket, notifies ? "READY=1" : call, descriptor)) ++passed;
        // Closing a file of the silent server would hold whoever does it.
        if (kind != "fuse") close_elsewhere(descriptor);
    }
    (void)std::printf("passed %zu of %zu\n", passed, messages);
    (void)std::fflush(stdout);
    if (!is_read && notifies) _exit(EXIT_SUCCESS);
    if (!is_read) (void)close(socket);
    for (;;)
        pause();
}
