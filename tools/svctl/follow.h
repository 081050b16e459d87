// SPDX-License-Identifier: Apache-2.0
// A call that is answered by a stream of replies: the verbs that can go on with what comes.
#pragma once

#include "control/protocol.h"
#include "svctl/context.h"
#include "svctl/request.h"

#include <functional>

namespace confinit {

// Calls, and hands the parameters of every reply to `print`; with `follow` until the supervisor
// ends the stream or nobody reads our output any more. Returns the exit code.
int print_replies(const Context& context, Method method, Json parameters, bool follow,
                  const std::function<void(const Json& parameters)>& print);

}  // namespace confinit
