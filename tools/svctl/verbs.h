// SPDX-License-Identifier: Apache-2.0
// The verbs of svctl: each declares its options and gives back what it does, in a file of its own.
#pragma once

#include "svctl/context.h"
#include "svctl/syntax.h"

#include <functional>
#include <span>
#include <string_view>

namespace confinit {

// Does the verb with the options that were parsed, and returns the exit code.
using VerbAction = std::move_only_function<int(const Context& context)>;

struct Verb {
    std::string_view name;
    const char* group;
    const char* summary;
    // Only the verb that the command line names is declared: the others cost nothing.
    VerbAction (*declare)(Syntax& syntax);
    bool is_of_files = false;  // works on files of the machine: with --host, on that one
};

// In the order of the help.
std::span<const Verb> all_verbs();
const Verb* find_verb(std::string_view name);

// The options that may stand before each verb and behind it.
Syntax common_syntax(Context& context);

VerbAction declare_bridge(Syntax& syntax);
VerbAction declare_cat(Syntax& syntax);
VerbAction declare_check(Syntax& syntax);
VerbAction declare_daemon_reload(Syntax& syntax);
VerbAction declare_disable(Syntax& syntax);
VerbAction declare_enable(Syntax& syntax);
VerbAction declare_enter(Syntax& syntax);
VerbAction declare_events(Syntax& syntax);
VerbAction declare_explain(Syntax& syntax);
VerbAction declare_freeze(Syntax& syntax);
VerbAction declare_halt(Syntax& syntax);
VerbAction declare_help(Syntax& syntax);
VerbAction declare_is_active(Syntax& syntax);
VerbAction declare_is_ready(Syntax& syntax);
VerbAction declare_kill(Syntax& syntax);
VerbAction declare_list(Syntax& syntax);
VerbAction declare_logs(Syntax& syntax);
VerbAction declare_plan(Syntax& syntax);
VerbAction declare_poweroff(Syntax& syntax);
VerbAction declare_probe(Syntax& syntax);
VerbAction declare_reboot(Syntax& syntax);
VerbAction declare_reload(Syntax& syntax);
VerbAction declare_reset_failed(Syntax& syntax);
VerbAction declare_restart(Syntax& syntax);
VerbAction declare_revert(Syntax& syntax);
VerbAction declare_set(Syntax& syntax);
VerbAction declare_show(Syntax& syntax);
VerbAction declare_start(Syntax& syntax);
VerbAction declare_status(Syntax& syntax);
VerbAction declare_stop(Syntax& syntax);
VerbAction declare_thaw(Syntax& syntax);
VerbAction declare_verify(Syntax& syntax);
VerbAction declare_version(Syntax& syntax);

}  // namespace confinit
