// SPDX-License-Identifier: Apache-2.0
// Fuzzes containers' seccomp profiles: any bytes are read or refused with a place.
#include "../unit/test_vocabulary.h"
#include "unit/seccomp_profile.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace confinit {
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check_action(const SeccompAction& action) {
    require(action.error_number >= 0 && action.error_number <= 4095);
}

void check_rule(const ProfileRule& rule) {
    check_action(rule.action);
    for (const SeccompArgument& argument : rule.args) {
        require(argument.index < 6);
        require(!argument.bits || argument.bits == 32U || argument.bits == 64U);
    }
}

void check_profile(const SeccompProfile& profile) {
    check_action(profile.default_action);
    for (const ProfileRule& rule : profile.rules)
        check_rule(rule);
    for (const std::string& warning : profile.warnings)
        require(!warning.empty());
}

}  // namespace
}  // namespace confinit

// libFuzzer's name for its entry.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto profile = confinit::read_seccomp_profile(text, confinit::test_vocabulary());
    if (profile) {
        confinit::check_profile(*profile);
        return 0;
    }
    confinit::require(!profile.error().empty() && profile.error().size() <= 20);
    for (const confinit::ProfileFault& fault : profile.error())
        confinit::require(!fault.message.empty());
    return 0;
}
