// SPDX-License-Identifier: Apache-2.0
// Bytes with descriptors over a unix socket: SCM_RIGHTS of unix(7).
#pragma once

#include "base/fd.h"

#include <span>
#include <string_view>
#include <sys/types.h>

namespace confinit {

// sendmsg(2) without waiting and without SIGPIPE; at most three descriptors go with the first byte.
// Returns what sendmsg does.
ssize_t send_bytes(const Fd& socket, std::string_view bytes, std::span<const Fd> descriptors);

}  // namespace confinit
