// SPDX-License-Identifier: Apache-2.0
// The directory of the sockets, chosen where nobody has said which.
#include "supervisor/machine/runtime_directory.h"

#include "control/runtime_places.h"
#include "supervisor/machine/options.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {

// A read-only file system says so by faccessat(2) as well.
std::string usable_runtime_directory() {
    for (const std::string& place : runtime_places(geteuid())) {
        (void)mkdir(place.c_str(), 0755);
        const bool may_write = faccessat(AT_FDCWD, place.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
        if (may_write && is_own_place(place, geteuid())) return place;
    }
    return usual_runtime_directory();
}

}  // namespace confinit
