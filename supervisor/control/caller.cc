// SPDX-License-Identifier: Apache-2.0
// Caller: the account on which a control connection runs: whose it is, and how far it is bounded.
#include "supervisor/control/caller.h"

#include "supervisor/control/caller_facts.h"

namespace confinit {
namespace {

// One that has died since it connected, or cannot be looked at, is none.
bool is_operator(const Fd& socket, uid_t uid, const Manager& manager) {
    const auto supervisor = supervisor_facts();
    if (!supervisor || !check_operator_id(uid, *supervisor)) return false;
    const auto process = PeerProcess::open(socket);
    return process && check_caller(*process, *supervisor, manager);
}

}  // namespace

Result<Caller> identify_caller(const Fd& socket, DoorKind door, const Manager& manager) {
    const PeerIds ids = TRY(read_peer_ids(socket));
    const bool at_control = door == DoorKind::control;
    return Caller{.door = door,
                  .uid = ids.uid,
                  .is_operator = at_control && is_operator(socket, ids.uid, manager)};
}

}  // namespace confinit
