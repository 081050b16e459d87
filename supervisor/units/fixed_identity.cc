// SPDX-License-Identifier: Apache-2.0
// FixedIdentity of the supervisor: the one that all of its services have, where it can give no
// other.
#include "supervisor/units/fixed_identity.h"

#include "base/file.h"
#include "base/text.h"
#include "kernel/capability_set.h"

#include <algorithm>
#include <fcntl.h>
#include <linux/capability.h>
#include <unistd.h>

namespace confinit {

std::optional<FixedIdentity> fixed_identity() {
    const auto rule = read_file(AT_FDCWD, "/proc/self/setgroups");
    const bool is_denied = rule && trim(*rule) == "deny";
    if (!is_denied && holds_capability(CAP_SETGID)) return std::nullopt;
    FixedIdentity fixed{.uid = geteuid(), .gid = getegid()};
    const int count = getgroups(0, nullptr);
    fixed.groups.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    const int got = getgroups(count, fixed.groups.data());
    fixed.groups.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    std::ranges::sort(fixed.groups);
    return fixed;
}

}  // namespace confinit
