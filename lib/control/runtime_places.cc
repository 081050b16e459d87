// SPDX-License-Identifier: Apache-2.0
// The places where a supervisor keeps its sockets, where nobody has said which.
#include "control/runtime_places.h"

#include <cstdlib>
#include <sys/stat.h>

namespace confinit {

std::vector<std::string> runtime_places(uid_t uid) {
    std::vector<std::string> places{"/run/confinit"};
    const char* users = std::getenv("XDG_RUNTIME_DIR");
    if (users != nullptr && *users == '/') places.push_back(std::string{users} + "/confinit");
    const std::string name = "/confinit-" + std::to_string(uid);
    places.push_back("/tmp" + name);
    places.push_back("/dev/shm" + name);
    return places;
}

bool is_own_place(const std::string& directory, uid_t uid) {
    struct stat status{};
    return lstat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == uid && (status.st_mode & 0022) == 0;
}

}  // namespace confinit
