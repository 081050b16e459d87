// SPDX-License-Identifier: Apache-2.0
// SocketCaller: the process that calls over one connection of ours, and whether it is an operator.
#include "supervisor/control/socket_caller.h"

#include "supervisor/control/caller_facts.h"

#include <fmt/format.h>
#include <sys/ioctl.h>

namespace confinit {
namespace {

std::unexpected<CallDenied> denied(std::string text, bool repeat = false) {
    return std::unexpected(CallDenied{.text = std::move(text), .repeat = repeat});
}

std::unexpected<CallDenied> unknown(const Error& error) {
    return denied("nothing certain can be told of the caller: " + error.text());
}

bool is_empty(const Fd& socket) {
    int count = -1;
    return ioctl(socket.get(), FIONREAD, &count) == 0 && count == 0;
}

}  // namespace

void SocketCaller::meet(const Fd& socket) {
    auto process = PeerProcess::open(socket);
    if (!process) return;
    process_ = std::move(*process);
    is_bound_ = process_->has_connected() || is_empty(socket);
}

bool SocketCaller::is_operator(const Manager& manager) const {
    const auto supervisor = supervisor_facts();
    return supervisor && process_ && check_caller(*process_, *supervisor, manager);
}

void SocketCaller::note_sender(pid_t sender) {
    has_many_senders_ = has_many_senders_ || (sender_ && *sender_ != sender);
    sender_ = sender;
}

std::expected<void, CallDenied> SocketCaller::bind(const Fd& socket, const PeerIds& ids,
                                                   bool has_more) {
    if (has_many_senders_ || sender_ != ids.pid) {
        return denied(
            fmt::format("process {} has made the connection, and process {} calls on it; "
                        "make one of its own",
                        ids.pid, sender_.value_or(0)));
    }
    if (!process_) {
        auto process = PeerProcess::open(socket);
        if (!process) return unknown(process.error());
        process_ = std::move(*process);
        is_bound_ = process_->has_connected();
    }
    if (is_bound_) return {};
    // From now on all input was sent after the pidfd was opened.
    is_bound_ = !has_more && is_empty(socket);
    return denied(
        "on this kernel a caller is known by its second call only; make the call "
        "again on this connection, after this answer",
        true);
}

std::expected<pid_t, CallDenied> SocketCaller::identify(const Fd& socket, bool has_more) {
    const auto ids = read_peer_ids(socket);
    if (!ids) return unknown(ids.error());
    if (auto bound = bind(socket, *ids, has_more); !bound) return std::unexpected(bound.error());
    // It fails for one that has ended.
    if (const auto directory = process_->open_directory(); !directory) {
        return unknown(directory.error());
    }
    return process_->pid();
}

std::expected<void, CallDenied> SocketCaller::check_operator(const Fd& socket, bool has_more,
                                                             const Manager& manager) {
    const auto supervisor = supervisor_facts();
    if (!supervisor) return unknown(supervisor.error());
    const auto ids = read_peer_ids(socket);
    if (!ids) return unknown(ids.error());
    if (const auto allowed = check_operator_id(ids->uid, *supervisor); !allowed) {
        return denied(allowed.error().text());
    }
    if (auto bound = bind(socket, *ids, has_more); !bound) return bound;
    if (auto allowed = check_caller(*process_, *supervisor, manager); !allowed) {
        return denied(std::move(allowed).error());
    }
    return {};
}

}  // namespace confinit
