// SPDX-License-Identifier: Apache-2.0
// The words that the kernel's tables lend to the unit reader.
#include "launch/vocabulary.h"

#include "kernel/capability_set.h"
#include "kernel/syscall_sets.h"

namespace confinit {
namespace {

bool is_syscall_word(std::string_view word) {
    return word.starts_with('@') ? syscalls_in_set(word).has_value() : is_syscall_name(word);
}

}  // namespace

Vocabulary kernel_vocabulary() {
    Vocabulary vocabulary{
        .capability_number = capability_number,
        .is_syscall_word = is_syscall_word,
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
