// SPDX-License-Identifier: Apache-2.0
// What a plan lets a service do: capability sets, no_new_privs and the filter.
#include "capability_bit.h"
#include "kernel/syscall_sets.h"
#include "plan_scene.h"
#include "unit/protect_presets.h"

#include <linux/capability.h>

namespace confinit {

TEST_CASE("without a list the bounding set is the supervisor's", "[unit][H8]") {
    PlanScene scene;
    scene.capabilities = bit(CAP_CHOWN) | bit(CAP_NET_RAW);

    const auto plan = scene.plan();

    CHECK(plan->child.bounding == scene.capabilities);
    CHECK(plan->expected_capabilities == CapabilitySets{.bounding = scene.capabilities});
}

TEST_CASE("an ambient capability is in all sets of an ordinary user", "[unit][H8]") {
    PlanScene scene;
    scene.unit.capabilities.bounding = bit(CAP_NET_BIND_SERVICE);
    scene.unit.capabilities.ambient = bit(CAP_NET_BIND_SERVICE);

    const auto plan = scene.plan();

    const CapabilityMask mask = bit(CAP_NET_BIND_SERVICE);
    CHECK(plan->child.inheritable == mask);
    CHECK(plan->expected_capabilities == CapabilitySets{mask, mask, mask, mask, mask});
}

TEST_CASE("what the supervisor does not have it cannot give", "[unit][H3][H8]") {
    PlanScene scene;
    scene.capabilities = bit(CAP_CHOWN);
    scene.unit.capabilities.ambient = bit(CAP_CHOWN) | bit(CAP_NET_RAW);
    const Error ambient = scene.failure();
    scene.unit.capabilities = {.bounding = bit(CAP_NET_RAW)};
    const Error bounding = scene.failure();

    CHECK(ambient.key == "capabilities.ambient");
    CHECK(ambient.object == "net_raw");
    CHECK(ambient.hint == "not in the supervisor's own bounding set");
    CHECK(bounding.key == "capabilities.bounding");
    CHECK(bounding.object == "net_raw");
}

TEST_CASE("an ambient capability outside of the bounding set is refused", "[unit][H8]") {
    PlanScene scene;
    scene.unit.capabilities.bounding = 0;
    scene.unit.capabilities.ambient = bit(CAP_CHOWN);

    CHECK(scene.failure().hint == "not in capabilities.bounding");
}

TEST_CASE("a new user namespace gives every capability", "[unit][H8]") {
    PlanScene scene;
    scene.make_user_namespace();
    scene.capabilities = 0;
    scene.unit.capabilities.ambient = bit(CAP_CHOWN);

    const auto plan = scene.plan();

    CHECK(plan->child.bounding == kernel_capabilities());
    CHECK(plan->expected_capabilities.effective == bit(CAP_CHOWN));
}

TEST_CASE("a capability that a user namespace makes useless is refused", "[unit][H8]") {
    PlanScene scene;
    scene.make_user_namespace();
    scene.unit.capabilities.ambient = bit(CAP_NET_BIND_SERVICE);
    CHECK(scene.failure().hint.find("namespaces.net") != std::string::npos);

    scene.unit.namespaces.net = true;
    CHECK(scene.try_plan());

    scene.unit.capabilities.ambient = bit(CAP_SYS_TIME);
    CHECK(scene.failure().object == "sys_time");
}

TEST_CASE("a preset takes its capabilities away and brings its filter", "[unit][H8]") {
    PlanScene scene;
    scene.unit.mounts.protect = {find_protect_preset("kernel-modules")};

    const auto plan = scene.plan();

    CHECK((plan->child.bounding & bit(CAP_SYS_MODULE)) == 0);
    CHECK((plan->child.bounding | bit(CAP_SYS_MODULE)) == scene.capabilities);
    CHECK(plan->child.no_new_privs);
    CHECK_FALSE(plan->child.filter.empty());
}

TEST_CASE("an ambient capability that a preset takes away is refused", "[unit][H3][H8]") {
    PlanScene scene;
    scene.unit.mounts.protect = {find_protect_preset("clock")};
    scene.unit.capabilities.ambient = bit(CAP_SYS_TIME);

    CHECK(scene.failure().text() ==
          "capabilities.ambient: 'sys_time': a preset of mounts.protect takes it away");
}

TEST_CASE("every word of a preset is one that the kernel knows", "[unit]") {
    for (const ProtectPreset& preset : protect_presets()) {
        for (const auto name : preset.capabilities)
            CHECK(capability_number(name));
        for (const auto call : preset.denied_calls)
            CHECK(is_syscall_name(call));
    }
}

TEST_CASE("a filter brings no_new_privs", "[unit][H17]") {
    PlanScene scene;
    CHECK_FALSE(scene.plan()->child.no_new_privs);

    scene.unit.seccomp = PlanScene::deny_chmod();
    const auto plan = scene.plan();

    CHECK(plan->child.no_new_privs);
    CHECK_FALSE(plan->child.filter.empty());
    CHECK(plan->child.filter.data() == plan->child.filter.data());
}

TEST_CASE("a filter without no_new_privs needs sys_admin", "[unit][H17]") {
    PlanScene scene;
    scene.unit.seccomp = PlanScene::deny_chmod();
    scene.unit.capabilities.no_new_privs = false;
    CHECK(scene.failure().key == "capabilities.no_new_privs");

    scene.unit.capabilities.ambient = bit(CAP_SYS_ADMIN);
    CHECK_FALSE(scene.plan()->child.no_new_privs);
}

TEST_CASE("all, and all but some, are of what the supervisor has", "[unit][H8]") {
    PlanScene scene;
    const CapabilityMask excluded = CapabilityMask{1} << 12;
    scene.unit.capabilities.bounding = ~excluded;
    scene.unit.capabilities.ambient = ~CapabilityMask{0};

    const auto plan = scene.plan();

    CHECK(plan->child.bounding == (scene.capabilities & ~excluded));
    CHECK(plan->child.ambient == (scene.capabilities & ~excluded));
}

}  // namespace confinit
