// SPDX-License-Identifier: Apache-2.0
// FilterCache: the compiled filters of the latest plans.
#include "launch/seccomp/filter_cache.h"

#include <algorithm>
#include <utility>

namespace confinit {

const BpfProgram* FilterCache::find(const SeccompConfig& config, CapabilityMask bounding) {
    const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
        return entry.bounding == bounding && entry.config == config;
    });
    if (found == entries_.end()) return nullptr;
    std::rotate(entries_.begin(), found, found + 1);
    return &entries_.front().program;
}

void FilterCache::add(const SeccompConfig& config, CapabilityMask bounding,
                      const BpfProgram& program) {
    if (find(config, bounding) != nullptr) return;
    if (entries_.size() == most_entries) entries_.pop_back();
    entries_.push_front({config, bounding, program});
}

}  // namespace confinit
