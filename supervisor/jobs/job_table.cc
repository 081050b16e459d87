// SPDX-License-Identifier: Apache-2.0
// JobTable: the requests that are under way, as data; who waits for the end of one is not of it.
#include "supervisor/jobs/job_table.h"

#include <algorithm>
#include <utility>

namespace confinit {

std::uint64_t JobTable::open(Job job) {
    const std::uint64_t number = next_number_++;
    ++open_of_unit_[job.unit];
    jobs_.emplace(number, std::move(job));
    return number;
}

const Job* JobTable::find(std::uint64_t number) const {
    const auto found = jobs_.find(number);
    return found == jobs_.end() ? nullptr : &found->second;
}

void JobTable::close(std::uint64_t number) {
    const auto found = jobs_.find(number);
    if (found == jobs_.end()) return;
    const auto open = open_of_unit_.find(found->second.unit);
    if (open != open_of_unit_.end() && --open->second == 0) open_of_unit_.erase(open);
    jobs_.erase(found);
}

}  // namespace confinit
