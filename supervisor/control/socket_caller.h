// SPDX-License-Identifier: Apache-2.0
// SocketCaller: the process that calls over one connection of ours, and whether it is an operator.
//
// It is judged anew at each call, by what the kernel says of it at that moment: a process may
// connect as root of the machine and then confine itself, and its later calls are those of a
// confined process. Nothing that a caller was once is kept but its pidfd.
#pragma once

#include "kernel/peer.h"
#include "supervisor/control/authority.h"

#include <expected>
#include <optional>
#include <string>

namespace confinit {

class Manager;

struct CallDenied {
    std::string text;
    // The same call again on the same connection is judged: kernel/peer.h tells why.
    bool repeat = false;
};

class SocketCaller {
public:
    // When the connection begins. What is sent from then on needs no second call to be known.
    void meet(const Fd& socket);

    // Whether the process that has connected is an operator, whoever calls. One that has died
    // since, or cannot be looked at, is none.
    bool is_operator(const Manager& manager) const;

    // For each piece of input: the process that sent it, by SCM_CREDENTIALS; 0 where none is told.
    void note_sender(pid_t sender);

    // The number of the living process that has made the call that was received last. `has_more` is
    // whether there is input that the connection holds beside it.
    std::expected<pid_t, CallDenied> identify(const Fd& socket, bool has_more);

    // Whether that call is of an operator.
    std::expected<void, CallDenied> check_operator(const Fd& socket, bool has_more,
                                                   const Manager& manager);

private:
    std::expected<void, CallDenied> bind(const Fd& socket, const PeerIds& ids, bool has_more);

    std::optional<pid_t> sender_;  // of all input so far, if it is of one process
    bool has_many_senders_ = false;
    std::optional<PeerProcess> process_;
    bool is_bound_ = false;  // further input with the number of the process is of the process
};

}  // namespace confinit
