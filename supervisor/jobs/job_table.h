// SPDX-License-Identifier: Apache-2.0
// JobTable: the requests that are under way, as data; who waits for the end of one is not of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace confinit {

struct Job {
    std::string unit;
    std::string kind;      // "start", "stop", "restart", "reload"
    std::string asked_by;  // in whose name a deputy asks; empty where none does
};

class JobTable {
public:
    // Its number.
    std::uint64_t open(Job job);
    // Null for one that is over.
    const Job* find(std::uint64_t number) const;
    void close(std::uint64_t number);

    // Whether a job of this unit is open.
    bool has_open(std::string_view unit) const { return open_of_unit_.contains(unit); }

private:
    std::map<std::uint64_t, Job> jobs_;
    std::map<std::string, unsigned, std::less<>> open_of_unit_;
    std::uint64_t next_number_ = 1;
};

}  // namespace confinit
