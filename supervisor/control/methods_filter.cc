// SPDX-License-Identifier: Apache-2.0
// The control method that tells a unit's system call filter.
#include "kernel/bpf_text.h"
#include "kernel/capability_set.h"
#include "launch/seccomp/filter_export.h"
#include "launch/seccomp/unit_filter.h"
#include "supervisor/control/disclosure.h"
#include "supervisor/control/methods.h"

#include <array>
#include <fmt/format.h>

namespace confinit {
namespace {

// The policy that a unit runs under, or, where it does not run, would be started under.
Result<std::optional<SyscallPolicy>> policy_of(const Service& service) {
    const Run* run = service.run.get();
    if (run != nullptr && run->main_pid() != 0) {
        return make_unit_policy(run->unit(), run->plan()->child.bounding);
    }
    return make_unit_policy(service.unit, planned_bounding(service.unit, own_bounding_set()));
}

Result<Json> filter_of(const Service& service) {
    const auto policy = TRY(policy_of(service));
    if (!policy) {
        return Json{{"profile", {{"defaultAction", "SCMP_ACT_ALLOW"}}},
                    {"text", ""},
                    {"program", Json::array()}};
    }
    return Json{{"profile", export_profile(*policy)},
                {"text", policy_text(*policy)},
                {"program", program_lines(compile_filter(*policy))}};
}

void filter(ControlContext& context, const Call& call, Responder responder) {
    const auto service = looked_at_unit(context, call, responder);
    if (service == nullptr) return;
    if (const auto hidden = Disclosure{context, responder}.hidden(*service)) {
        return responder.error(ControlError::denied, *hidden);
    }
    answer_by_worker(context, responder, fmt::format("filter of '{}'", service->unit.name),
                     [look = UnitLook{context.manager, service}]() -> Result<Json> {
                         return filter_of(*TRY(look.service()));
                     });
}

constexpr std::array filter_rows{
    MethodRow{Method::filter, filter, Reads::unit},
};

}  // namespace

std::span<const MethodRow> filter_methods() {
    return filter_rows;
}

}  // namespace confinit
