// SPDX-License-Identifier: Apache-2.0
// set UNIT KEY=VALUE...: changes limits of a unit while it runs, and keeps them.
#include "svctl/declare.h"
#include "svctl/limit_text.h"
#include "svctl/output.h"
#include "svctl/request.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <optional>

namespace confinit {
namespace {

struct SetOptions {
    std::string unit;
    std::vector<std::string> changes;
    bool runtime = false;
    bool force = false;
};

bool is_change(const std::string& text) {
    const std::size_t equals = text.find('=');
    return equals != 0 && equals != std::string::npos;
}

// "memory.max 128M" are two words where one was meant.
std::optional<std::string> fault_of(const std::vector<std::string>& changes) {
    const auto bad = std::ranges::find_if_not(changes, is_change);
    if (bad == changes.end()) return std::nullopt;
    std::string fault = fmt::format("'{}' is not KEY=VALUE", *bad);
    const bool has_value = bad + 1 != changes.end() && !is_change(*(bad + 1));
    if (has_value) fault += fmt::format("; did you mean {}={}?", *bad, *(bad + 1));
    return fault + "; see svctl help set";
}

// All of them in one call: they are all changed, or none is.
int run_set(const Context& context, const SetOptions& options) {
    if (auto fault = fault_of(options.changes)) {
        return report_refusal(context, {.name = "usage", .message = std::move(*fault)});
    }
    Json values = Json::object();
    for (const std::string& change : options.changes) {
        const std::size_t equals = change.find('=');
        const std::string key = change.substr(0, equals);
        if (values.contains(key)) {
            return report_refusal(
                context, {.name = "usage", .message = fmt::format("{} is given twice", key)});
        }
        values[key] = change.substr(equals + 1);
    }
    const auto answer = request(context, Method::set,
                                {{"unit", options.unit},
                                 {"values", values},
                                 {"runtime", options.runtime},
                                 {"force", options.force}});
    if (!answer) return report_refusal(context, answer.error());
    if (context.json) return print_document(context, {{"changes", Json::array({*answer})}});
    print_notes(context, *answer);
    print(limit_text(context, *answer));
    return 0;
}

}  // namespace

VerbAction declare_set(Syntax& syntax) {
    auto options = std::make_unique<SetOptions>();
    syntax.add("UNIT", &options->unit, "name of the unit", {.is_required = true});
    syntax.add("KEY=VALUE", &options->changes,
               "such as cgroup.memory.max=128M or memory.max=128M; KEY= takes it back",
               {.is_required = true});
    syntax.add("--runtime", &options->runtime, "until the next boot");
    syntax.add("--force", &options->force, "also below what is in use");
    syntax.footer =
        "Keys of [cgroup], all of them or none. They are checked as in the unit file, written, "
        "read "
        "back, and kept in a drop-in of the unit, which is named; `svctl revert` takes it back. A "
        "limit below what is in use is refused: processes would be killed or slowed down.\n"
        "The exit status is 6 for a key that is unknown or cannot be changed and for a bad value, "
        "4 when there is no such unit, 5 for who may not, and 1 when the kernel refuses a value, "
        "it is below what is in use, or a later drop-in decides.";
    return [options = std::move(options)](const Context& context) {
        return run_set(context, *options);
    };
}

}  // namespace confinit
