// SPDX-License-Identifier: Apache-2.0
// The part that the tests of every key share: which keys confine, and a unit with one of them.
#include "every_key.h"

#include "launch/plan/id_maps.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "unit/keys.h"
#include "unit/loader.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <unistd.h>

namespace confinit::testing {

bool confines(std::string_view key) {
    constexpr std::string_view tables[] = {"capabilities", "namespaces", "mounts",
                                           "directories",  "seccomp",    "process"};
    constexpr std::string_view keys[] = {"service.user", "service.group",
                                         "service.supplementary_groups"};
    return std::ranges::any_of(tables, [&](auto table) { return is_key_within(key, table); }) ||
           std::ranges::find(keys, key) != std::end(keys);
}

namespace {

constexpr std::string_view name_of_directory = "confinit-test-every-key";
constexpr std::string_view places_of_directories[] = {"/var/lib/", "/var/cache/", "/run/",
                                                      "/var/log/", "/etc/"};

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
}

}  // namespace

Subject::Subject(std::string_view key, std::string_view text,
                 const std::vector<std::string>& commands) {
    directory_.copy_probe("probe");
    directory_.make_file("cover", "", 0);
    directory_.make_directory("target");
    directory_.make_file("profile.json", R"({"defaultAction": "SCMP_ACT_ALLOW"})");
    directory_.make_directory("proc");
    std::string rest{text};
    replace_all(rest, "{D}", directory_.path());
    replace_all(rest, "{N}", name_of_directory);
    const std::string program = key == "mounts.root" ? std::string{"/probe"} : directory_ / "probe";
    std::string command = "command = [\"" + program + "\", ";
    for (const std::string& each : commands)
        command += "\"" + each + "\", ";
    auto unit =
        parse_unit("test", "test.toml", "[service]\n" + command + "\"wait\"]\n" + rest + "\n",
                   kernel_vocabulary());
    if (!unit) FAIL(unit.error().front().message);
    unit_ = std::move(*unit);
    const LaunchContext context{.reaper_program = reaper_program(),
                                .inaccessible_file = directory_ / "cover",
                                .capabilities = own_capabilities(),
                                .memory_total = 1ULL << 30};
    if (auto settled = settle_id_maps(context, unit_); !settled) FAIL(settled.error().text());
    auto plan = make_launch_plan(unit_, context);
    if (!plan) FAIL(plan.error().text());
    plan_ = std::move(*plan);
}

Subject::~Subject() {
    for (const std::string_view place : places_of_directories)
        (void)rmdir((std::string{place} + std::string{name_of_directory}).c_str());
}

}  // namespace confinit::testing
