// SPDX-License-Identifier: Apache-2.0
// show --filter: the system call filter of one unit, of the supervisor's or of a unit file.
#include "svctl/show_filter.h"

#include "control/fields.h"
#include "kernel/bpf_text.h"
#include "kernel/capability_set.h"
#include "launch/seccomp/filter_export.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "launch/seccomp/unit_filter.h"
#include "svctl/output.h"
#include "unit/loader.h"

#include <fmt/format.h>
#include <vector>

namespace confinit {
namespace {

struct Filter {
    Json profile;
    std::string text;  // empty where there is no filter
    std::vector<std::string> program;
};

Answer<Filter> ask_filter(const Context& context, const std::string& unit) {
    const Json answer = TRY(request(context, Method::filter, {{"unit", unit}}));
    const Json* profile = find_object(answer, "profile");
    auto text = find_string(answer, "text");
    auto program = find_strings(answer, "program");
    if (profile == nullptr || !text || !program) return refuse({.hint = "reply without a filter"});
    return Filter{*profile, std::move(*text), std::move(*program)};
}

// As it would be if a supervisor with our rights started the unit.
Answer<Filter> read_filter(const std::string& file) {
    const auto unit = load_unit_file(file, default_unit_path(), kernel_vocabulary());
    if (!unit) {
        return std::unexpected(
            Refusal{.code = exit_code_of(unit.error()), .message = unit.error().front().text()});
    }
    const auto policy = make_unit_policy(*unit, planned_bounding(*unit, own_bounding_set()));
    if (!policy) return refuse(policy.error());
    if (!*policy) return Filter{{{"defaultAction", "SCMP_ACT_ALLOW"}}, {}, {}};
    return Filter{export_profile(**policy), policy_text(**policy),
                  program_lines(compile_filter(**policy))};
}

std::string filter_text(const Filter& filter, bool with_program) {
    if (filter.text.empty()) return "no system call filter\n";
    std::string text = filter.text + fmt::format("{} instructions\n", filter.program.size());
    if (!with_program) return text;
    for (const std::string& line : filter.program)
        text += "    " + line + "\n";
    return text;
}

}  // namespace

int show_filter(const Context& context, const FilterOptions& options) {
    const auto filter = options.unit.ends_with(".toml") ? read_filter(options.unit)
                                                        : ask_filter(context, options.unit);
    if (!filter) return report_refusal(context, filter.error());
    if (context.json) {
        // Without the members of our other documents: the whole is a profile.
        print(dump_indented(filter->profile) + "\n");
    } else {
        print(shown_lines(context, filter_text(*filter, options.program)));
    }
    return 0;
}

}  // namespace confinit
