// SPDX-License-Identifier: Apache-2.0
// probe: what this machine and its kernel offer to the supervisor, one feature a line.
#include "control/fields.h"
#include "svctl/human.h"
#include "svctl/output.h"
#include "svctl/request.h"
#include "svctl/verbs.h"

namespace confinit {
namespace {

int run_probe(const Context& context) {
    const auto answer = request(context, Method::probe);
    if (!answer) return report_refusal(context, answer.error());
    const Json* found = find_array(*answer, "features");
    const Json features = found != nullptr ? *found : Json::array();
    if (context.json) return print_document(context, {{"features", features}});

    Table table;
    for (const Json& feature : features) {
        table.add({bool_or(feature, "available") ? "yes" : "NO",
                   shown(context, string_or(feature, "name")),
                   shown(context, string_or(feature, "detail"))});
    }
    print(table.text());
    return 0;
}

}  // namespace

VerbAction declare_probe(Syntax& /*syntax*/) {
    return run_probe;
}

}  // namespace confinit
