// SPDX-License-Identifier: Apache-2.0
// launch-bench: the cost of a launch, confinit's own and one in C by hand, in turns in one process.
#include "measure.h"

#include "base/file.h"
#include "base/json.h"
#include "kernel/capability_set.h"
#include "launch/spawn/spawn.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sched.h>
#include <span>
#include <string_view>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <vector>

namespace confinit::bench {
namespace {

struct Options {
    int rounds = 200;
    bool json = false;
    bool with_limits = false;
    std::size_t touched_mebibytes = 0;
    std::string only;
    std::string service;
    std::string reaper;
    std::string launcher;
};

constexpr const char* usage =
    "usage: launch-bench [--rounds N] [--json] [--limits] [--touched MIB] [--only VARIANT]\n"
    "                    --service PROGRAM --reaper PROGRAM --launcher PROGRAM\n";

Options parse(std::span<char*> words) {
    Options options;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string_view word = words[i];
        const auto value = [&] {
            if (++i >= words.size()) give_up(usage);
            return std::string{words[i]};
        };
        if (word == "--rounds")
            options.rounds = std::max(1, std::atoi(value().c_str()));
        else if (word == "--json")
            options.json = true;
        else if (word == "--limits")
            options.with_limits = true;
        else if (word == "--touched")
            options.touched_mebibytes = static_cast<std::size_t>(std::atoi(value().c_str()));
        else if (word == "--only")
            options.only = value();
        else if (word == "--service")
            options.service = value();
        else if (word == "--reaper")
            options.reaper = value();
        else if (word == "--launcher")
            options.launcher = value();
        else
            give_up(usage);
    }
    if (options.service.empty() || options.reaper.empty() || options.launcher.empty())
        give_up(usage);
    return options;
}

// A mount namespace of our own.
void leave_mounts_of_machine() {
    if (unshare(CLONE_NEWNS) < 0) give_up("unshare(CLONE_NEWNS) failed: are you root?");
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) give_up("mount / private");
}

// The service has a /tmp of its own and runs as nobody, so a program that lies below /tmp, or in a
// directory that only its owner can search, gets another place.
std::string reachable(const std::string& program) {
    constexpr const char* place = "/srv";
    const auto slash = program.rfind('/');
    if (slash == std::string::npos) give_up("--service takes a path");
    if (mount(program.substr(0, slash).c_str(), place, nullptr, MS_BIND, nullptr) < 0) {
        give_up("bind the service's directory on /srv");
    }
    return place + program.substr(slash);
}

// A cgroup v2 tree, where the machine has one to mount.
std::optional<Cgroup> mount_plain_tree() {
    if (mount("cgroup2", "/mnt", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) < 0) {
        return std::nullopt;
    }
    auto root = Cgroup::open("/mnt");
    // Of a run that was interrupted.
    if (root) (void)root->remove_child("bench.service");
    return root ? std::optional{std::move(*root)} : std::nullopt;
}

CapabilityMask own_bounding_set() {
    CapabilityMask mask = 0;
    for (int i = 0; i < 64 && prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; ++i) {
        if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1) mask |= CapabilityMask{1} << i;
    }
    return mask;
}

double median(std::vector<Nanoseconds> times) {
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::ranges::nth_element(times, middle);
    return static_cast<double>(middle->count()) / 1000.0;
}

struct Figures {
    std::string name;
    double by_hand = 0;
    double confinit = 0;
    double planned = 0;
    double prepared = 0;
    double spawned = 0;
    double again = 0;
    double by_launcher = 0;

    double ratio() const { return by_launcher / by_hand; }
};

// In turns, so that whatever else the machine does meets both alike.
Figures measure(const Variant& variant, const Options& options, const LaunchContext& context,
                const Nodes& nodes, AskedLauncher& launcher) {
    const Unit unit = make_unit(variant, options.service, options.with_limits);
    constexpr int warm_up = 3;
    auto kept = make_launch_plan(unit, context);
    if (!kept) give_up(kept.error().text());
    std::array<std::vector<Nanoseconds>, 7> times;
    for (int round = -std::min(warm_up, options.rounds - 1); round < options.rounds; ++round) {
        const Times by_hand = launch_by_c(variant, unit, context, nodes);
        const Times ours = launch_by_confinit(unit, context, nodes);
        const Times again = launch_again(unit, *kept, nodes);
        const Times asked = launch_again(unit, *kept, nodes, &launcher);
        if (round < 0) continue;
        times[0].push_back(by_hand.started);
        times[1].push_back(ours.started);
        times[2].push_back(ours.planned);
        times[3].push_back(ours.prepared);
        times[4].push_back(ours.spawned);
        times[5].push_back(again.started);
        times[6].push_back(asked.started);
    }
    return {.name = std::string{variant.name},
            .by_hand = median(times[0]),
            .confinit = median(times[1]),
            .planned = median(times[2]),
            .prepared = median(times[3]),
            .spawned = median(times[4]),
            .again = median(times[5]),
            .by_launcher = median(times[6])};
}

std::string_view node_text(const Options& options, const Nodes& nodes) {
    if (nodes.above() == nullptr) return "none";
    return options.with_limits ? "with limits" : "without limits";
}

void print_text(const std::vector<Figures>& all) {
    fmt::print("{:28}{:>10}{:>10}{:>7}   {}\n", "microseconds, medians", "by hand", "confinit",
               "ratio", "with a copy; and with a new plan; of which plan, node and pipes, spawn");
    for (const Figures& one : all) {
        fmt::print("{:28}{:>10.1f}{:>10.1f}{:>7.2f}   {:.1f}; {:.1f}; {:.1f}, {:.1f}, {:.1f}\n",
                   one.name, one.by_hand, one.by_launcher, one.ratio(), one.again, one.confinit,
                   one.planned, one.prepared, one.spawned);
    }
}

void print_json(const Options& options, const Nodes& nodes, const std::vector<Figures>& all) {
    utsname machine{};
    (void)uname(&machine);
    nlohmann::json document{{"kernel", machine.release},
                            {"rounds", options.rounds},
                            {"nodes", node_text(options, nodes)},
                            {"touched_mib", options.touched_mebibytes},
                            {"variants", nlohmann::json::array()}};
    for (const Figures& one : all) {
        document["variants"].push_back({{"name", one.name},
                                        {"by_hand_us", one.by_hand},
                                        {"confinit_us", one.by_launcher},
                                        {"new_plan_us", one.confinit},
                                        {"ratio", one.ratio()},
                                        {"plan_us", one.planned},
                                        {"prepare_us", one.prepared},
                                        {"spawn_us", one.spawned},
                                        {"again_us", one.again}});
    }
    fmt::print("{}\n", document.dump());
}

int run(Options options) {
    const auto reaper = load_helper(options.reaper);
    if (!reaper) give_up(reaper.error().text());
    std::optional<CgroupTree> tree;
    std::optional<Cgroup> plain;
    Nodes nodes;
    if (options.with_limits) {
        auto made = CgroupTree::set_up(Mode::machine, "");
        if (!made) give_up(made.error().text());
        nodes.tree = &tree.emplace(std::move(*made));
    } else {
        leave_mounts_of_machine();
        options.service = reachable(options.service);
        if ((plain = mount_plain_tree())) nodes.parent = &*plain;
    }
    // What a supervisor with this much memory of its own would have to copy.
    std::vector<char> touched(options.touched_mebibytes << 20, 1);
    FilterCache filters;
    const LaunchContext context{.reaper_program = *reaper,
                                .inaccessible_file = "",
                                .capabilities = own_bounding_set(),
                                .memory_total = std::uint64_t{1} << 30,
                                .filters = &filters};
    const auto program = load_helper(options.launcher);
    if (!program) give_up(program.error().text());
    AskedLauncher launcher = start_launcher(*program);
    std::vector<Figures> all;
    for (const Variant& variant : variants()) {
        if (!options.only.empty() && options.only != variant.name) continue;
        all.push_back(measure(variant, options, context, nodes, launcher));
    }
    if (all.empty()) give_up("no variant '" + options.only + "'");
    if (options.json)
        print_json(options, nodes, all);
    else
        print_text(all);
    return touched.empty() || touched.back() == 1 ? 0 : 1;
}

}  // namespace
}  // namespace confinit::bench

int main(int argc, char** argv) {
    using namespace confinit::bench;
    return run(parse({argv, static_cast<std::size_t>(argc)}));
}
