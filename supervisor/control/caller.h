// SPDX-License-Identifier: Apache-2.0
// Caller: the account on which a control connection runs: whose it is, and how far it is bounded.
//
// It is looked at once, when the connection begins, and says only who has to wait for whom. Each
// call decides anew whether its caller may make it: socket_caller.h.
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <sys/types.h>

namespace confinit {

class Manager;

// `control` is for operators, `status` for everybody who looks.
enum class DoorKind { control, status };

struct Caller {
    DoorKind door = DoorKind::status;
    uid_t uid = 0;
    bool is_operator = false;  // not bounded, and served from what is kept for operators
};

// An error closes the connection.
Result<Caller> identify_caller(const Fd& socket, DoorKind door, const Manager& manager);

}  // namespace confinit
