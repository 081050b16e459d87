// SPDX-License-Identifier: Apache-2.0
// Launches under a unit's filter: what it forbids is tried, and what it leaves works.
#include "filtered_probe.h"

#include <catch2/catch.hpp>
#include <sys/ioctl.h>
#include <sys/syscall.h>

using namespace confinit;
using namespace confinit::testing;

TEST_CASE("a rule on an argument holds for a request with bits above it", "[launch][S3]") {
    constexpr std::uint64_t above = std::uint64_t{1} << 32;
    // Descriptor 99 is not open, so that a request that passes the filter answers EBADF.
    const std::string denied = call(SYS_ioctl, {99, TIOCSTI});
    const std::string disguised = call(SYS_ioctl, {99, TIOCSTI | above});
    const std::string allowed = call(SYS_ioctl, {99, TCGETS});
    const FilteredProbe probe{{denied, disguised, allowed},
                              "default = 'allow'\nrules = [{ syscalls = ['ioctl'], action = "
                              "'EXDEV', args = [{ index = 1, op = 'eq', value = 0x5412 }] }]\n"};

    Launch launch{probe.plan()};
    launch.finish();

    REQUIRE_FALSE(launch.failed);
    CHECK(launch[denied] == "EXDEV");
    CHECK(launch[disguised] == "EXDEV");
    CHECK(launch[allowed] == "EBADF");
}
