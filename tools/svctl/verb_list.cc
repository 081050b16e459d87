// SPDX-License-Identifier: Apache-2.0
// list: all loaded units in a table, one a line.
#include "svctl/list_text.h"
#include "svctl/output.h"
#include "svctl/request.h"
#include "svctl/verbs.h"

#include "control/fields.h"

namespace confinit {
namespace {

int run_list(const Context& context) {
    const auto answer = request(context, Method::list);
    if (!answer) return report_refusal(context, answer.error());
    const Json* units = find_array(*answer, "units");
    const Json summaries = units != nullptr ? *units : Json::array();
    if (context.json) return print_document(context, {{"units", summaries}});
    print(list_text(context, summaries));
    return 0;
}

}  // namespace

VerbAction declare_list(CLI::App& /*command*/) {
    return run_list;
}

}  // namespace confinit
