// SPDX-License-Identifier: Apache-2.0
// RuntimeDirectories: the removal of a run's runtime directories, by a process that may take as
// long as the service's files need.
#pragma once

#include "launch/spawn/removal.h"
#include "supervisor/loop/reaper.h"
#include "supervisor/machine/console.h"

#include <span>
#include <string>

namespace confinit {

class RuntimeDirectories {
public:
    RuntimeDirectories(Reaper& reaper, Console& console, CloneMethod method)
        : reaper_(reaper), console_(console), method_(method) {}
    RuntimeDirectories(const RuntimeDirectories&) = delete;
    RuntimeDirectories& operator=(const RuntimeDirectories&) = delete;
    ~RuntimeDirectories();

    // Whether it is over; false asks for another try later. What cannot be removed is told and
    // stays, because a service that can hold up its own end could never be stopped. Nothing begins
    // before the preparer, which makes them, has ended.
    bool remove(const std::string& unit, std::span<const std::string> paths, const Fd& preparer);

    // The process that is at it; 0 when nobody is.
    pid_t remover() const { return is_over_ ? 0 : removal_.pid; }

private:
    Reaper& reaper_;
    Console& console_;
    CloneMethod method_;
    Removal removal_;
    bool is_over_ = false;
};

}  // namespace confinit
