// SPDX-License-Identifier: Apache-2.0
// events [UNIT...]: what has happened to units lately, and with --follow what happens.
#include "control/fields.h"
#include "svctl/follow.h"
#include "svctl/human.h"
#include "svctl/output.h"
#include "svctl/since.h"
#include "svctl/verbs.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

namespace confinit {
namespace {

struct EventsOptions {
    std::vector<std::string> units;
    std::vector<std::string> kinds;
    std::string since;
    bool follow = false;
};

Json wanted_events(const EventsOptions& options, const Json& parameters) {
    Json wanted = Json::array();
    const Json* events = find_array(parameters, "events");
    if (events == nullptr) return wanted;
    const auto since = since_of(options.since).count();
    for (const Json& event : *events) {
        const std::string kind = string_or(event, "kind");
        const bool is_kind =
            options.kinds.empty() || std::ranges::find(options.kinds, kind) != options.kinds.end();
        if (is_kind && integer_or(event, "time_us") >= since) wanted.push_back(event);
    }
    return wanted;
}

void print_events(const Context& context, const Json& events) {
    if (context.json) {
        print_document(context, {{"events", events}});
        return;
    }
    std::string text;
    for (const Json& event : events) {
        const std::chrono::microseconds time{integer_or(event, "time_us")};
        text += fmt::format(
            "{} {} {} {}\n", human_time(time), shown(context, string_or(event, "unit")),
            shown(context, string_or(event, "kind")), shown(context, string_or(event, "text")));
    }
    print(text);
}

}  // namespace

VerbAction declare_events(Syntax& syntax) {
    auto options = std::make_unique<EventsOptions>();
    syntax.add("UNIT", &options->units, "only what concerns these units");
    syntax.add("--kind", &options->kinds,
               "only events of this kind: state, skipped, drift, asked, name, stale or launched; "
               "repeatable",
               {.type = "KIND",
                .choices = {"state", "skipped", "drift", "asked", "name", "stale", "launched"}});
    add_since(syntax, options->since);
    syntax.add("-f,--follow", &options->follow, "go on with events as they happen");
    syntax.footer =
        "A line shows the time, the unit, and what it is about: a new state, an optional key that\n"
        "the unit runs without (skipped), confinement that is no longer as declared, or is so "
        "again\n"
        "(drift), what somebody has asked for by the system bus (asked), the name on the bus that\n"
        "service.ready waits for (name), or a launch that is planned again, since what it was "
        "planned\n"
        "from has changed (stale), or the pid of a new main process (launched).";
    return [options = std::move(options)](const Context& context) {
        return print_replies(context, Method::events, {{"units", options->units}}, options->follow,
                             [&](const Json& parameters) {
                                 print_events(context, wanted_events(*options, parameters));
                             });
    };
}

}  // namespace confinit
