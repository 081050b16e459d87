// SPDX-License-Identifier: Apache-2.0
// is-active UNIT...: a probe of single units.
#include "svctl/declare.h"
#include "svctl/probe_report.h"

#include <memory>

namespace confinit {

VerbAction declare_is_active(Syntax& syntax) {
    auto units = std::make_unique<std::vector<std::string>>();
    add_units(syntax, *units);
    syntax.footer =
        "The exit status is 0 when all of them are active, 3 when one is not, and 4 when "
        "one is not loaded.";
    return [units = std::move(units)](const Context& context) {
        return report_readiness(context, *units);
    };
}

}  // namespace confinit
