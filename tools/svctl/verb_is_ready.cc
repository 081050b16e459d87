// SPDX-License-Identifier: Apache-2.0
// is-ready: a probe of the whole machine or container.
#include "svctl/probe_report.h"
#include "svctl/verbs.h"

namespace confinit {

VerbAction declare_is_ready(Syntax& syntax) {
    syntax.footer =
        "The exit status is 0 when the unit that boot has started and all that came "
        "along with it are active, and 3 when one of them is not.";
    return [](const Context& context) {
        return report_readiness(context, {});
    };
}

}  // namespace confinit
