// SPDX-License-Identifier: Apache-2.0
// reset-failed [UNIT...]: forgets that units have failed, and how often they were tried.
#include "svctl/declare.h"
#include "svctl/output.h"
#include "svctl/request.h"
#include "svctl/unit_reports.h"

#include <memory>

namespace confinit {

VerbAction declare_reset_failed(Syntax& syntax) {
    auto units = std::make_unique<std::vector<std::string>>();
    add_units(syntax, *units).is_required = false;
    syntax.footer = "Without a unit: all that have failed.";
    return [units = std::move(units)](const Context& context) {
        if (!units->empty()) return run_jobs(context, *units, Method::reset_failed);
        const auto answer = request(context, Method::reset_failed);
        if (!answer) return report_refusal(context, answer.error());
        return context.json ? print_document(context, Json::object()) : 0;
    };
}

}  // namespace confinit
