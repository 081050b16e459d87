// SPDX-License-Identifier: Apache-2.0
// DescriptorLimit: how many descriptors this process may have, and the last of them that are spared
// for what must always work.
#include "kernel/descriptor_limit.h"

#include "base/file.h"
#include "base/text.h"

#include <algorithm>
#include <fcntl.h>

namespace confinit {

namespace {

constexpr rlimit64 usual{1024, 524'288};

// No limit may be above it: proc_sys_fs(5), "nr_open". Without /proc it is the kernel's default.
std::uint64_t most_descriptors() {
    const auto text = read_file(AT_FDCWD, "/proc/sys/fs/nr_open", 64);
    const auto number = text ? parse_unsigned(trim(*text)) : std::nullopt;
    return number.value_or(1'048'576);
}

}  // namespace

Result<std::uint64_t> raise_descriptor_limit() {
    rlimit64 limit{};
    if (getrlimit64(RLIMIT_NOFILE, &limit) < 0) return errno_failure("getrlimit RLIMIT_NOFILE");
    const std::uint64_t most = most_descriptors();
    const rlimit64 wanted{std::max(most, limit.rlim_max), std::max(most, limit.rlim_max)};
    if (setrlimit64(RLIMIT_NOFILE, &wanted) == 0) return wanted.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit64(RLIMIT_NOFILE, &limit) < 0) return errno_failure("setrlimit RLIMIT_NOFILE");
    return limit.rlim_cur;
}

rlimit64 usual_descriptor_limits() {
    rlimit64 own{};
    if (getrlimit64(RLIMIT_NOFILE, &own) < 0) return usual;
    return {std::min(usual.rlim_cur, own.rlim_max), std::min(usual.rlim_max, own.rlim_max)};
}

SparedDescriptors::SparedDescriptors() {
    if (getrlimit64(RLIMIT_NOFILE, &whole_) < 0) return;
    rlimit64 rest = whole_;
    rest.rlim_cur -= std::min(count, rest.rlim_cur / 4);
    // Lowering and raising a soft limit needs no right.
    (void)setrlimit64(RLIMIT_NOFILE, &rest);
}

SparedDescriptors::~SparedDescriptors() {
    if (whole_.rlim_max > 0) (void)setrlimit64(RLIMIT_NOFILE, &whole_);
}

}  // namespace confinit
