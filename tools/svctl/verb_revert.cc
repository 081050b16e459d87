// SPDX-License-Identifier: Apache-2.0
// revert UNIT [KEY...]: takes back what `svctl set` has changed.
#include "svctl/declare.h"
#include "svctl/limit_text.h"
#include "svctl/output.h"
#include "svctl/request.h"

#include <memory>

namespace confinit {
namespace {

struct RevertOptions {
    std::string unit;
    std::vector<std::string> keys;
    bool force = false;
};

int run_revert(const Context& context, const RevertOptions& options) {
    Json parameters{{"unit", options.unit}, {"force", options.force}};
    if (!options.keys.empty()) parameters["keys"] = options.keys;
    const auto answer = request(context, Method::revert, std::move(parameters));
    if (!answer) return report_refusal(context, answer.error());
    if (context.json) return print_document(context, *answer);
    print_notes(context, *answer);
    print(limit_text(context, *answer));
    return 0;
}

}  // namespace

VerbAction declare_revert(Syntax& syntax) {
    auto options = std::make_unique<RevertOptions>();
    syntax.add("UNIT", &options->unit, "name of the unit", {.is_required = true});
    syntax.add("KEY", &options->keys, "such as cgroup.memory.max or memory.max");
    syntax.add("--force", &options->force, "also below what is in use");
    syntax.footer =
        "Takes the keys out of the drop-ins that `svctl set` writes, all keys where none is named. "
        "What the unit says without them is in force at once; where no key is named, so is every "
        "other limit that its files give otherwise than it runs, as after a drop-in was removed by "
        "hand. The exit status is that of `svctl set`.";
    return [options = std::move(options)](const Context& context) {
        return run_revert(context, *options);
    };
}

}  // namespace confinit
