// SPDX-License-Identifier: Apache-2.0
// Declarations that several verbs share: a list of units, and the verbs that only run a job.
#include "svctl/declare.h"

#include "svctl/output.h"
#include "svctl/request.h"
#include "svctl/unit_reports.h"

#include <memory>

namespace confinit {

OptionDetails& add_units(Syntax& syntax, std::vector<std::string>& units) {
    return syntax.add("UNIT", &units, "names of units, without \".toml\"", {.is_required = true});
}

VerbAction declare_unit_job(Syntax& syntax, Method method) {
    auto units = std::make_unique<std::vector<std::string>>();
    add_units(syntax, *units);
    return [units = std::move(units), method](const Context& context) {
        return run_jobs(context, *units, method);
    };
}

VerbAction declare_machine_job(Method method) {
    return [method](const Context& context) {
        const auto answer = request(context, method);
        if (!answer) return report_refusal(context, answer.error());
        return context.json ? print_document(context, Json::object()) : 0;
    };
}

}  // namespace confinit
