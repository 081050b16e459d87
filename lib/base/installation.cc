// SPDX-License-Identifier: Apache-2.0
// Installation: the directories of the files that were installed together with the running program.
#include "base/installation.h"

#include <sys/auxv.h>

namespace confinit {
namespace {

// The kernel put the path there at execve, so that no file system is asked.
std::string_view own_prefix() {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel's interface is a number.
    const auto* executed = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
    return executed == nullptr ? std::string_view{} : prefix_of(executed);
}

std::string below_own_prefix(std::string_view path, std::string_view of_the_build) {
    const std::string_view prefix = own_prefix();
    return prefix.empty() ? std::string{of_the_build} : std::string{prefix}.append(path);
}

}  // namespace

std::string_view prefix_of(std::string_view executed) {
    if (!executed.starts_with('/')) return {};
    for (const std::string_view place : {"/sbin/confinit", "/bin/svctl"}) {
        if (executed.ends_with(place)) return executed.substr(0, executed.size() - place.size());
    }
    return {};
}

std::string helper_directory() {
    return below_own_prefix("/lib/confinit", CONFINIT_HELPER_DIRECTORY);
}

std::string installed_unit_directory() {
    return below_own_prefix("/lib/confinit/units", CONFINIT_UNIT_DIRECTORY);
}

}  // namespace confinit
