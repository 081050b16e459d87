// SPDX-License-Identifier: Apache-2.0
// Deputy: a service that calls the supervisor in the name of others, and what it may ask for.
//
// The main process of a unit with service.deputy = true is one, at the status socket. It tells with
// each call who asks, and whether polkit has allowed that one the action. PID 1 cannot check
// either, so the columns of control/methods.h bound what somebody gains who takes the deputy over:
// what a row does not give to a deputy is refused, whatever the call says. The deputy itself is no
// operator, and looks with the eyes of its own user, also when root asks.
#pragma once

#include "control/message.h"
#include "control/methods.h"
#include "supervisor/control/socket_caller.h"

#include <cstdint>
#include <expected>
#include <string>

namespace confinit {

class Manager;

// Whether this process is the main process of a unit that is a deputy.
bool is_deputy(pid_t process, const Manager& manager);

// Whether a deputy may make this call for this one, or why not.
std::expected<void, std::string> check_deputy_call(const MethodInfo& method,
                                                   const Principal& principal,
                                                   std::uint32_t supervisor_uid);

// In whose name the call is made, or an empty text.
std::string asker_of(const Call& call);

}  // namespace confinit
