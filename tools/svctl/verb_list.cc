// SPDX-License-Identifier: Apache-2.0
// list [PATTERN...]: loaded units in a table, one a line.
#include "control/fields.h"
#include "svctl/list_text.h"
#include "svctl/output.h"
#include "svctl/request.h"
#include "svctl/verbs.h"

#include <algorithm>
#include <fnmatch.h>
#include <memory>

namespace confinit {
namespace {

struct ListOptions {
    std::vector<std::string> patterns;
    std::vector<std::string> states;
    std::vector<std::string> kinds;
    bool failed = false;
};

bool holds(const std::vector<std::string>& words, const std::string& word) {
    return std::ranges::find(words, word) != words.end();
}

bool is_wanted(const ListOptions& options, const Json& unit) {
    const std::string name = string_or(unit, "name");
    const std::string active = string_or(unit, "active");
    const bool is_named = options.patterns.empty() ||
                          std::ranges::any_of(options.patterns, [&](const std::string& pattern) {
                              return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
                          });
    const bool is_in_state = options.states.empty() || holds(options.states, active) ||
                             holds(options.states, string_or(unit, "sub")) ||
                             holds(options.states, string_or(unit, "enabled"));
    const bool is_of_kind = options.kinds.empty() || holds(options.kinds, string_or(unit, "kind"));
    return is_named && is_in_state && is_of_kind && (!options.failed || active == "failed");
}

int run_list(const Context& context, const ListOptions& options) {
    const auto answer = request(context, Method::list);
    if (!answer) return report_refusal(context, answer.error());
    const Json* units = find_array(*answer, "units");
    Json summaries = Json::array();
    for (const Json& unit : units != nullptr ? *units : Json::array()) {
        if (is_wanted(options, unit)) summaries.push_back(unit);
    }
    if (context.json) return print_document(context, {{"units", summaries}});
    print(list_text(context, summaries));
    return 0;
}

}  // namespace

VerbAction declare_list(Syntax& syntax) {
    auto options = std::make_unique<ListOptions>();
    syntax.add("PATTERN", &options->patterns, "only units of such names: \"heat@*\"");
    syntax.add("--state", &options->states,
               "only units in one of these states: active, failed, auto-restart, enabled, ...",
               {.type = "STATE", .delimiter = ','});
    syntax.add("--kind", &options->kinds, "only services, groups or targets",
               {.type = "KIND", .delimiter = ',', .choices = {"service", "group", "target"}});
    syntax.add("--failed", &options->failed, "only units that have failed");
    return [options = std::move(options)](const Context& context) {
        return run_list(context, *options);
    };
}

}  // namespace confinit
