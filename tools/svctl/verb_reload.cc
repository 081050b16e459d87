// SPDX-License-Identifier: Apache-2.0
// reload UNIT...: sends the units' main processes the signal at which they read their files again.
#include "svctl/declare.h"

namespace confinit {

VerbAction declare_reload(Syntax& syntax) {
    syntax.footer =
        "The signal is that of service.reload, without which the verb is refused. It is done when "
        "the signal is sent; `svctl status` shows what the service says of itself. "
        "`svctl daemon-reload` makes the supervisor read unit files again.";
    return declare_unit_job(syntax, Method::reload);
}

}  // namespace confinit
