// SPDX-License-Identifier: Apache-2.0
// CallerFacts: what /proc and the units tell of a calling process and of the supervisor, and the
// judgement of it.
#pragma once

#include "base/result.h"
#include "kernel/peer.h"
#include "supervisor/control/authority.h"

#include <expected>
#include <string>

namespace confinit {

class Manager;

Result<SupervisorFacts> supervisor_facts();

// Whether a process is an operator, with the reason where it is none. One that dies meanwhile or
// cannot be looked at is none.
std::expected<void, std::string> check_caller(const PeerProcess& process,
                                              const SupervisorFacts& supervisor,
                                              const Manager& manager);

}  // namespace confinit
