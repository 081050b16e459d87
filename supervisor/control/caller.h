// SPDX-License-Identifier: Apache-2.0
// Caller: the account on which a control connection runs: whose it is, and how far it is bounded.
//
// It says only who has to wait for whom. Each call decides anew whether its caller may make it
// (socket_caller.h); the first such decision counts here, too, so that a connection with one call
// costs one look at the caller. Until then the caller is bounded as anybody.
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <sys/types.h>

namespace confinit {

// `control` is for operators, `status` for everybody who looks.
enum class DoorKind { control, status };

struct Caller {
    DoorKind door = DoorKind::status;
    uid_t uid = 0;
    bool may_be_operator = false;  // by user and door; nobody has looked further yet
    bool is_operator = false;      // not bounded, and served from what is kept for operators
};

// An error closes the connection.
Result<Caller> identify_caller(const Fd& socket, DoorKind door);

}  // namespace confinit
