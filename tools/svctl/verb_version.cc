// SPDX-License-Identifier: Apache-2.0
// version: svctl's own version, and that of the supervisor when one runs here.
#include "control/fields.h"
#include "svctl/output.h"
#include "svctl/request.h"
#include "svctl/verbs.h"

#include <fmt/format.h>

namespace confinit {
namespace {

// Without a supervisor this is still an answer, so the exit code stays 0.
int run_version(const Context& context) {
    const auto answer = request(context, Method::version);
    if (context.json) {
        Json members{{"svctl", CONFINIT_VERSION}, {"confinit", nullptr}};
        if (answer) members["confinit"] = *answer;
        if (!answer) members["error"] = refusal_json(answer.error());
        return print_document(context, std::move(members));
    }
    print(fmt::format("svctl {}\n", CONFINIT_VERSION));
    if (!answer) {
        print_refusal(context, answer.error());
        return 0;
    }
    print(fmt::format("confinit {}, pid {}, {}, {}\n",
                      shown(context, string_or(*answer, "version")), integer_or(*answer, "pid"),
                      shown(context, string_or(*answer, "mode")),
                      shown(context, string_or(*answer, "kernel"))));
    return 0;
}

}  // namespace

VerbAction declare_version(Syntax& /*syntax*/) {
    return run_version;
}

}  // namespace confinit
