// SPDX-License-Identifier: Apache-2.0
// enter UNIT [-- COMMAND...]: runs a command inside a running unit, confined exactly as the unit
// is.
#include "svctl/enter_streams.h"
#include "svctl/output.h"
#include "svctl/verbs.h"

#include <csignal>
#include <memory>
#include <unistd.h>

namespace confinit {
namespace {

int run_enter(const Context& context, const EnterOptions& options) {
    if (context.json) return enter_captured(context, options);
    const bool has_terminal = isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
    const auto end =
        has_terminal ? enter_with_terminal(context, options) : enter_with_pipes(context, options);
    if (!end) return report_refusal(context, end.error());
    if (end->signal == SIGSYS) {
        print_error("the command was killed by SIGSYS: the system call filter of '" +
                    shown(context, options.unit) +
                    "' denies what it called; --privileged leaves the filter out");
    }
    return end->exit_status();
}

}  // namespace

VerbAction declare_enter(Syntax& syntax) {
    auto options = std::make_unique<EnterOptions>();
    syntax.add("UNIT", &options->unit, "a running unit", {.is_required = true});
    syntax.add("COMMAND", &options->command, "after \"--\"; /bin/sh unless given");
    syntax.add("--privileged", &options->is_privileged,
               "keep all capabilities, and leave out the system call filter");
    syntax.add("--frames", &options->by_frames,
               "over a socket that passes no descriptors, such as a forwarded one");
    syntax.footer =
        "The exit status is the command's own, or 128 and the number of the signal that ended it.\n"
        "On a terminal the command gets another terminal of its own, and Ctrl-] pressed three\n"
        "times within a second leaves it. Otherwise our standard streams are carried to it. With\n"
        "--json it gets no input, and its output becomes part of the document.";
    return [options = std::move(options)](const Context& context) {
        return run_enter(context, *options);
    };
}

}  // namespace confinit
