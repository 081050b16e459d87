// SPDX-License-Identifier: Apache-2.0
// Fd: owns one file descriptor from the line that creates it.
#pragma once

#include "base/result.h"

#include <utility>

namespace confinit {

class [[nodiscard]] Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept;
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

    // Gives the descriptor away; the caller closes it.
    int release() { return std::exchange(fd_, -1); }
    void reset();

private:
    int fd_ = -1;
};

struct Pipe {
    Fd read_end;
    Fd write_end;
};

// pipe2(2) with O_CLOEXEC and these further flags, such as O_NONBLOCK.
Result<Pipe> make_pipe(int flags = 0);

// A connected pair of SOCK_SEQPACKET or of SOCK_STREAM sockets, O_CLOEXEC: socketpair(2).
Result<std::pair<Fd, Fd>> make_seqpacket_pair();
Result<std::pair<Fd, Fd>> make_stream_pair();

// Adds O_NONBLOCK to its file status flags: fcntl(2).
Status set_nonblocking(const Fd& fd);

// A duplicate that is closed on exec and numbered `lowest` or higher: F_DUPFD_CLOEXEC of fcntl(2).
Result<Fd> duplicate(const Fd& fd, int lowest = 3);

}  // namespace confinit
