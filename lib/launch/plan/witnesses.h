// SPDX-License-Identifier: Apache-2.0
// PlanWitnesses: what the making of a plan looks at, written down for later launches of it.
#pragma once

#include "launch/witness.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace confinit {

// While it lives, the looks of a plan are written down here, each path once: the first look counts,
// so that a change between two looks is noticed later. One plan is made at a time.
class PlanWitnesses {
public:
    PlanWitnesses();
    PlanWitnesses(const PlanWitnesses&) = delete;
    PlanWitnesses& operator=(const PlanWitnesses&) = delete;
    ~PlanWitnesses();

    // The launch itself makes this directory of the host, with those that lead to it, and all that
    // is in it.
    void leave_out(std::string_view directory);
    // The service fills this one. What the plan has looked at in there may be another file before
    // the next launch, and nobody can tell it from what the launch makes: the plan is not kept.
    void leave_out_prepared(std::string_view directory);

    // One block for witnesses_in(). A directory on the way to another witness is left out, since
    // whatever changes about it changes that one.
    std::vector<std::byte> seal() const;

    // Whether they tell of every change before another launch: all that counts can be compared, and
    // nothing may have changed after the look and be stamped as before.
    bool may_serve_again() const { return is_complete_ && !is_young_; }

private:
    friend void witness(const std::string& path, int error, const struct statx& seen);
    friend void witness_content(const std::string& path);
    friend void witness_presence(const std::string& path);
    friend void leave_out_witness(const std::string& path);
    friend void keep_no_plan();

    struct Look {
        WitnessKind kind = WitnessKind::object;
        int error = 0;
        struct statx seen{};
        std::string key = {};
        bool is_left_out = false;
    };

    bool is_on_way(const std::string& path, const Look& look) const;

    std::map<std::string, Look> looks_;
    bool is_complete_ = true;
    bool is_young_ = false;
};

// Each of these does nothing while there is no PlanWitnesses.

// A look that was made; `seen` counts where `error` is 0.
void witness(const std::string& path, int error, const struct statx& seen);
// The content counts as well, and is read after this.
void witness_content(const std::string& path);
// Looks whether anything is there, and nothing else counts.
void witness_presence(const std::string& path);
// Nobody can compare what is there, and the plan is not kept.
void leave_out_witness(const std::string& path);
// The plan depends on what no witness can tell.
void keep_no_plan();
bool has_witnesses();

}  // namespace confinit
