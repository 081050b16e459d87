// SPDX-License-Identifier: Apache-2.0
// LaunchFailure: why a launch does not happen or has failed.
#pragma once

#include "base/result.h"

#include <expected>
#include <string>

namespace confinit {

// A failure in the words of promise two: which key, which object, which call, which errno, and
// one hint. `text()` is one line of them.
struct LaunchFailure {
    std::string key;     // "mounts.read_only[1]"; empty where no key is concerned
    std::string object;  // "/var/lib/tomcat9"
    std::string call;    // "open_tree", empty when no system call failed
    int error = 0;
    std::string hint;

    // "mounts.read_only[1]: open_tree '/var/lib/tomcat9': No such file or directory (ENOENT); HINT"
    std::string text() const;
};

template <class T>
using LaunchResult = std::expected<T, LaunchFailure>;
using LaunchStatus = LaunchResult<void>;

// A failure of the parent before there was a child.
LaunchFailure to_launch_failure(Error error);

}  // namespace confinit
