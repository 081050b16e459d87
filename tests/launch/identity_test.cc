// SPDX-License-Identifier: Apache-2.0
// What a launched service is and may do: ids, groups, the five capability sets, no_new_privs and
// the filter.
#include "kernel/capability_set.h"
#include "scene.h"

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

std::string hexadecimal(CapabilityMask mask) {
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(mask));
    return text.data();
}

constexpr CapabilityMask bit(int capability) {
    return CapabilityMask{1} << capability;
}

constexpr CapabilityMask ambient_choices[] = {0, bit(CAP_NET_BIND_SERVICE),
                                              bit(CAP_NET_BIND_SERVICE) | bit(CAP_SYS_TIME)};
constexpr unsigned securebits_choices[] = {
    0,
    SECBIT_NOROOT | SECBIT_NOROOT_LOCKED,
    SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED,
    SECBIT_KEEP_CAPS_LOCKED,
    SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
    SECURE_ALL_BITS | SECURE_ALL_LOCKS,
};

}  // namespace

TEST_CASE("a service has exactly the declared user, group and groups", "[launch][S4]") {
    Scene scene{{"ids"}};
    scene.child.uid = 65534;
    scene.child.gid = 65533;
    scene.plan.child.groups = {7, 1234, 65533};

    Launch launch{scene};
    launch.finish();

    CHECK(launch["uid"] == "65534 65534 65534");
    CHECK(launch["gid"] == "65533 65533 65533");
    CHECK(launch["groups"] == "7 1234 65533");
}

TEST_CASE("a service without groups has none of the supervisor's", "[launch][S4]") {
    Scene scene{{"ids"}};
    scene.child.uid = 1000;
    scene.child.gid = 1000;

    Launch launch{scene};
    launch.finish();

    CHECK(launch["groups"].empty());
}

// 216 combinations: the model against what the kernel shows.
TEST_CASE("the five capability sets are those that capabilities(7) computes", "[launch][S5]") {
    const CapabilityMask own = own_capabilities();
    const CapabilityMask some =
        (bit(CAP_NET_BIND_SERVICE) | bit(CAP_SYS_TIME) | bit(CAP_CHOWN)) & own;
    const bool in_user_namespace = GENERATE(false, true);
    const uid_t uid = GENERATE(0U, 1000U);
    const CapabilityMask bounding =
        GENERATE_COPY(CapabilityMask{own}, CapabilityMask{some}, CapabilityMask{0});
    for (const CapabilityMask wanted : ambient_choices) {
        for (const unsigned securebits : securebits_choices) {
            const CapabilityMask ambient = wanted & bounding;
            Scene scene{{"capabilities"}};
            scene.child.uid = uid;
            scene.child.bounding = bounding;
            scene.child.ambient = ambient;
            scene.child.inheritable = ambient;
            scene.child.securebits = securebits;
            if (in_user_namespace) {
                scene.plan.clone_flags = CLONE_NEWUSER;
                scene.plan.uid_map = scene.plan.gid_map = "0 0 65536\n";
            }
            Launch launch{scene};
            launch.finish();

            const CapabilitySets expected = sets_after_exec(
                {.uid = uid, .bounding = bounding, .ambient = ambient, .securebits = securebits});
            INFO("uid " << uid << ", user namespace " << in_user_namespace << ", bounding "
                        << hexadecimal(bounding) << ", ambient " << hexadecimal(ambient)
                        << ", securebits " << securebits);
            REQUIRE_FALSE(launch.failed);
            REQUIRE(launch["CapInh"] == hexadecimal(expected.inheritable));
            REQUIRE(launch["CapPrm"] == hexadecimal(expected.permitted));
            REQUIRE(launch["CapEff"] == hexadecimal(expected.effective));
            REQUIRE(launch["CapBnd"] == hexadecimal(expected.bounding));
            REQUIRE(launch["CapAmb"] == hexadecimal(expected.ambient));
            REQUIRE(launch["securebits"] ==
                    std::to_string(securebits & ~unsigned{SECBIT_KEEP_CAPS}));
        }
    }
}

TEST_CASE("root without capabilities may not do what root may", "[launch]") {
    const TestDirectory directory;
    directory.make_file("secret", "secret", 0600);
    REQUIRE(chown((directory / "secret").c_str(), 1, 1) == 0);
    Scene scene{{"read:" + directory / "secret"}};
    scene.child.bounding = 0;

    Launch launch{scene};
    launch.finish();

    CHECK(launch["read:" + directory / "secret"] == "EACCES");
}

TEST_CASE("keep_all_capabilities gives them to another user as well", "[launch][X1]") {
    Scene scene{{"capabilities"}};
    scene.child.uid = 1000;
    scene.child.keep_all_capabilities = true;

    Launch launch{scene};
    launch.finish();

    CHECK(launch["CapEff"] == hexadecimal(own_capabilities()));
    CHECK(launch["CapPrm"] == hexadecimal(own_capabilities()));
}

TEST_CASE("no_new_privs is in force when it is declared, and only then", "[launch]") {
    const bool declared = GENERATE(true, false);
    Scene scene{{"capabilities"}};
    scene.child.no_new_privs = declared;

    Launch launch{scene};
    launch.finish();

    CHECK(launch["NoNewPrivs"] == (declared ? "1" : "0"));
}

TEST_CASE("a filter is in force from the first instruction, once", "[launch]") {
    const std::string call = "call:" + std::to_string(SYS_getpgid);
    Scene scene{{"status", call}};
    scene.deny(SYS_getpgid, SECCOMP_RET_ERRNO | EXDEV);

    Launch launch{scene};
    launch.finish();

    const std::string outer = status_of(getpid(), "Seccomp_filters");
    CHECK(launch["status.Seccomp"] == "2");
    CHECK(std::stoi(launch["status.Seccomp_filters"]) == std::stoi(outer) + 1);
    CHECK(launch[call] == "EXDEV");
}

TEST_CASE("a filter's kill is the end of the service by SIGSYS", "[launch]") {
    Scene scene{{"call:" + std::to_string(SYS_getpgid)}};
    scene.deny(SYS_getpgid, SECCOMP_RET_KILL_PROCESS);

    Launch launch{scene};
    launch.finish();

    CHECK(launch.is_executing);
    CHECK(WIFSIGNALED(launch.status));
    CHECK(WTERMSIG(launch.status) == SIGSYS);
}

}  // namespace confinit::testing
