// SPDX-License-Identifier: Apache-2.0
// How a service learns where to say that it is ready and well.
#include "launch/plan/parts.h"

#include "base/hash.h"

#include <algorithm>
#include <cstdint>

namespace confinit {
namespace {

// A longer name would not fit into sun_path of unix(7) with what stands around it.
constexpr std::size_t longest_name = 56;

void set_variable(PlanDraft& plan, std::string_view name, const std::string& value) {
    const std::string prefix = std::string{name} + "=";
    std::erase_if(plan.environment,
                  [&](const std::string& variable) { return variable.starts_with(prefix); });
    plan.environment.push_back(prefix + value);
}

}  // namespace

bool has_notify_socket(const Unit& unit) {
    return unit.service && (unit.service->ready.by == ReadyBy::notify || unit.service->watchdog);
}

std::string_view notify_key(const Unit& unit) {
    return unit.service->ready.by == ReadyBy::notify ? "service.ready" : "service.watchdog";
}

std::string notify_directory(const Unit& unit, const LaunchContext& context) {
    if (unit.name.size() <= longest_name) return context.notify_root + "/" + unit.name;
    const std::string_view name = unit.name;
    // Names that are cut at the same place stay different.
    return context.notify_root + "/" + std::string{name.substr(0, longest_name - 21)} + "~" +
           std::to_string(fnv1a(name));
}

void apply_readiness(const Unit& unit, const LaunchContext& context, PlanDraft& plan) {
    const ServiceConfig& service = *unit.service;
    if (service.ready.by == ReadyBy::descriptor) {
        plan.child.ready_number = service.ready.descriptor;
    }
    if (has_notify_socket(unit)) {
        const std::string directory =
            unit.namespaces.mount ? context.notify_root : notify_directory(unit, context);
        set_variable(plan, notify_socket_variable,
                     directory + "/" + std::string(notify_name_length, '0'));
    }
    if (service.watchdog) {
        set_variable(plan, "WATCHDOG_USEC", std::to_string(service.watchdog->count()));
    }
}

}  // namespace confinit
