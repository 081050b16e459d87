// SPDX-License-Identifier: Apache-2.0
// Disclosure: what one call tells its caller of units whose files the caller could not read.
#include "supervisor/control/disclosure.h"

#include <array>
#include <fmt/format.h>

namespace confinit {
namespace {

// The reason may be that of another unit, whose files are others: "requires 'db', which failed:
// ...", also behind a state.
bool is_of_another(std::string_view reason) {
    for (const std::string_view beginning : {"requires '", "conflicts "}) {
        const std::size_t at = reason.find(beginning);
        if (at == 0 || (at != std::string_view::npos && reason.substr(0, at).ends_with(": "))) {
            return true;
        }
    }
    return false;
}

}  // namespace

Disclosure::Disclosure(ControlContext& context, const Responder& responder)
    : context_(context),
      caller_(responder.caller()),
      is_full_(context.visibility.shows_all_to(caller_)) {}

const std::optional<std::string>& Disclosure::hidden(const Service& service) {
    const auto [entry, is_new] = hidden_.try_emplace(service.unit.name);
    if (is_new && !is_full_) {
        const auto file = context_.visibility.find_hidden(caller_, service.unit.files);
        if (file) {
            entry->second = fmt::format("the keys of the unit are for who can read '{}'", *file);
        }
    }
    return entry->second;
}

bool Disclosure::shows(std::string_view unit) {
    const auto found = context_.manager.units().all().find(unit);
    return is_full_ || (found != context_.manager.units().all().end() && !hidden(*found->second));
}

std::string Disclosure::outline(std::string_view text, std::size_t colons) {
    std::size_t end = 0;
    for (std::size_t i = 0; i < colons && end != std::string_view::npos; ++i)
        end = text.find(": ", i == 0 ? 0 : end + 2);
    return std::string{text.substr(0, end)};
}

void Disclosure::limit_reason(Json& unit, const char* field, bool is_hidden) const {
    const auto text = unit.find(field);
    if (text == unit.end() || !text->is_string()) return;
    const auto& reason = text->get_ref<const std::string&>();
    if (is_hidden || is_of_another(reason)) *text = outline(reason);
}

void Disclosure::hide_problems(Json& unit) const {
    if (is_full_ || unit["load_problems"].empty()) return;
    unit["load_problems"] = Json::array({problems_are_hidden});
    if (unit["sub"] == "not-loaded") unit["reason"] = problems_are_hidden;
}

void Disclosure::limit(Json& unit, const Service& service) {
    if (is_full_) return;
    hide_problems(unit);
    const auto& why = hidden(service);
    limit_reason(unit, "reason", why.has_value());
    if (!why) return;
    unit["hidden"] = *why;
    unit["description"] = "";
    limit_reason(unit, "last_exit", true);
    unit.erase("setup_failure");
    for (const char* field : {"warnings", "overridden"}) {
        if (unit.contains(field)) unit[field] = Json::array();
    }
    for (const char* field : {"drift", "skipped"}) {
        if (!unit.contains(field)) continue;
        for (Json& text : unit[field])
            text = outline(text.get_ref<const std::string&>());
    }
}

void Disclosure::limit_item(Json& item, const Service& service) {
    if (!hidden(service)) return;
    item["declared"] = "";
    item["in_force"] = "";
}

std::string Disclosure::told(std::string problem) const {
    // It quotes the one file that it begins with.
    constexpr std::string_view ending = ".toml";
    const std::size_t end = problem.find(".toml:");
    const bool has_file = problem.starts_with('/') && end != std::string::npos;
    const std::string file = has_file ? problem.substr(0, end + ending.size()) : "";
    if (is_full_ || (has_file && !context_.visibility.find_hidden(caller_, {file}))) return problem;
    const std::string hidden{problems_are_hidden};
    return has_file ? file + ": " + hidden : hidden;
}

std::string Disclosure::told(const UnitEvent& event) {
    if (is_full_) return event.text;
    if (shows(event.unit) && !is_of_another(event.text)) return event.text;
    // "failed: requires 'db', which failed: ..."
    return outline(event.text, event.kind == EventKind::state ? 2 : 1);
}

}  // namespace confinit
