// SPDX-License-Identifier: Apache-2.0
// Which keys are named where SIGSYS ended a service.
#include "launch/seccomp/killing_keys.h"

#include "launch/seccomp/kernel_vocabulary.h"
#include "unit_scene.h"

namespace confinit {
namespace {

constexpr std::string_view foreign =
    "a call of an architecture that seccomp.architectures does not list";

std::string keys_of(std::string_view table) {
    const auto unit = parse_unit("web", "web.toml",
                                 std::string{minimal_service} + "[seccomp]\n" + std::string{table},
                                 kernel_vocabulary());
    if (!unit) FAIL(unit.error().front().text());
    return killing_keys(*unit);
}

}  // namespace

TEST_CASE("only keys that can kill are named for SIGSYS", "[unit][H14]") {
    CHECK(keys_of("realtime = false\n") == foreign);
    CHECK(keys_of("default = 'EPERM'\nallow = ['@base']\ndeny = ['chmod']\n") == foreign);
    CHECK(keys_of("allow = ['@base']\ndeny = ['chmod:EPERM']\n") ==
          "seccomp.default; or " + std::string{foreign});
    CHECK(keys_of("default = 'allow'\nallow = ['mount:kill-thread']\n"
                  "deny = ['chmod:trap', 'mkdir']\n"
                  "rules = [{ syscalls = ['rmdir'], action = 'kill-process' }]\n") ==
          "seccomp.allow, seccomp.deny, seccomp.rules; or " + std::string{foreign});
    CHECK(keys_of("default = 'kill-process'\nallow = ['@base']\ndeny = ['chmod']\n") ==
          "seccomp.default, seccomp.deny; or " + std::string{foreign});
}

}  // namespace confinit
