// SPDX-License-Identifier: Apache-2.0
// The control method events: what has happened to units, and what happens.
#include "control/fields.h"
#include "control_methods.h"
#include "disclosure.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace confinit {
namespace {

constexpr auto event_kind_names = make_name_table<EventKind>({
    {EventKind::state, "state"},
    {EventKind::skipped, "skipped"},
    {EventKind::drift, "drift"},
});

// Each follower keeps them.
constexpr std::size_t most_units = 256;

Json event_list(ControlContext& context, const Responder& responder,
                const std::vector<std::string>& units, std::uint64_t first) {
    const EventRing& ring = context.manager.events();
    Disclosure disclosure{context, responder};
    Json list = Json::array();
    for (const UnitEvent& event : ring.events()) {
        const bool is_wanted = units.empty() || std::ranges::find(units, event.unit) != units.end();
        if (event.number < first || !is_wanted) continue;
        const auto time =
            std::chrono::duration_cast<std::chrono::microseconds>(event.time.time_since_epoch());
        list.push_back({{"time_us", time.count()},
                        {"unit", event.unit},
                        {"kind", event_kind_names.name(event.kind)},
                        {"text", disclosure.told(event)}});
    }
    return list;
}

void events(ControlContext& context, const Call& call, Responder responder) {
    const std::vector<std::string> units =
        find_strings(call.parameters, "units").value_or(std::vector<std::string>{});
    if (units.size() > most_units) {
        return responder.error(ControlError::invalid_parameter,
                               fmt::format("'units' may name {} units", most_units),
                               {{"parameter", "units"}});
    }
    const EventRing& ring = context.manager.events();
    const Json reply{{"events", event_list(context, responder, units, 0)}};
    if (!call.more) return responder.reply(reply);
    const bool follows = context.server.follow(
        responder,
        [&context, &ring, responder, units,
         next = ring.next_number()]() mutable -> std::optional<Json> {
            if (ring.next_number() <= next) return std::nullopt;
            const Json list =
                event_list(context, responder, units, std::exchange(next, ring.next_number()));
            if (list.empty()) return std::nullopt;
            return Json{{"events", list}};
        });
    if (follows) responder.reply_more(reply);
}

constexpr std::array rows{MethodRow{Method::events, Callers::anyone, events}};

}  // namespace

std::span<const MethodRow> event_methods() {
    return rows;
}

}  // namespace confinit
