// SPDX-License-Identifier: Apache-2.0
// A probe under the filter of a unit, from the unit's text to what the probe finds.
#pragma once

#include "launch/plan/plan.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "scene.h"
#include "unit/loader.h"

#include <catch2/catch.hpp>
#include <initializer_list>
#include <memory>

namespace confinit::testing {

// The probe as a service with these commands and this [seccomp] table; what further text says
// comes after it.
class FilteredProbe {
public:
    FilteredProbe(const std::vector<std::string>& commands, std::string_view table,
                  std::string_view service = {}) {
        directory_.copy_probe("probe");
        directory_.make_file("cover", "", 0);
        std::string text = "[service]\ncommand = [\"" + (directory_ / "probe") + "\"";
        for (const std::string& command : commands)
            text += ", \"" + command + "\"";
        text += "]\n" + std::string{service} + "\n[seccomp]\n" + std::string{table};
        auto unit = parse_unit("probe", "probe.toml", text, kernel_vocabulary());
        if (!unit) FAIL(unit.error().front().text());
        unit_ = std::move(*unit);
        auto plan = make_launch_plan(unit_, {.reaper_program = reaper_program(),
                                             .inaccessible_file = directory_ / "cover",
                                             .capabilities = own_capabilities(),
                                             .memory_total = 1ULL << 30});
        if (!plan) FAIL(plan.error().text());
        plan_ = std::move(*plan);
    }

    const Unit& unit() const { return unit_; }
    const LaunchPlan& plan() const { return *plan_; }

private:
    const TestDirectory directory_;
    Unit unit_;
    std::optional<LaunchPlan> plan_;
};

// The probe's command for a system call with these arguments.
inline std::string call(long number, std::initializer_list<std::uint64_t> arguments = {}) {
    std::string text = "call:" + std::to_string(number);
    for (const std::uint64_t argument : arguments)
        text += "," + std::to_string(argument);
    return text;
}

}  // namespace confinit::testing
