// SPDX-License-Identifier: Apache-2.0
// set UNIT KEY=VALUE...: changes limits of a unit while it runs, and keeps them.
#include "svctl/declare.h"
#include "svctl/limit_text.h"
#include "svctl/output.h"
#include "svctl/request.h"

#include <CLI/CLI.hpp>
#include <memory>

namespace confinit {
namespace {

struct SetOptions {
    std::string unit;
    std::vector<std::string> changes;
    bool runtime = false;
    bool force = false;
};

int run_set(const Context& context, const SetOptions& options) {
    Json changes = Json::array();
    for (const std::string& change : options.changes) {
        const std::size_t equals = change.find('=');
        auto answer = request(context, Method::set,
                              {{"unit", options.unit},
                               {"key", change.substr(0, equals)},
                               {"value", change.substr(equals + 1)},
                               {"runtime", options.runtime},
                               {"force", options.force}});
        if (!answer) return report_refusal(context, answer.error());
        if (!context.json) {
            print_notes(context, *answer);
            print(limit_text(context, *answer));
        }
        changes.push_back(std::move(*answer));
    }
    return context.json ? print_document(context, {{"changes", changes}}) : 0;
}

}  // namespace

VerbAction declare_set(CLI::App& command) {
    auto options = std::make_unique<SetOptions>();
    command.add_option("UNIT", options->unit, "name of the unit")->required();
    command
        .add_option("KEY=VALUE", options->changes,
                    "such as cgroup.memory.max=128M or memory.max=128M; KEY= takes it back")
        ->required()
        ->check(
            [](const std::string& text) {
                const std::size_t equals = text.find('=');
                const bool is_change = equals != 0 && equals != std::string::npos;
                return is_change ? std::string{} : "'" + text + "' is not KEY=VALUE";
            },
            "");
    command.add_flag("--runtime", options->runtime, "until the next boot");
    command.add_flag("--force", options->force, "also below what is in use");
    command.footer(
        "Keys of [cgroup]. Each is checked as in the unit file, written, read back, and kept in a "
        "drop-in of the unit, which is named; `svctl revert` takes it back. A limit below what is "
        "in use is refused: processes would be killed or slowed down.");
    return [options = std::move(options)](const Context& context) {
        return run_set(context, *options);
    };
}

}  // namespace confinit
