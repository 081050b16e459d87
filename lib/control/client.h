// SPDX-License-Identifier: Apache-2.0
// Client: one connection to the control socket, used by programs that may wait.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "control/message.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/time.h>
#include <vector>

namespace confinit {

// A reply, and the descriptors that came with its first byte: SCM_RIGHTS of unix(7).
struct ReceivedReply {
    Reply reply;
    std::vector<Fd> descriptors;
};

class Client {
public:
    // The error's code is errno of connect(2): ENOENT and ECONNREFUSED mean that no supervisor
    // listens there. `flags` are those of socket(2), such as SOCK_NONBLOCK. Each call that waits,
    // this one included, does so for `patience` at most; zero is for ever: SO_SNDTIMEO of
    // socket(7).
    static Result<Client> connect(const std::string& path, int flags = 0, timeval patience = {});

    // Over a socket that is connected already.
    explicit Client(Fd socket) : socket_(std::move(socket)) {}

    // Sends one call. Varlink answers the calls of a connection in their order.
    Status send(const Call& call);

    // Waits for the next reply. The end of the connection is an error.
    Result<ReceivedReply> receive();

    // Takes what has arrived without waiting; absent when that is no whole reply.
    Result<std::optional<ReceivedReply>> receive_available();

    // Sends a call and waits for its one reply.
    Result<Reply> call(Method method, Json parameters = Json::object());

    // To poll(2) for POLLIN before receive_available().
    const Fd& socket() const { return socket_; }

    // Bytes that have come behind the last reply, which are none of Varlink after an upgrade.
    std::string take_rest();

    // Asked when the connection ends, for a reason that the socket itself does not tell.
    void set_end_reason(std::function<std::optional<Error>()> reason) {
        end_reason_ = std::move(reason);
    }
    // That the connection has ended, and why.
    Error end_failure() const;

private:
    enum class Wait { yes, no };

    Status send_bytes(std::string_view rest);
    Error failed(std::string_view call) const;
    // A reply that asks for the call once more is answered, and not handed out.
    Result<std::optional<ReceivedReply>> take_buffered();
    // False when nothing has arrived and it was not to wait.
    Result<bool> read_more(Wait wait);

    Fd socket_;
    std::string last_call_;  // to be repeated at most once
    MessageReader reader_{reply_limit};
    std::function<std::optional<Error>()> end_reason_;
    std::vector<Fd> descriptors_;  // arrived, and not given out with a reply yet
};

}  // namespace confinit
