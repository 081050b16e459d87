// SPDX-License-Identifier: Apache-2.0
// The services that the benchmark launches, each as a unit and as what the C launcher takes.
#include "variants.h"

#include "launch/seccomp/kernel_vocabulary.h"
#include "unit/loader.h"

#include <cstdio>
#include <cstdlib>
#include <sched.h>

namespace confinit::bench {
namespace {

constexpr std::string_view service = R"(
[capabilities]
bounding = []
ambient = []
[namespaces]
mount = true
[mounts]
read_only = ["/"]
private_tmp = true
[process]
rlimits = { nofile = "1024:1024" }
[seccomp]
default = "EPERM"
allow = ["@system-service", "@mount", "@debug"]
)";

constexpr std::string_view walls = R"(
[capabilities]
bounding = []
ambient = []
[namespaces]
mount = true
pid = { pid1 = "self" }
net = true
ipc = true
uts = { hostname = "bench" }
cgroup = true
[mounts]
read_only = ["/"]
private_tmp = true
private_dev = true
[process]
rlimits = { nofile = "1024:1024" }
[seccomp]
default = "EPERM"
allow = ["@system-service", "@mount", "@debug"]
)";

constexpr std::string_view everything = R"(
[capabilities]
bounding = []
ambient = []
[namespaces]
mount = true
pid = true
net = true
ipc = true
uts = { hostname = "bench" }
cgroup = true
[mounts]
read_only = ["/"]
private_tmp = true
private_dev = true
[process]
rlimits = { nofile = "1024:1024" }
[seccomp]
default = "EPERM"
allow = ["@system-service", "@mount", "@debug"]
)";

constexpr std::string_view limits = R"(
[cgroup]
cpu.weight = 25
memory.max = "64M"
pids.max = 16
)";

constexpr std::uint64_t all_namespaces =
    CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

}  // namespace

const std::vector<Variant>& variants() {
    static const std::vector<Variant> all{
        {.name = "exec only", .keys = ""},
        {.name = "confined service",
         .keys = service,
         .is_confined = true,
         .mounts = by_hand_tmp,
         .namespaces = CLONE_NEWNS},
        {.name = "all namespaces, no reaper",
         .keys = walls,
         .is_confined = true,
         .mounts = by_hand_tmp_dev_proc,
         .namespaces = all_namespaces,
         .hostname = "bench"},
        {.name = "everything on",
         .keys = everything,
         .is_confined = true,
         .has_reaper = true,
         .mounts = by_hand_tmp_dev_proc,
         .namespaces = all_namespaces,
         .hostname = "bench"},
    };
    return all;
}

Unit make_unit(const Variant& variant, const std::string& program, bool with_limits) {
    std::string text = "[service]\ncommand = [\"" + program + "\"]\n";
    if (variant.is_confined) text += "user = \"65534\"\ngroup = \"65534\"\n";
    text.append(variant.keys);
    if (with_limits) text.append(limits);
    auto unit = parse_unit("bench", "bench.toml", text, kernel_vocabulary());
    if (unit) return std::move(*unit);
    std::fprintf(stderr, "launch-bench: %s\n", unit.error().front().message.c_str());
    std::exit(1);
}

}  // namespace confinit::bench
