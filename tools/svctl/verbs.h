// SPDX-License-Identifier: Apache-2.0
// The verbs of svctl: each declares its options and gives back what it does, in a file of its own.
#pragma once

#include "svctl/context.h"

#include <functional>

// A verb with options of its own includes CLI/CLI.hpp, which takes seconds to compile.
namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace confinit {

// Does the verb with the options that were parsed, and returns the exit code.
using VerbAction = std::move_only_function<int(const Context& context)>;

VerbAction declare_bridge(CLI::App& command);
VerbAction declare_cat(CLI::App& command);
VerbAction declare_check(CLI::App& command);
VerbAction declare_daemon_reload(CLI::App& command);
VerbAction declare_disable(CLI::App& command);
VerbAction declare_enable(CLI::App& command);
VerbAction declare_enter(CLI::App& command);
VerbAction declare_events(CLI::App& command);
VerbAction declare_explain(CLI::App& command);
VerbAction declare_freeze(CLI::App& command);
VerbAction declare_halt(CLI::App& command);
VerbAction declare_help(CLI::App& command);
VerbAction declare_kill(CLI::App& command);
VerbAction declare_list(CLI::App& command);
VerbAction declare_logs(CLI::App& command);
VerbAction declare_poweroff(CLI::App& command);
VerbAction declare_probe(CLI::App& command);
VerbAction declare_reboot(CLI::App& command);
VerbAction declare_reload(CLI::App& command);
VerbAction declare_reset_failed(CLI::App& command);
VerbAction declare_restart(CLI::App& command);
VerbAction declare_revert(CLI::App& command);
VerbAction declare_set(CLI::App& command);
VerbAction declare_show(CLI::App& command);
VerbAction declare_start(CLI::App& command);
VerbAction declare_status(CLI::App& command);
VerbAction declare_stop(CLI::App& command);
VerbAction declare_thaw(CLI::App& command);
VerbAction declare_verify(CLI::App& command);
VerbAction declare_version(CLI::App& command);

}  // namespace confinit
