// SPDX-License-Identifier: Apache-2.0
// Fd: owns one file descriptor from the line that creates it.
#include "base/fd.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace confinit {
namespace {

Result<std::pair<Fd, Fd>> make_socket_pair(int type) {
    int ends[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0) return errno_failure("socketpair");
    return std::pair{Fd{ends[0]}, Fd{ends[1]}};
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

void Fd::reset() {
    // Linux frees the number even when close(2) reports an error, so there is nothing to act on.
    if (fd_ >= 0) (void)close(std::exchange(fd_, -1));
}

Result<Pipe> make_pipe(int flags) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | flags) < 0) return errno_failure("pipe2");
    return Pipe{Fd{ends[0]}, Fd{ends[1]}};
}

Result<std::pair<Fd, Fd>> make_seqpacket_pair() {
    return make_socket_pair(SOCK_SEQPACKET);
}

Result<std::pair<Fd, Fd>> make_stream_pair() {
    return make_socket_pair(SOCK_STREAM);
}

Status set_nonblocking(const Fd& fd) {
    const int flags = fcntl(fd.get(), F_GETFL);
    if (flags < 0 || fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) < 0) {
        return errno_failure("fcntl F_SETFL");
    }
    return {};
}

Result<Fd> duplicate(const Fd& fd, int lowest) {
    const int copy = fcntl(fd.get(), F_DUPFD_CLOEXEC, lowest);
    if (copy < 0) return errno_failure("fcntl F_DUPFD_CLOEXEC");
    return Fd{copy};
}

}  // namespace confinit
