// SPDX-License-Identifier: Apache-2.0
// Capability names, and the model of the five sets against values derived by hand.
#include "kernel/capability_set.h"

#include "base/file.h"
#include "capability_bit.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>

using namespace confinit;

namespace {

constexpr CapabilityMask none = 0;
constexpr CapabilityMask full = (CapabilityMask{1} << 41) - 1;
constexpr CapabilityMask port = bit(CAP_NET_BIND_SERVICE);
constexpr CapabilityMask raw = bit(CAP_NET_RAW);
constexpr CapabilityMask own = bit(CAP_CHOWN);
constexpr std::uint32_t root_id = 0;
constexpr std::uint32_t nobody = 65534;

constexpr unsigned locked_noroot = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED;
constexpr unsigned all_but_noroot = SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                                    SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                                    SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

struct Case {
    const char* description;
    CapabilityRequest request;  // uid, bounding, ambient, securebits
    CapabilitySets expected;    // inheritable, permitted, effective, bounding, ambient
};

constexpr Case cases[] = {
    // Root gains all of the bounding set: P'(permitted) = P(inheritable) | P(bounding).
    {"root", {root_id, full, none, 0}, {none, full, full, full, none}},
    {"root, one bounding", {root_id, own, none, 0}, {none, own, own, own, none}},
    {"root, nothing", {root_id, none, none, 0}, {none, none, none, none, none}},
    {"root, ambient", {root_id, full, port, 0}, {port, full, full, full, port}},
    {"root, ambient, small bounding",
     {root_id, port | own, port, 0},
     {port, port | own, port | own, port | own, port}},
    {"root, all ambient", {root_id, full, full, 0}, {full, full, full, full, full}},
    {"root, other securebits", {root_id, own, none, all_but_noroot}, {none, own, own, own, none}},

    // With SECBIT_NOROOT root is an ordinary user: P'(permitted) = P'(effective) = P'(ambient).
    {"noroot", {root_id, full, none, SECBIT_NOROOT}, {none, none, none, full, none}},
    {"noroot, locked", {root_id, full, none, locked_noroot}, {none, none, none, full, none}},
    {"noroot, ambient", {root_id, full, port, SECBIT_NOROOT}, {port, port, port, full, port}},
    {"noroot, nothing", {root_id, none, none, SECBIT_NOROOT}, {none, none, none, none, none}},
    {"noroot, ambient is bounding",
     {root_id, port, port, locked_noroot | all_but_noroot},
     {port, port, port, port, port}},
    {"only the lock of noroot",
     {root_id, full, none, SECBIT_NOROOT_LOCKED},
     {none, full, full, full, none}},

    // A user without ambient capabilities has none, whatever it could gain by a privileged file.
    {"user", {nobody, full, none, 0}, {none, none, none, full, none}},
    {"user, nothing", {nobody, none, none, 0}, {none, none, none, none, none}},
    {"user, keep-caps", {nobody, full, none, SECBIT_KEEP_CAPS}, {none, none, none, full, none}},
    {"user, no-setuid-fixup",
     {nobody, full, none, SECBIT_NO_SETUID_FIXUP},
     {none, none, none, full, none}},
    {"user, noroot", {nobody, own, none, locked_noroot}, {none, none, none, own, none}},

    // A user with ambient capabilities has exactly them in all sets but the bounding one.
    {"user, ambient", {nobody, full, port, 0}, {port, port, port, full, port}},
    {"user, ambient is bounding", {nobody, port, port, 0}, {port, port, port, port, port}},
    {"user, two ambient",
     {nobody, full, port | raw, 0},
     {port | raw, port | raw, port | raw, full, port | raw}},
    {"user, all ambient", {nobody, full, full, 0}, {full, full, full, full, full}},
    {"user, ambient, noroot", {nobody, full, port, locked_noroot}, {port, port, port, full, port}},
    {"user, ambient, other securebits",
     {nobody, port | own, port, all_but_noroot},
     {port, port, port, port | own, port}},
    {"user 1, ambient", {1, full, port, 0}, {port, port, port, full, port}},

    // What is not in the bounding set can be neither inheritable nor ambient.
    {"user, ambient beyond bounding", {nobody, own, port, 0}, {none, none, none, own, none}},
    {"root, ambient beyond bounding", {root_id, own, port, 0}, {none, own, own, own, none}},
};

}  // namespace

TEST_CASE("the five sets after execve follow capabilities(7)", "[capabilities][S5][H8]") {
    for (const auto& [description, request, expected] : cases) {
        CAPTURE(description);

        const auto sets = sets_after_exec(request);

        CHECK(sets.inheritable == expected.inheritable);
        CHECK(sets.permitted == expected.permitted);
        CHECK(sets.effective == expected.effective);
        CHECK(sets.bounding == expected.bounding);
        CHECK(sets.ambient == expected.ambient);
    }
}

TEST_CASE("the kernel's invariants hold for every request", "[capabilities][S5]") {
    const CapabilityMask masks[] = {none, port, raw, port | own, full};
    for (const std::uint32_t uid : {root_id, nobody}) {
        for (const auto bounding : masks) {
            for (const auto ambient : masks) {
                for (unsigned securebits = 0; securebits < 256; ++securebits) {
                    const auto sets = sets_after_exec({uid, bounding, ambient, securebits});
                    const bool holds = (sets.ambient & ~sets.permitted) == 0 &&
                                       (sets.ambient & ~sets.inheritable) == 0 &&
                                       (sets.effective & ~sets.permitted) == 0 &&
                                       (sets.permitted & ~bounding) == 0;
                    if (!holds) FAIL("uid " << uid << ", securebits " << securebits);
                }
            }
        }
    }
}

TEST_CASE("a capability is found by its name in either form and any case", "[capabilities]") {
    CHECK(capability_number("net_raw") == CAP_NET_RAW);
    CHECK(capability_number("CAP_NET_RAW") == CAP_NET_RAW);
    CHECK(capability_number("Cap_Net_Raw") == CAP_NET_RAW);
    CHECK(capability_number("chown") == 0);
    CHECK(capability_number("checkpoint_restore") == 40);
}

TEST_CASE("what is no capability's name has no number", "[capabilities]") {
    for (const char* word : {"", "cap_", "net", "13", "cap_cap_chown", "net_raw ", "all", "none"}) {
        CAPTURE(word);
        CHECK_FALSE(capability_number(word));
    }
}

TEST_CASE("every capability's name leads back to its number", "[capabilities]") {
    const auto names = capability_names();

    REQUIRE(names.size() >= 41);
    for (int number = 0; number < std::ssize(names); ++number) {
        const auto name = names[static_cast<std::size_t>(number)];
        CAPTURE(number, name);
        CHECK(capability_name(number) == name);
        CHECK(capability_number(name) == number);
    }
}

TEST_CASE("a capability without a name is shown as a number", "[capabilities]") {
    CHECK(capability_name(63) == "cap 63");
    CHECK(capability_name(-1) == "cap -1");
}

TEST_CASE("a mask is shown as names, all or none", "[capabilities]") {
    CHECK(capability_text(none, full) == "none");
    CHECK(capability_text(full, full) == "all");
    CHECK(capability_text(~none, full) == "all");
    CHECK(capability_text(port | raw, full) == "net_bind_service net_raw");
    CHECK(capability_text(port | bit(63), full) == "net_bind_service cap 63");
    CHECK(capability_text(none, none) == "none");
}

TEST_CASE("the kernel's mask reaches to its last capability", "[capabilities]") {
    const CapabilityMask mask = kernel_capabilities();
    const auto last = read_file(AT_FDCWD, "/proc/sys/kernel/cap_last_cap");

    REQUIRE(last);
    const int last_number = std::stoi(*last);
    CHECK((mask & bit(last_number)) != 0);
    CHECK((mask & (mask + 1)) == 0);
    CHECK((last_number == 63 || mask < bit(last_number + 1)));
}

TEST_CASE("the securebits have the kernel's values", "[capabilities]") {
    unsigned all = 0;
    for (const auto& [name, mask] : securebit_names()) {
        CAPTURE(name);
        CHECK((all & mask) == 0);
        all |= mask;
    }

    CHECK(all == (SECURE_ALL_BITS | SECURE_ALL_LOCKS));
    const auto found = std::ranges::find(securebit_names(), "noroot-locked", &SecurebitName::name);
    REQUIRE(found != securebit_names().end());
    CHECK(found->mask == SECBIT_NOROOT_LOCKED);
}
