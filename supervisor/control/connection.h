// SPDX-License-Identifier: Apache-2.0
// ControlConnection: the bytes of one caller, in and out, within bounds.
#pragma once

#include "base/fd.h"
#include "base/unix_socket.h"
#include "control/message.h"
#include "supervisor/control/caller.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace confinit {

class ControlConnection {
public:
    enum class Io { goes_on, ended };

    ControlConnection(Fd socket, Caller caller);

    const Fd& socket() const { return socket_; }
    // For one that closes it elsewhere; the connection is of no use any more.
    Fd take_socket() { return std::move(socket_); }
    std::vector<Fd> take_descriptors() { return std::exchange(descriptors_, {}); }
    const Caller& caller() const { return caller_; }
    // Notes what has been found out about the caller.
    void set_operator(bool is_operator);

    // Takes one piece of what has come; `received` tells what came beside it. It ends when the peer
    // does, or sends too much.
    Io read_some(ReceivedMessage& received);
    // Whether it holds anything beside the calls that were handed out.
    bool has_bytes() const { return reader_.has_bytes(); }
    std::string_view unread() const { return reader_.rest(); }
    // The next whole call of those that were read.
    bool has_call() const { return reader_.has_next(); }
    std::optional<std::string> next_call() { return reader_.next(); }

    // The bytes go out with the next write; the descriptors go with the first of them.
    void add_output(std::string_view bytes, std::vector<Fd> descriptors = {});
    std::size_t unsent() const { return output_.size() - sent_; }
    // Sends as much as the socket takes.
    Io write_some();
    // Ours of those that the peer has got.
    std::vector<Fd> take_sent_descriptors() { return std::exchange(sent_descriptors_, {}); }

private:
    Fd socket_;
    Caller caller_;
    MessageReader reader_;
    std::string output_;
    std::size_t sent_ = 0;         // of it
    std::vector<Fd> descriptors_;  // to go with the byte at descriptors_at_
    std::size_t descriptors_at_ = 0;
    std::vector<Fd> sent_descriptors_;
};

}  // namespace confinit
