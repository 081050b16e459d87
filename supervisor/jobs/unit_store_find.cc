// SPDX-License-Identifier: Apache-2.0
// UnitStore's part about units that nobody needs: looked at without being kept, and forgotten.
//
// The units that are files are as many as there are files, and they are all kept. The instances of
// a template are as many as somebody can name. So an instance is there from the request that starts
// it until its run is over, and longer only while it failed, a unit that is loaded requires or
// wants it, or it is one of the latest few that have something to tell.
#include "supervisor/jobs/unit_store.h"

#include "unit/unit_name.h"

#include <algorithm>

namespace confinit {
namespace {

// Instances that have ended well, with their last output.
constexpr std::size_t most_ended = 64;

bool is_instance(std::string_view name) {
    return name.find('@') != std::string_view::npos;
}

}  // namespace

std::expected<Service*, UnitRefused> UnitStore::find(std::string_view name) {
    const auto found = units_.find(name);
    if (found != units_.end()) return found->second.get();
    auto [unit, stamp] = read_unit(name);
    if (!unit) {
        const UnitRefused why = refuse(name, unit.error());
        if (why.is_unknown) return std::unexpected(why);
        const auto broken = broken_.find(name);
        if (broken != broken_.end() && !why.exists) broken_.erase(broken);
        if (why.exists && !is_instance(name)) broken_[std::string{name}] = why.problems;
        return std::unexpected(why);
    }
    const std::string known_as = unit->name;
    if (auto cycle = take(std::move(*unit), std::move(stamp))) {
        return std::unexpected(UnitRefused{true, {std::move(*cycle)}});
    }
    forget_later(known_as);
    return units_.find(known_as)->second.get();
}

UnitRefused UnitStore::refuse(std::string_view name, const std::vector<Problem>& problems) const {
    if (read_failure_.empty()) return refused(name, problems);
    return {.problems = texts(problems), .is_unknown = true};
}

std::expected<std::shared_ptr<Service>, UnitRefused> UnitStore::look(std::string_view name) const {
    // A pointer that owns nothing: the store keeps what it knows.
    const auto known = [this](std::string_view unit) {
        const auto found = units_.find(unit);
        Service* service = found == units_.end() ? nullptr : found->second.get();
        return std::shared_ptr<Service>{std::shared_ptr<Service>{}, service};
    };
    if (auto service = known(name); service.get() != nullptr) return service;
    auto [unit, stamp] = read_unit(name);
    if (!unit) return std::unexpected(refuse(name, unit.error()));
    if (auto service = known(unit->name); service.get() != nullptr) return service;
    auto service = std::make_shared<Service>();
    service->unit = std::move(*unit);
    service->disk = {.stamp = std::move(stamp)};
    return service;
}

void UnitStore::forget_later(std::string_view name) {
    if (!is_instance(name)) return;
    if (perhaps_unneeded_.empty()) machinery_.loop.defer([this] { forget_unneeded(); });
    perhaps_unneeded_.emplace(name);
}

bool UnitStore::is_needed(const Service& service) const {
    const std::string& name = service.unit.name;
    const bool has_something = service.run || service.group || service.is_changing;
    if (has_something || service.unit.files.empty()) return true;
    if (engine_.state(name).sub != engine::SubState::dead) return true;
    return engine_.is_needed_by_others(name);
}

void UnitStore::forget_unneeded() {
    const auto names = std::exchange(perhaps_unneeded_, {});
    for (const std::string& name : names) {
        const auto found = units_.find(name);
        if (found == units_.end() || is_needed(*found->second)) continue;
        const Service& service = *found->second;
        if (service.last_end || service.log.next_number() > 1) {
            std::erase(ended_, name);
            ended_.push_back(name);
        } else {
            forget_if_unneeded(name);
        }
    }
    while (ended_.size() > most_ended) {
        forget_if_unneeded(ended_.front());
        ended_.pop_front();
    }
}

// One that has been started again meanwhile stays, and so does one that a job is still about.
void UnitStore::forget_if_unneeded(const std::string& name) {
    const auto found = units_.find(name);
    if (found == units_.end() || is_needed(*found->second)) return;
    (void)forget(name);
}

}  // namespace confinit
