// SPDX-License-Identifier: Apache-2.0
// A call that is answered by a stream of replies: the verbs that can go on with what comes.
#pragma once

#include "control/protocol.h"
#include "svctl/context.h"
#include "svctl/request.h"

#include <functional>
#include <span>

namespace confinit {

// One call, and what becomes of the parameters of each of its replies.
struct Stream {
    Method method;
    Json parameters;
    std::function<void(const Json& parameters)> print;
};

// Makes all calls, each over a connection of its own, and hands on their replies as they come; with
// `follow` until the supervisor has ended the streams or nobody reads our output any more. Returns
// the exit code, of the first call that is refused.
int print_streams(const Context& context, std::span<const Stream> streams, bool follow);

// The same for one call.
int print_replies(const Context& context, Method method, Json parameters, bool follow,
                  const std::function<void(const Json& parameters)>& print);

}  // namespace confinit
