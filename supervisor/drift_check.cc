// SPDX-License-Identifier: Apache-2.0
// DriftCheck: from time to time, whether each running service is still confined as its unit says.
#include "drift_check.h"

#include <algorithm>
#include <fmt/format.h>

namespace confinit {

bool DriftCheck::has_services() const {
    return std::ranges::any_of(manager_.all(),
                               [](const auto& entry) { return node_of(*entry.second) != nullptr; });
}

std::optional<Clock::time_point> DriftCheck::next_deadline() {
    if (interval_ == Clock::duration::zero()) return std::nullopt;
    if (!due_.empty()) return Clock::now();
    if (!has_services()) {
        next_round_.reset();
    } else if (!next_round_) {
        next_round_ = Clock::now() + interval_;
    }
    return next_round_;
}

void DriftCheck::expire() {
    if (!due_.empty()) {
        const auto found = manager_.all().find(due_.front());
        due_.pop_front();
        if (found != manager_.all().end()) check(*found->second);
        return;
    }
    if (!next_round_ || Clock::now() < *next_round_) return;
    next_round_ = Clock::now() + interval_;
    for (const auto& [name, service] : manager_.all()) {
        if (node_of(*service) != nullptr) due_.push_back(name);
    }
}

void DriftCheck::check(Service& service) {
    // A filter is loaded after the main process is known.
    const bool is_running =
        service.run && service.run->is_launched() && manager_.find_running(service.unit.name);
    if (!service.group && !is_running) return;
    std::vector<std::string> drift;
    for (const VerifyItem& item : verify_service(service)) {
        if (!item.differs()) continue;
        drift.push_back(
            fmt::format("{}: declared {}, in force {}", item.key, item.declared, item.in_force));
    }
    for (const std::string& text : drift) {
        if (std::ranges::find(service.drift, text) != service.drift.end()) continue;
        const std::string line = "drift: " + text;
        console_.warning(fmt::format("{}: {}", service.unit.name, line));
        manager_.note(service.unit.name, EventKind::drift, text);
        service.log.append(LogStream::standard_error, "confinit: " + line + "\n");
    }
    service.drift = std::move(drift);
}

}  // namespace confinit
