// SPDX-License-Identifier: Apache-2.0
// MountUnit: a launch of a unit's text with a mount namespace, for tests of its [mounts].
#pragma once

#include "launch/plan/plan.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "launch/verify/verify.h"
#include "scene.h"
#include "unit/loader.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

namespace confinit::testing {

class MountUnit {
public:
    // The probe's commands, the text of the unit from [mounts] on, and more of [service].
    MountUnit(const std::vector<std::string>& commands, const std::string& text,
              const std::string& service = {}) {
        directory_.copy_probe("probe");
        directory_.make_file("cover", "", 0);
        directory_.make_directory("image");
        std::string command = "\"" + directory_ / "probe" + "\"";
        for (const std::string& word : commands)
            command += ", \"" + word + "\"";
        auto read = parse_unit("test", "test.toml",
                               "[service]\ncommand = [" + command + "]\n" + service +
                                   "[namespaces]\nmount = true\n" + text,
                               kernel_vocabulary());
        if (!read) FAIL(read.error().front().text());
        unit = std::move(*read);
    }

    Result<LaunchPlan> try_plan() const {
        return make_launch_plan(unit, {.reaper_program = reaper_program(),
                                       .inaccessible_file = directory_ / "cover",
                                       .capabilities = own_capabilities(),
                                       .memory_total = std::uint64_t{1} << 30,
                                       .cgroup_mount = cgroup_mount});
    }

    LaunchPlan plan() const {
        auto made = try_plan();
        if (!made) FAIL(made.error().text());
        return std::move(*made);
    }

    // The item of a key, for the launch that is running.
    VerifyItem verified(const LaunchPlan& plan, const Launch& launch, std::string_view key) const {
        const auto items = verify(unit, plan, launch.main.pid(), nullptr);
        const auto item = std::ranges::find(items, key, &VerifyItem::key);
        if (item == items.end()) FAIL("no item '" << key << "'");
        return *item;
    }

    Unit unit;
    std::string cgroup_mount;  // where the supervisor's tree is said to be

private:
    const TestDirectory directory_;
};

}  // namespace confinit::testing
