// SPDX-License-Identifier: Apache-2.0
// FilterCache: the compiled filters of the latest plans. Compiling is most of the cost of a plan,
// and a unit that starts again has the filter that it had.
#pragma once

#include "kernel/syscall_filter.h"
#include "unit/unit.h"

#include <cstddef>
#include <deque>

namespace confinit {

// A filter follows from its configuration and the bounding set that a container's profile asks for
// (and from the running kernel, which does not change), so an entry cannot grow old: it is found by
// all that the compiler is given, and by nothing else. A profile that is read anew is another one.
class FilterCache {
public:
    // A new entry takes the place of the one that has not been asked for the longest.
    static constexpr std::size_t most_entries = 64;

    // Null when there is none. It stays where it is until the next call of add().
    const BpfProgram* find(const SeccompConfig& config, CapabilityMask bounding);
    void add(const SeccompConfig& config, CapabilityMask bounding, const BpfProgram& program);

    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        SeccompConfig config;
        CapabilityMask bounding = 0;
        BpfProgram program;
    };

    std::deque<Entry> entries_;  // the one that was asked for last comes first
};

}  // namespace confinit
