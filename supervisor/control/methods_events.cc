// SPDX-License-Identifier: Apache-2.0
// The control method events: what has happened to units, and what happens.
#include "control/fields.h"
#include "supervisor/control/disclosure.h"
#include "supervisor/control/methods.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace confinit {
namespace {

constexpr auto event_kind_names = make_name_table<EventKind>({
    {EventKind::state, "state"},
    {EventKind::skipped, "skipped"},
    {EventKind::drift, "drift"},
    {EventKind::asked, "asked"},
    {EventKind::name, "name"},
    {EventKind::job, "job"},
    {EventKind::stale, "stale"},
    {EventKind::launched, "launched"},
    {EventKind::units, "units"},
});

// Each follower keeps them.
constexpr std::size_t most_units = 256;

// Which events a caller wants to hear of.
struct WantedEvents {
    std::vector<std::string> units;  // empty: all
    bool all = false;                // also jobs, and changes of the set of units

    bool has(const UnitEvent& event) const {
        const bool is_of_all = event.kind == EventKind::job || event.kind == EventKind::units;
        if (is_of_all && !all) return false;
        return units.empty() || std::ranges::find(units, event.unit) != units.end();
    }
};

Json event_list(ControlContext& context, const Responder& responder, const WantedEvents& wanted,
                std::uint64_t first) {
    const EventRing& ring = context.manager.events();
    Disclosure disclosure{context, responder};
    Json list = Json::array();
    for (const UnitEvent& event : ring.events()) {
        if (event.number < first || !wanted.has(event)) continue;
        const auto time =
            std::chrono::duration_cast<std::chrono::microseconds>(event.time.time_since_epoch());
        list.push_back({{"time_us", time.count()},
                        {"unit", event.unit},
                        {"kind", event_kind_names.name(event.kind)},
                        {"text", disclosure.told(event)}});
        if (event.job != 0) list.back()["job"] = event.job;
        if (!event.result.empty()) list.back()["result"] = event.result;
    }
    return list;
}

void events(ControlContext& context, const Call& call, Responder responder) {
    const WantedEvents wanted{
        .units = find_strings(call.parameters, "units").value_or(std::vector<std::string>{}),
        .all = bool_or(call.parameters, "all")};
    if (wanted.units.size() > most_units) {
        return responder.error(ControlError::invalid_parameter,
                               fmt::format("'units' may name {} units", most_units),
                               {{"parameter", "units"}});
    }
    const EventRing& ring = context.manager.events();
    const Json reply{{"events", event_list(context, responder, wanted, 0)}};
    if (!call.more) return responder.reply(reply);
    const bool follows = context.server.follow(
        responder,
        [&context, &ring, responder, wanted,
         next = ring.next_number()]() mutable -> std::optional<Json> {
            if (ring.next_number() <= next) return std::nullopt;
            const bool has_missed = ring.events().front().number > next;
            const Json list =
                event_list(context, responder, wanted, std::exchange(next, ring.next_number()));
            if (list.empty() && !has_missed) return std::nullopt;
            Json news{{"events", list}};
            if (has_missed) news["missed"] = true;
            return news;
        });
    if (follows) responder.reply_more(reply);
}

constexpr std::array event_rows{MethodRow{Method::events, events}};

}  // namespace

std::span<const MethodRow> event_methods() {
    return event_rows;
}

}  // namespace confinit
