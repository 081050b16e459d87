// SPDX-License-Identifier: Apache-2.0
// Caller: the account on which a control connection runs: whose it is, and how far it is bounded.
#include "supervisor/control/caller.h"

#include "supervisor/control/caller_facts.h"

namespace confinit {

Result<Caller> identify_caller(const Fd& socket, DoorKind door) {
    const PeerIds ids = TRY(read_peer_ids(socket));
    const auto supervisor = supervisor_facts();
    const bool may_be_operator =
        door == DoorKind::control && supervisor && check_operator_id(ids.uid, *supervisor);
    return Caller{.door = door, .uid = ids.uid, .may_be_operator = may_be_operator};
}

}  // namespace confinit
