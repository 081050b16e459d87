// SPDX-License-Identifier: Apache-2.0
// Capability names through libcap, and the model of what execve(2) does to the five sets.
#include "kernel/capability_set.h"

#include "base/letter_case.h"
#include "base/text.h"

#include <algorithm>
#include <limits>
#include <linux/securebits.h>
#include <memory>
#include <sys/capability.h>
#include <sys/prctl.h>

namespace confinit {

namespace {

constexpr int mask_bits = std::numeric_limits<CapabilityMask>::digits;

// Every bit up to and including this one.
constexpr CapabilityMask bits_up_to(int last) {
    return ~CapabilityMask{0} >> (mask_bits - 1 - last);
}

constexpr bool has_bit(CapabilityMask mask, int number) {
    return (mask >> number & 1) != 0;
}

struct FreeText {
    void operator()(char* text) const { cap_free(text); }
};

// "net_raw"; absent when libcap has no name and gives the number as text.
std::optional<std::string> libcap_name(int number) {
    const std::unique_ptr<char, FreeText> text(cap_to_name(number));
    if (!text) return std::nullopt;
    std::string_view name = text.get();
    if (!name.starts_with("cap_")) return std::nullopt;
    name.remove_prefix(4);
    return std::string(name);
}

// The index is the capability's number; the numbers have no gaps.
std::vector<std::string> read_names() {
    std::vector<std::string> names;
    for (int number = 0; number < mask_bits; ++number) {
        auto name = libcap_name(number);
        if (!name) break;
        names.push_back(std::move(*name));
    }
    return names;
}

// A constant that libcap holds, read once.
const std::vector<std::string>& names() {
    static const std::vector<std::string> all = read_names();
    return all;
}

constexpr SecurebitName securebits[] = {
    {"noroot", SECBIT_NOROOT},
    {"noroot-locked", SECBIT_NOROOT_LOCKED},
    {"no-setuid-fixup", SECBIT_NO_SETUID_FIXUP},
    {"no-setuid-fixup-locked", SECBIT_NO_SETUID_FIXUP_LOCKED},
    {"keep-caps", SECBIT_KEEP_CAPS},
    {"keep-caps-locked", SECBIT_KEEP_CAPS_LOCKED},
    {"no-cap-ambient-raise", SECBIT_NO_CAP_AMBIENT_RAISE},
    {"no-cap-ambient-raise-locked", SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED},
};

// The sets just before execve(2), as the child's steps leave them: whatever the user change keeps
// or takes away, the child then sets the permitted set to what the service is to start with.
CapabilitySets sets_before_exec(const CapabilityRequest& request) {
    const CapabilityMask ambient = request.ambient & request.bounding;
    const CapabilityMask permitted = request.uid == 0 ? request.bounding : ambient;
    return {.inheritable = ambient,
            .permitted = permitted,
            .effective = permitted,
            .bounding = request.bounding,
            .ambient = ambient};
}

}  // namespace

std::optional<int> capability_number(std::string_view name) {
    std::string wanted = in_lower_case(name);
    if (wanted.starts_with("cap_")) wanted.erase(0, 4);
    const auto found = std::ranges::find(names(), wanted);
    if (found == names().end()) return std::nullopt;
    return static_cast<int>(found - names().begin());
}

std::string capability_name(int number) {
    if (number < 0 || number >= std::ssize(names())) return "cap " + std::to_string(number);
    return names()[static_cast<std::size_t>(number)];
}

std::span<const std::string_view> capability_names() {
    static const std::vector<std::string_view> views(names().begin(), names().end());
    return views;
}

std::string capability_text(CapabilityMask mask, CapabilityMask all) {
    if (mask == 0) return "none";
    if ((mask & all) == all) return "all";
    std::vector<std::string> words;
    for (int number = 0; number < mask_bits; ++number) {
        if (has_bit(mask, number)) words.push_back(capability_name(number));
    }
    return join(words, " ");
}

// A kernel gets no new ones while it runs.
CapabilityMask kernel_capabilities() {
    static const CapabilityMask known = [] {
        int count = 0;
        while (count < mask_bits && prctl(PR_CAPBSET_READ, count, 0, 0, 0) >= 0)
            ++count;
        return bits_up_to(count - 1);
    }();
    return known;
}

CapabilitySets sets_after_exec(const CapabilityRequest& request) {
    const CapabilitySets before = sets_before_exec(request);
    // For root, every file counts as one with all capabilities and the effective bit, unless
    // SECBIT_NOROOT ends that. An ordinary file has neither, and it does not clear the ambient set.
    const bool is_privileged_root = request.uid == 0 && (request.securebits & SECBIT_NOROOT) == 0;
    const CapabilityMask file = is_privileged_root ? ~CapabilityMask{0} : 0;

    CapabilitySets after = before;
    after.permitted = (before.inheritable & file) | (file & before.bounding) | before.ambient;
    after.effective = is_privileged_root ? after.permitted : before.ambient;
    return after;
}

std::span<const SecurebitName> securebit_names() {
    return securebits;
}

CapabilityMask own_bounding_set() {
    CapabilityMask mask = 0;
    for (int capability = 0; capability < 64; ++capability) {
        if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1)
            mask |= CapabilityMask{1} << capability;
    }
    return mask;
}

bool holds_capability(int capability) {
    const std::unique_ptr<_cap_struct, int (*)(void*)> own{cap_get_proc(), cap_free};
    cap_flag_value_t value = CAP_CLEAR;
    return own && cap_get_flag(own.get(), capability, CAP_EFFECTIVE, &value) == 0 &&
           value == CAP_SET;
}

}  // namespace confinit
