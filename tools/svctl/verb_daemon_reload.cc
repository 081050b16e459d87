// SPDX-License-Identifier: Apache-2.0
// daemon-reload: makes the supervisor read its unit files again, and tells what is wrong with them.
#include "control/fields.h"
#include "svctl/output.h"
#include "svctl/request.h"
#include "svctl/verbs.h"

#include <utility>

namespace confinit {
namespace {

int run_daemon_reload(const Context& context) {
    const auto answer = request(context, Method::daemon_reload);
    if (!answer) return report_refusal(context, answer.error());
    const auto problems = find_strings(*answer, "problems").value_or(std::vector<std::string>{});
    const ExitCode code = problems.empty() ? ExitCode::done : ExitCode::refused_by_check;
    if (context.json) {
        const auto notes = find_strings(*answer, "notes").value_or(std::vector<std::string>{});
        return print_document(context, {{"problems", problems}, {"notes", notes}}, code);
    }
    print_notes(context, *answer);
    for (const std::string& problem : problems)
        print_error(shown(context, problem));
    return std::to_underlying(code);
}

}  // namespace

VerbAction declare_daemon_reload(Syntax& syntax) {
    syntax.footer =
        "A file with problems never replaces what is loaded; the exit status is then 6. A warning, "
        "such as of a file that is not read, leaves it 0, as with `svctl check`.";
    return run_daemon_reload;
}

}  // namespace confinit
