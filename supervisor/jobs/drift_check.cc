// SPDX-License-Identifier: Apache-2.0
// DriftCheck: from time to time, whether each running service is still confined as its unit says.
#include "supervisor/jobs/drift_check.h"

#include "control/fields.h"
#include "control/message.h"
#include "supervisor/jobs/event_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace confinit {
namespace {

constexpr std::size_t services_of_one_worker = 16;

Json drift_of(const std::vector<VerifyItem>& items) {
    Json drift = Json::array();
    for (const VerifyItem& item : items) {
        if (!item.differs()) continue;
        drift.push_back({{"key", item.key},
                         {"difference",
                          fmt::format("declared {}, in force {}", item.declared, item.in_force)}});
    }
    return drift;
}

std::vector<DriftItem> drift_in(const Json& entry) {
    std::vector<DriftItem> drift;
    const Json* items = find_array(entry, "drift");
    if (items == nullptr) return drift;
    for (const Json& item : *items)
        drift.push_back({string_or(item, "key"), string_or(item, "difference")});
    return drift;
}

// In the worker. A filter is loaded after the main process is known.
Json look_at(const Manager& manager, const std::vector<std::string>& names) {
    Json list = Json::array();
    for (const std::string& name : names) {
        const auto found = manager.units().all().find(name);
        if (found == manager.units().all().end()) continue;
        const Service& service = *found->second;
        const bool is_running =
            service.run && service.run->is_launched() && manager.units().find_running(name);
        if (!service.group && !is_running) continue;
        const auto items = verify_service(service);
        if (!items) continue;
        list.push_back({{"unit", name}, {"run", service.run_number}, {"drift", drift_of(*items)}});
    }
    return list;
}

}  // namespace

bool DriftCheck::has_services() const {
    return std::ranges::any_of(manager_.units().all(),
                               [](const auto& entry) { return node_of(*entry.second) != nullptr; });
}

std::optional<Clock::time_point> DriftCheck::next_deadline() {
    if (interval_ == Clock::duration::zero()) return std::nullopt;
    if (is_looking_) return std::nullopt;
    if (!due_.empty()) return Clock::now();
    if (!has_services()) {
        next_round_.reset();
    } else if (!next_round_) {
        next_round_ = Clock::now() + interval_;
    }
    return next_round_;
}

void DriftCheck::expire() {
    if (is_looking_) return;
    if (!due_.empty()) return check_some();
    if (!next_round_ || Clock::now() < *next_round_) return;
    next_round_ = Clock::now() + interval_;
    for (const auto& [name, service] : manager_.units().all()) {
        if (node_of(*service) != nullptr) due_.push_back(name);
    }
}

void DriftCheck::check_some() {
    std::vector<std::string> names;
    while (!due_.empty() && names.size() < services_of_one_worker) {
        names.push_back(std::move(due_.front()));
        due_.pop_front();
    }
    is_looking_ = true;
    WorkerJob job{.name = "drift check"};
    job.task.work = [this, names]() -> Result<std::string> {
        return dump(look_at(manager_, names));
    };
    job.task.descriptors = [this, names] {
        std::vector<int> all;
        for (const std::string& name : names) {
            const auto found = manager_.units().all().find(name);
            if (found == manager_.units().all().end()) continue;
            std::ranges::copy(verify_descriptors(*found->second), std::back_inserter(all));
        }
        return all;
    };
    manager_.machinery().workers.run(std::move(job), [this](Result<std::string> answer) {
        is_looking_ = false;
        take_answer(answer);
    });
}

// A service that has ended meanwhile, or begun another run, is left for the next round.
void DriftCheck::take_answer(const Result<std::string>& answer) {
    if (!answer) return console_.warning(answer.error().text());
    const Json list = Json::parse(*answer, nullptr, false);
    if (!list.is_array()) return;
    for (const Json& entry : list) {
        const auto found = manager_.units().all().find(string_or(entry, "unit"));
        if (found == manager_.units().all().end()) continue;
        Service& service = *found->second;
        const auto run = static_cast<std::int64_t>(service.run_number);
        if (integer_or(entry, "run", -1) != run || node_of(service) == nullptr) continue;
        note_drift(service, drift_in(entry));
    }
}

void DriftCheck::note_drift(Service& service, std::vector<DriftItem> drift) {
    const std::string& unit = service.unit.name;
    const DriftNews news = compare_drift(service.drift, drift);
    const auto tell = [&](const std::string& text, const std::string& line) {
        manager_.note(unit, EventKind::drift, text);
        service.log.append(LogStream::standard_error, "confinit: drift: " + line + "\n");
    };
    for (const DriftItem& item : news.begun) {
        const std::string text = item.text();
        console_.warning(fmt::format("{}: drift: {}", unit, text));
        // Those who read the log need not be able to read the unit's file, and so its values.
        tell(text, fmt::format("{} differs; svctl status {} tells how", item.key, unit));
    }
    for (const std::string& key : news.over) {
        const std::string text = key + " is as declared again";
        console_.notice(fmt::format("{}: drift: {}", unit, text));
        tell(text, text);
    }
    service.drift = std::move(drift);
}

}  // namespace confinit
