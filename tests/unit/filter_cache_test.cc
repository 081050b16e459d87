// SPDX-License-Identifier: Apache-2.0
// Compiled filters that are kept: never one of another configuration, and never too many.
#include "launch/seccomp/filter_cache.h"

#include "plan_scene.h"

#include <catch2/catch.hpp>
#include <linux/seccomp.h>
#include <string>

using namespace confinit;

namespace {

constexpr CapabilityMask none = 0;

SeccompConfig deny(const std::string& call) {
    return {.default_action = {.kind = SeccompActionKind::allow},
            .allow = {},
            .deny = {{.name = call, .action = std::nullopt}}};
}

BpfProgram program_of(std::uint32_t mark) {
    return {{BPF_RET | BPF_K, 0, 0, mark}};
}

bool is_same(const BpfProgram& one, const BpfProgram& other) {
    return std::ranges::equal(one, other, [](const sock_filter& a, const sock_filter& b) {
        return a.code == b.code && a.jt == b.jt && a.jf == b.jf && a.k == b.k;
    });
}

}  // namespace

TEST_CASE("a kept filter is found by the whole of its configuration") {
    FilterCache cache;
    cache.add(deny("chmod"), none, program_of(1));

    REQUIRE(cache.find(deny("chmod"), none) != nullptr);
    CHECK(cache.find(deny("chmod"), none)->front().k == 1);
    CHECK(cache.find(deny("chown"), none) == nullptr);
    // A container's profile asks for it.
    CHECK(cache.find(deny("chmod"), 1) == nullptr);

    SeccompConfig other = deny("chmod");
    other.default_action.kind = SeccompActionKind::log;
    CHECK(cache.find(other, none) == nullptr);
    other = deny("chmod");
    other.deny[0].action = SeccompAction{.kind = SeccompActionKind::trap};
    CHECK(cache.find(other, none) == nullptr);
    other = deny("chmod");
    other.rules.push_back({.syscalls = {"ioctl"}, .action = {}, .args = {{.index = 1}}});
    CHECK(cache.find(other, none) == nullptr);
    cache.add(other, none, program_of(2));
    other.rules[0].args[0].value = 1;
    CHECK(cache.find(other, none) == nullptr);
}

TEST_CASE("of too many filters the one that was not asked for the longest goes") {
    FilterCache cache;
    for (std::size_t i = 0; i < FilterCache::most_entries; ++i) {
        cache.add(deny(std::to_string(i)), none, program_of(static_cast<std::uint32_t>(i)));
    }
    REQUIRE(cache.find(deny("0"), none) != nullptr);
    cache.add(deny("one more"), none, program_of(99));

    CHECK(cache.size() == FilterCache::most_entries);
    CHECK(cache.find(deny("0"), none) != nullptr);
    CHECK(cache.find(deny("1"), none) == nullptr);
    CHECK(cache.find(deny("one more"), none) != nullptr);
}

TEST_CASE("a plan with kept filters has the filter that it would compile") {
    PlanScene scene;
    scene.unit.seccomp = PlanScene::deny_chmod();
    const BpfProgram compiled = items(scene.plan()->child.filter);
    FilterCache cache;
    LaunchContext context = scene.context();
    context.filters = &cache;
    const auto filter = [&] {
        const auto plan = make_launch_plan(scene.unit, context);
        REQUIRE(plan.has_value());
        return items((*plan)->child.filter);
    };

    CHECK(is_same(filter(), compiled));
    CHECK(is_same(filter(), compiled));
    CHECK(cache.size() == 1);

    // A preset adds calls to what the unit lists, and so belongs to another filter.
    scene.unit.seccomp->deny.push_back({.name = "chown", .action = std::nullopt});
    CHECK_FALSE(is_same(filter(), compiled));
    CHECK(cache.size() == 2);
}

TEST_CASE("a filter that is refused is refused again") {
    PlanScene scene;
    scene.unit.seccomp = PlanScene::deny_chmod();
    scene.unit.seccomp->deny.push_back({.name = "execve", .action = std::nullopt});
    FilterCache cache;
    LaunchContext context = scene.context();
    context.filters = &cache;

    CHECK_FALSE(make_launch_plan(scene.unit, context).has_value());
    CHECK_FALSE(make_launch_plan(scene.unit, context).has_value());
    CHECK(cache.size() == 0);
}
