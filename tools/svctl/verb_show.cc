// SPDX-License-Identifier: Apache-2.0
// show UNIT...: every key of a unit with the value in force, and facts of its run, as KEY=VALUE.
#include "base/text.h"
#include "control/fields.h"
#include "svctl/declare.h"
#include "svctl/output.h"
#include "svctl/show_filter.h"
#include "svctl/unit_reports.h"
#include "unit/keys.h"
#include "unit/systemd_words.h"
#include "unit/unknown_words.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

namespace confinit {
namespace {

struct ShowOptions {
    std::vector<std::string> units;
    std::vector<std::string> keys;  // empty for all
    bool filter = false;
    bool program = false;

    bool wants(const std::string& key) const {
        return keys.empty() || std::ranges::find(keys, key) != keys.end();
    }
};

// "service.environment.PATH" is a part of a key.
bool is_key_or_part(std::string_view name) {
    return std::ranges::any_of(all_keys(),
                               [&](const Key* key) { return is_key_within(name, key->path); });
}

struct OtherProperty {
    std::string_view name;
    std::string_view own;
};

// Properties by which systemd tells of a run, and what others are called in short.
constexpr OtherProperty other_properties[] = {
    {"pid", "run.pid"},
    {"main_pid", "run.pid"},
    {"MainPID", "run.pid"},
    {"ExecMainPID", "run.pid"},
    {"ActiveState", "run.active"},
    {"SubState", "run.sub"},
    {"ControlGroup", "run.cgroup"},
    {"Result", "run.last_exit"},
    {"NRestarts", "run.attempt"},
    {"ExecMainStatus", "run.last_exit"},
};

std::string nearest_property(const std::string& name, const Json& properties) {
    const auto* other = std::ranges::find(other_properties, name, &OtherProperty::name);
    if (other != std::end(other_properties)) return std::string{other->own};
    if (std::string meant = key_for_synonym(name); !meant.empty()) return meant;
    const auto answering = keys_for_directive(name);
    if (!answering.empty()) return std::string{answering.front()->path};
    std::vector<std::string_view> words;
    for (const Key* key : all_keys())
        words.insert(words.end(), {key->path, key->path.substr(key->path.find('.') + 1)});
    for (const auto& [key, value] : properties.items())
        words.push_back(key);
    return std::string{nearest_word(name, words).value_or("")};
}

// A key that the unit does not give has no property, and yet is one; anything else is a slip.
Answer<void> check_names(const ShowOptions& options, const Json& properties) {
    for (const std::string& name : options.keys) {
        if (properties.contains(name) || is_key_or_part(name)) continue;
        const std::string nearest = nearest_property(name, properties);
        return refuse({.hint = fmt::format(
                           "there is no property '{}'{}", name,
                           nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest))});
    }
    return {};
}

// The places of the keys that drop-ins give.
Json wanted_origins(const Json& answer, const ShowOptions& options) {
    Json wanted = Json::object();
    const Json* origins = find_object(answer, "origins");
    if (origins == nullptr) return wanted;
    for (const auto& [key, origin] : origins->items()) {
        if (options.wants(key) && origin.is_string()) wanted[key] = origin;
    }
    return wanted;
}

Answer<UnitReport> ask_properties(const Context& context, const ShowOptions& options,
                                  const std::string& unit) {
    const Json answer = TRY(request(context, Method::show, {{"unit", unit}}));
    const Json* properties = find_object(answer, "properties");
    if (properties == nullptr) return refuse({.hint = "reply without properties"});
    TRY(check_names(options, *properties));

    Json wanted = Json::object();
    std::string text;
    for (const auto& [key, value] : properties->items()) {
        if (!options.wants(key)) continue;
        wanted[key] = value;
        const std::string line = value.is_string() ? value.get<std::string>() : dump(value);
        text += shown(context, key) + "=" + shown(context, line) + "\n";
    }
    const Json origins = wanted_origins(answer, options);
    if (options.keys.empty()) {
        for (const auto& [key, origin] : origins.items())
            text += "# " + shown(context, key + " is given in " + origin.get<std::string>()) + "\n";
    }
    Json report = {{"properties", std::move(wanted)}, {"origins", origins}};
    if (const auto hidden = find_string(answer, "hidden")) {
        text += "# " + shown(context, *hidden) + "\n";
        report["hidden"] = *hidden;
    }
    return UnitReport{.json = std::move(report), .text = std::move(text)};
}

}  // namespace

VerbAction declare_show(Syntax& syntax) {
    auto options = std::make_unique<ShowOptions>();
    add_units(syntax, options->units);
    syntax.add("-p,--property", &options->keys, "only this KEY; may be given several times",
               {.type = "KEY", .is_one_in_help = true});
    syntax.add("--filter", &options->filter,
               "the system call filter of one unit, or of a unit FILE.toml");
    syntax.add("--bpf", &options->program, "with its instructions", {.needs = "--filter"});
    syntax.footer =
        "Lines with '#' tell which drop-in gives a key. "
        "With --json, the filter is a profile of the OCI runtime specification, which the key "
        "seccomp.profile reads. Other runtimes read it in the same way, unless it has a member "
        "\"confinit\".";
    return [options = std::move(options)](const Context& context) {
        if (options->filter) {
            if (options->units.size() == 1) {
                return show_filter(context, {options->units.front(), options->program});
            }
            return report_refusal(context, {.message = "--filter shows one unit at a time"});
        }
        return report_units(context, options->units, [&](const std::string& unit) {
            return ask_properties(context, *options, unit);
        });
    };
}

}  // namespace confinit
