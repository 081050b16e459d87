// SPDX-License-Identifier: Apache-2.0
// The words that the kernel's tables lend to the unit reader.
#include "launch/seccomp/kernel_vocabulary.h"

#include "kernel/capability_set.h"
#include "kernel/syscall_sets.h"
#include "launch/seccomp/unit_filter.h"

#include <linux/bpf_common.h>
#include <linux/filter.h>

namespace confinit {
namespace {

bool is_syscall_word(std::string_view word) {
    return word.starts_with('@') ? syscalls_in_set(word).has_value() : is_syscall_name(word);
}

std::optional<std::string> filter_fault(const Unit& unit) {
    // The supervisor's own set is not known here; the plan looks again.
    const auto policy = make_unit_policy(unit, planned_bounding(unit, ~CapabilityMask{0}));
    if (!policy) return policy.error().text();
    if (!*policy) return std::nullopt;
    const std::size_t size = compile_filter(**policy).size();
    if (size <= BPF_MAXINSNS) return std::nullopt;
    return "seccomp: the filter has " + std::to_string(size) +
           " instructions, and the kernel takes no more than " + std::to_string(BPF_MAXINSNS);
}

}  // namespace

Vocabulary kernel_vocabulary() {
    Vocabulary vocabulary{
        .capability_number = capability_number,
        .is_syscall_word = is_syscall_word,
        .filter_fault = filter_fault,
        .capability_names = {capability_names().begin(), capability_names().end()},
        .syscall_words = {syscall_words().begin(), syscall_words().end()},
        .securebits = {},
    };
    for (const SecurebitName& bit : securebit_names()) {
        vocabulary.securebits.emplace_back(bit.name, bit.mask);
    }
    return vocabulary;
}

}  // namespace confinit
