// SPDX-License-Identifier: Apache-2.0
// RuntimeDirectories: the removal of a run's runtime directories, by a process that may take as
// long as the service's files need.
#pragma once

#include "launch/spawn/removal.h"
#include "supervisor/loop/reaper.h"
#include "supervisor/machine/console.h"
#include "supervisor/units/directory_claims.h"

#include <span>
#include <string>
#include <vector>

namespace confinit {

class RuntimeDirectories {
public:
    RuntimeDirectories(DirectoryClaims& claims, Reaper& reaper, Console& console,
                       CloneMethod method)
        : claims_(claims), reaper_(reaper), console_(console), method_(method) {}
    RuntimeDirectories(const RuntimeDirectories&) = delete;
    RuntimeDirectories& operator=(const RuntimeDirectories&) = delete;
    ~RuntimeDirectories();

    // Removes what the unit has claimed and nobody else uses, but not what it was refused, and
    // tells whether that is over; false asks for another try later. Anything that cannot be removed
    // is told and stays, because a service that can hold up its own end could never be stopped.
    // Nothing begins before the preparer, which makes them, has ended.
    bool remove(const std::string& unit, std::span<const std::string> refused,
                const Process& preparer);

    // The process that is at it; 0 when nobody is.
    pid_t remover() const { return is_over_ ? 0 : remover_.pid(); }

private:
    void end();

    DirectoryClaims& claims_;
    Reaper& reaper_;
    Console& console_;
    CloneMethod method_;
    std::vector<std::string> paths_;  // that are being removed
    Process remover_;
    bool is_over_ = false;
};

}  // namespace confinit
