// SPDX-License-Identifier: Apache-2.0
// Launches under a unit's filter: what it forbids is tried, and what it leaves works.
#include "launch/plan.h"
#include "launch/vocabulary.h"
#include "scene.h"
#include "unit/loader.h"

#include <catch2/catch.hpp>
#include <sys/ioctl.h>
#include <sys/syscall.h>

using namespace confinit;
using namespace confinit::testing;

namespace {

// The probe as a service with these commands and this [seccomp] table.
class FilteredProbe {
public:
    FilteredProbe(const std::vector<std::string>& commands, std::string_view table) {
        directory_.copy_probe("probe");
        directory_.make_file("cover", "", 0);
        std::string text = "[service]\ncommand = [\"" + (directory_ / "probe") + "\"";
        for (const std::string& command : commands)
            text += ", \"" + command + "\"";
        text += "]\n[seccomp]\n" + std::string{table};
        const auto unit = parse_unit("probe", "probe.toml", text, kernel_vocabulary());
        if (!unit) FAIL(unit.error().front().text());
        auto plan = make_launch_plan(*unit, {.reaper_program = reaper_program(),
                                             .inaccessible_file = directory_ / "cover",
                                             .capabilities = own_capabilities(),
                                             .memory_total = 1ULL << 30});
        if (!plan) FAIL(plan.error().text());
        plan_ = std::move(*plan);
    }

    const LaunchPlan& plan() const { return *plan_; }

private:
    const TestDirectory directory_;
    std::unique_ptr<LaunchPlan> plan_;
};

std::string call(long number, std::initializer_list<std::uint64_t> arguments = {}) {
    std::string text = "call:" + std::to_string(number);
    for (const std::uint64_t argument : arguments)
        text += "," + std::to_string(argument);
    return text;
}

}  // namespace

TEST_CASE("a rule on an argument holds for a request with bits above it", "[launch][S3]") {
    constexpr std::uint64_t above = std::uint64_t{1} << 32;
    // Descriptor 99 is not open, so that a request that passes the filter answers EBADF.
    const std::string denied = call(SYS_ioctl, {99, TIOCSTI});
    const std::string disguised = call(SYS_ioctl, {99, TIOCSTI | above});
    const std::string allowed = call(SYS_ioctl, {99, TCGETS});
    const FilteredProbe probe{{denied, disguised, allowed},
                              "default = 'allow'\nrules = [{ syscalls = ['ioctl'], action = "
                              "'EXDEV', args = [{ index = 1, op = 'eq', value = 0x5412 }] }]\n"};

    Launch launch{probe.plan()};
    launch.finish();

    REQUIRE_FALSE(launch.failed);
    CHECK(launch[denied] == "EXDEV");
    CHECK(launch[disguised] == "EXDEV");
    CHECK(launch[allowed] == "EBADF");
}
