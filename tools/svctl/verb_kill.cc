// SPDX-License-Identifier: Apache-2.0
// kill UNIT...: sends a signal to the main process of units, or to every process of them.
#include "svctl/declare.h"
#include "svctl/signal_name.h"
#include "svctl/unit_reports.h"

#include <CLI/CLI.hpp>
#include <memory>

namespace confinit {
namespace {

struct KillOptions {
    std::vector<std::string> units;
    std::string signal = "TERM";
    std::string whom = "all";
};

}  // namespace

VerbAction declare_kill(CLI::App& command) {
    auto options = std::make_unique<KillOptions>();
    add_units(command, options->units);
    command.add_option("-s,--signal", options->signal, "name or number, TERM unless given")
        ->check(
            [](const std::string& text) {
                return parse_signal(text) ? std::string{} : "'" + text + "' is no signal";
            },
            "")
        ->type_name("SIGNAL");
    command.add_option("--whom", options->whom, "main or all; all unless given")
        ->check(CLI::IsMember({"main", "all"}).description(""))
        ->type_name("WHOM");
    command.footer("Also as `svctl kill -9 UNIT` and `svctl kill -HUP UNIT`.");
    return [options = std::move(options)](const Context& context) {
        const Json parameters{{"signal", parse_signal(options->signal).value_or(0)},
                              {"whom", options->whom}};
        return run_jobs(context, options->units, Method::kill, parameters);
    };
}

}  // namespace confinit
