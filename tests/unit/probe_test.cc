// SPDX-License-Identifier: Apache-2.0
// The probe on the kernel that runs the tests.
#include "kernel/probe.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <string_view>

namespace confinit {

TEST_CASE("each feature is named once and explained", "[unit]") {
    std::set<std::string> names;
    for (const Feature& feature : probe_kernel()) {
        CHECK(names.insert(feature.name).second);
        CHECK_FALSE(feature.detail.empty());
    }
    CHECK(names.contains("namespace.user"));
}

TEST_CASE("what every supported kernel has is found", "[unit]") {
    const auto features = probe_kernel();
    const auto is_available = [&](std::string_view name) {
        const auto feature = std::ranges::find(features, name, &Feature::name);
        return feature != features.end() && feature->available;
    };

    CHECK(is_available("seccomp"));
    CHECK(is_available("openat2"));
    CHECK(is_available("mount_setattr"));
    CHECK(is_available("filesystem.proc"));
}

}  // namespace confinit
