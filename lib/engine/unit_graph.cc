// SPDX-License-Identifier: Apache-2.0
// UnitGraph: what is known of every unit, who needs whom and who comes before whom; no states.
#include "engine/unit_graph.h"

#include <algorithm>
#include <deque>
#include <utility>

namespace confinit::engine {
namespace {

template <class Names>
std::vector<std::string> listed(const Names& names) {
    return {names.begin(), names.end()};
}

// Walks back from the last unit before the cycle closes to its first.
std::string cycle_text(const std::map<std::string, std::string>& reached_from,
                       const std::string& first, std::string last) {
    std::string text = first;
    while (last != first) {
        text.insert(0, last + " -> ");
        last = reached_from.find(last)->second;
    }
    return text.insert(0, first + " -> ");
}

}  // namespace

const UnitGraph::Relation UnitGraph::relations[] = {
    {&UnitSpec::requires_units, &References::required_by},
    {&UnitSpec::wants, &References::wanted_by},
    {&UnitSpec::after, &References::after_it},
    {&UnitSpec::before, &References::before_it},
    {&UnitSpec::conflicts, &References::in_conflict},
};

void UnitGraph::link(const UnitSpec& spec) {
    implied_earlier_.clear();
    for (const auto& [list, naming] : relations) {
        for (const std::string& name : spec.*list)
            (references_[name].*naming).insert(spec.name);
    }
}

void UnitGraph::unlink(const UnitSpec& spec) {
    implied_earlier_.clear();
    for (const auto& [list, naming] : relations) {
        for (const std::string& name : spec.*list) {
            const auto found = references_.find(name);
            if (found == references_.end()) continue;
            References& references = found->second;
            (references.*naming).erase(spec.name);
            const bool is_named = std::ranges::any_of(relations, [&](const Relation& other) {
                return !(references.*other.naming).empty();
            });
            if (!is_named) references_.erase(found);
        }
    }
}

std::optional<std::string> UnitGraph::add(UnitSpec spec) {
    const std::string name = spec.name;
    std::optional<UnitSpec> former;
    if (const UnitSpec* known = find(name)) former = *known;
    remove(name);

    link(spec);
    specs_.insert_or_assign(name, std::move(spec));
    auto cycle = cycle_through(name);
    if (!cycle) return std::nullopt;

    remove(name);
    if (former) {
        link(*former);
        specs_.insert_or_assign(name, std::move(*former));
    }
    return cycle;
}

void UnitGraph::remove(std::string_view unit) {
    const auto found = specs_.find(unit);
    if (found == specs_.end()) return;
    unlink(found->second);
    specs_.erase(found);
}

const UnitSpec* UnitGraph::find(std::string_view unit) const {
    const auto found = specs_.find(unit);
    return found == specs_.end() ? nullptr : &found->second;
}

std::vector<std::string> UnitGraph::names() const {
    std::vector<std::string> all;
    all.reserve(specs_.size());
    for (const auto& [name, spec] : specs_)
        all.push_back(name);
    return all;
}

// The names that the unit lists itself, and the units that name it in the opposite list.
UnitGraph::Names UnitGraph::joined(std::string_view unit, List own, Naming others) const {
    Names names;
    if (const UnitSpec* spec = find(unit)) names.insert((spec->*own).begin(), (spec->*own).end());
    const auto found = references_.find(unit);
    if (found == references_.end()) return names;
    const Names& naming = found->second.*others;
    names.insert(naming.begin(), naming.end());
    return names;
}

UnitGraph::Names UnitGraph::written_earlier(std::string_view unit) const {
    return joined(unit, &UnitSpec::after, &References::before_it);
}

UnitGraph::Names UnitGraph::written_later(std::string_view unit) const {
    return joined(unit, &UnitSpec::before, &References::after_it);
}

// The units that run nothing and want or require this one.
UnitGraph::Names UnitGraph::seekers(std::string_view unit) const {
    Names names;
    const auto found = references_.find(unit);
    if (found == references_.end()) return names;
    for (const Names* naming : {&found->second.required_by, &found->second.wanted_by}) {
        for (const std::string& name : *naming) {
            if (!find(name)->is_service) names.insert(name);
        }
    }
    return names;
}

// The unit, and all that could wait for it if every order were kept, written or implied.
UnitGraph::Names UnitGraph::waiting_for(std::string_view unit) const {
    Names seen{std::string{unit}};
    std::deque<std::string> queue{std::string{unit}};
    for (; !queue.empty(); queue.pop_front()) {
        Names next = written_later(queue.front());
        next.merge(seekers(queue.front()));
        for (const std::string& name : next) {
            if (find(name) != nullptr && seen.insert(name).second) queue.push_back(name);
        }
    }
    return seen;
}

// The units that this one wants and requires, without those that wait for it themselves. A unit on
// a cycle is left out on all of its sides, so that the answer does not depend on which unit was
// asked first.
const UnitGraph::Names& UnitGraph::implied_earlier(std::string_view unit) const {
    static const Names none;
    const UnitSpec* spec = find(unit);
    if (spec == nullptr || spec->is_service) return none;
    if (const auto found = implied_earlier_.find(unit); found != implied_earlier_.end()) {
        return found->second;
    }
    const Names waiting = waiting_for(unit);
    Names implied;
    for (const auto* list : {&spec->requires_units, &spec->wants}) {
        for (const std::string& name : *list) {
            if (!waiting.contains(name)) implied.insert(name);
        }
    }
    return implied_earlier_.emplace(spec->name, std::move(implied)).first->second;
}

std::vector<std::string> UnitGraph::earlier(std::string_view unit) const {
    Names names = written_earlier(unit);
    const Names& implied = implied_earlier(unit);
    names.insert(implied.begin(), implied.end());
    return listed(names);
}

std::vector<std::string> UnitGraph::later(std::string_view unit) const {
    Names names = written_later(unit);
    for (const std::string& seeker : seekers(unit)) {
        if (implied_earlier(seeker).contains(unit)) names.insert(seeker);
    }
    return listed(names);
}

bool UnitGraph::is_implied(std::string_view unit, std::string_view earlier) const {
    return implied_earlier(unit).contains(earlier) && !written_earlier(unit).contains(earlier);
}

std::vector<std::string> UnitGraph::conflicting(std::string_view unit) const {
    Names names = joined(unit, &UnitSpec::conflicts, &References::in_conflict);
    if (const auto itself = names.find(unit); itself != names.end()) names.erase(itself);
    return listed(names);
}

std::vector<std::string> UnitGraph::required_by(std::string_view unit) const {
    const auto found = references_.find(unit);
    if (found == references_.end()) return {};
    return listed(found->second.required_by);
}

bool UnitGraph::is_needed(std::string_view unit) const {
    const auto found = references_.find(unit);
    if (found == references_.end()) return false;
    return !found->second.required_by.empty() || !found->second.wanted_by.empty();
}

bool UnitGraph::is_wanted_by(std::string_view unit, const std::string& other) const {
    const auto found = references_.find(unit);
    return found != references_.end() && found->second.wanted_by.contains(other);
}

bool UnitGraph::is_required_by(std::string_view unit, const std::string& other) const {
    const auto found = references_.find(unit);
    return found != references_.end() && found->second.required_by.contains(other);
}

std::vector<std::string> UnitGraph::dependents(std::string_view unit) const {
    Names seen{std::string{unit}};
    std::deque<std::string> queue{std::string{unit}};
    for (; !queue.empty(); queue.pop_front()) {
        for (std::string& name : required_by(queue.front())) {
            if (seen.insert(name).second) queue.push_back(std::move(name));
        }
    }
    seen.erase(seen.find(unit));
    return listed(seen);
}

std::vector<std::string> UnitGraph::missing(std::string_view unit) const {
    Names seen{std::string{unit}};
    Names absent;
    std::deque<std::string> queue{std::string{unit}};
    for (; !queue.empty(); queue.pop_front()) {
        const UnitSpec* spec = find(queue.front());
        if (spec == nullptr) {
            absent.insert(queue.front());
            continue;
        }
        for (const auto* list : {&spec->requires_units, &spec->wants}) {
            for (const std::string& name : *list) {
                if (seen.insert(name).second) queue.push_back(name);
            }
        }
    }
    return listed(absent);
}

// Breadth first, so that the cycle that is told is the shortest one. A name that is not loaded
// never has a job and cannot be waited for; if it is loaded later, that unit closes the cycle.
std::optional<std::string> UnitGraph::cycle_through(const std::string& unit) const {
    if (written_later(unit).empty()) return std::nullopt;
    std::map<std::string, std::string> reached_from;
    std::deque<std::string> queue{unit};
    for (; !queue.empty(); queue.pop_front()) {
        for (const std::string& name : written_earlier(queue.front())) {
            if (name == unit) return cycle_text(reached_from, unit, queue.front());
            if (find(name) == nullptr) continue;
            if (reached_from.emplace(name, queue.front()).second) queue.push_back(name);
        }
    }
    return std::nullopt;
}

// The unit and, transitively, what it requires, as far as it is loaded and not in `known`.
UnitGraph::Names UnitGraph::requirements(std::string_view unit, const Names& known) const {
    Names seen{std::string{unit}};
    std::deque<std::string> queue{std::string{unit}};
    for (; !queue.empty(); queue.pop_front()) {
        for (const std::string& name : find(queue.front())->requires_units) {
            if (find(name) == nullptr || known.contains(name)) continue;
            if (seen.insert(name).second) queue.push_back(name);
        }
    }
    return seen;
}

std::optional<UnitGraph::Clash> UnitGraph::clash(const Names& units, const Names& others) const {
    for (const std::string& unit : units) {
        for (std::string& name : conflicting(unit)) {
            if (units.contains(name) || others.contains(name)) return Clash{unit, std::move(name)};
        }
    }
    return std::nullopt;
}

std::vector<LeftOut> UnitGraph::add_wanted(Names& plan) const {
    std::vector<LeftOut> left_out;
    std::deque<std::string> queue{plan.begin(), plan.end()};
    for (; !queue.empty(); queue.pop_front()) {
        for (const std::string& name : find(queue.front())->wants) {
            const bool is_known =
                plan.contains(name) ||
                std::ranges::find(left_out, name, &LeftOut::unit) != left_out.end();
            if (find(name) == nullptr || is_known) continue;
            Names more = requirements(name, plan);
            if (const auto found = clash(more, plan)) {
                const std::string need =
                    found->unit == name ? "" : "needs '" + found->unit + "', which ";
                left_out.push_back(
                    {name, found->other,
                     need + "conflicts with '" + found->other + "', which starts with it"});
                continue;
            }
            queue.insert(queue.end(), more.begin(), more.end());
            plan.merge(more);
        }
    }
    return left_out;
}

Result<StartSet> UnitGraph::find_start_set(std::string_view unit, Pull pull) const {
    Names plan = requirements(unit, {});
    if (const auto found = clash(plan, {})) {
        return failure("it needs both '" + found->unit + "' and '" + found->other +
                       "', which conflict");
    }
    std::vector<LeftOut> left_out;
    if (pull == Pull::required_and_wanted) left_out = add_wanted(plan);
    return StartSet{listed(plan), std::move(left_out)};
}

}  // namespace confinit::engine
