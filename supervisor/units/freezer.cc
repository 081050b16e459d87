// SPDX-License-Identifier: Apache-2.0
// Freezer: one request to freeze or thaw a node, and who waits for it.
#include "supervisor/units/freezer.h"

#include <utility>

namespace confinit {

void Freezer::begin(const std::string& unit, const UnitNode& node, bool frozen, Done done) {
    end(failure("another request has taken its place"));
    if (const auto written = node.node().freeze(frozen); !written) return done(written);
    // Nothing would change until somebody ends that request, perhaps never.
    const auto above = frozen ? std::nullopt : node.freeze_request_above();
    if (above) return done(failure(above->text(unit) + ": " + above->way_out()));
    wanted_ = frozen;
    done_ = std::move(done);
    check(node.node());
}

void Freezer::check(const Cgroup& node) {
    if (!wanted_) return;
    const auto frozen = node.read_field("cgroup.events", "frozen");
    if (!frozen) return end(std::unexpected(frozen.error()));
    if ((*frozen != 0) == *wanted_) end({});
}

void Freezer::end(const Status& status) {
    if (!wanted_) return;
    wanted_.reset();
    std::exchange(done_, {})(status);
}

}  // namespace confinit
