// SPDX-License-Identifier: Apache-2.0
// The records that the child and its preparer send, each one datagram.
#pragma once

#include "launch/child/context.h"

namespace confinit {

// With a descriptor that goes along, or -1.
bool send_record(ChildContext& child, int socket, const LaunchReport& report, int descriptor);

}  // namespace confinit
