// SPDX-License-Identifier: Apache-2.0
// The places where a supervisor keeps its sockets, where nobody has said which.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace confinit {

// /run/confinit, and for a supervisor that may not write there, such as one in a container with a
// read-only root or of an ordinary user: $XDG_RUNTIME_DIR/confinit, /tmp/confinit-UID and
// /dev/shm/confinit-UID, which last every container has.
std::vector<std::string> runtime_places(uid_t uid);

// Whether the directory is there and belongs to this user: others may make one of this name in a
// directory that everybody may write.
bool is_own_place(const std::string& directory, uid_t uid);

}  // namespace confinit
