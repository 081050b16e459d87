// SPDX-License-Identifier: Apache-2.0
// PlanScene: a root directory, a unit for it and a supervisor's context, for tests of plans.
#pragma once

#include "launch/plan/plan.h"

#include "temporary_directory.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// A root with users of its own, a program and the usual directories. The program is a script whose
// interpreter is in the root as well.
class PlanScene {
public:
    PlanScene() {
        root.write("etc/passwd",
                   "root:x:0:0:root:/root:/bin/sh\n"
                   "web:x:33:34:Web:/var/www:/bin/false\n");
        root.write("etc/group", "root:x:0:\nwww:x:34:\nvideo:x:44:web\n");
        root.write("bin/sh",
                   "\x7f"
                   "ELF",
                   0755);
        root.write("usr/bin/serve", "#! /bin/sh -e\n", 0755);
        for (const char* name : {"dev", "proc", "tmp", "var/tmp", "var/lib/web", "srv"}) {
            root.make_directory(name);
        }
        unit.name = "web";
        unit.service.emplace();
        unit.service->command = {"/usr/bin/serve", "--loud"};
        unit.service->user = "web";
        unit.namespaces.mount = true;
        unit.mounts.root = root.path();
    }

    LaunchContext context() const {
        return {.reaper_program = reaper,
                .inaccessible_file = "/run/confinit/inaccessible",
                .capabilities = capabilities,
                .memory_total = std::uint64_t{1} << 30,
                .cgroup_mount = cgroup_mount,
                .runtime_directory = runtime_directory,
                .operator_sockets = {control_socket},
                .deputy_sockets = {"/run/confinit/status"}};
    }

    Result<LaunchPlan> try_plan() const { return make_launch_plan(unit, context()); }

    LaunchPlan plan() const { return taken(try_plan()); }

    LaunchPlan enter(const EnterRequest& request) const {
        return taken(make_enter_plan(unit, context(), 7, request));
    }

    Error failure() const {
        const auto result = try_plan();
        if (result.has_value()) FAIL("the plan was made");
        return result.error();
    }

    // Two maps of groups, of which the second has one id.
    void make_user_namespace() {
        unit.namespaces.user = true;
        unit.namespaces.uid_map = {{.inside = 0, .outside = 100000, .count = 65536}};
        unit.namespaces.gid_map = {{.inside = 0, .outside = 200000, .count = 1000},
                                   {.inside = 1000, .outside = 300000, .count = 1}};
    }

    static SeccompConfig deny_chmod() {
        return {.default_action = {.kind = SeccompActionKind::allow},
                .allow = {},
                .deny = {{.name = "chmod", .action = std::nullopt}}};
    }

    const TemporaryDirectory root;
    Unit unit;
    std::string cgroup_mount;
    std::string runtime_directory;
    std::string control_socket = "/run/confinit/control";
    CapabilityMask capabilities = kernel_capabilities();

private:
    static LaunchPlan taken(Result<LaunchPlan> result) {
        if (!result) FAIL(result.error().text());
        return std::move(*result);
    }

    Fd reaper{open("/dev/null", O_RDONLY | O_CLOEXEC)};
};

// "kind target" of each op, in order.
inline std::string_view kind_text(MountOpKind kind) {
    switch (kind) {
    case MountOpKind::propagation:
        return "propagation";
    case MountOpKind::bind:
        return "bind";
    case MountOpKind::tmpfs:
        return "tmpfs";
    case MountOpKind::proc:
        return "proc";
    case MountOpKind::device_node:
        return "device";
    case MountOpKind::devpts:
        return "devpts";
    case MountOpKind::mqueue:
        return "mqueue";
    case MountOpKind::cgroup:
        return "cgroup";
    case MountOpKind::directory:
        return "directory";
    case MountOpKind::overlay_layer:
        return "layer";
    case MountOpKind::overlay:
        return "overlay";
    case MountOpKind::seal:
        return "seal";
    case MountOpKind::symlink:
        return "symlink";
    case MountOpKind::read_only:
        return "read_only";
    case MountOpKind::read_write:
        return "read_write";
    case MountOpKind::inaccessible:
        return "inaccessible";
    case MountOpKind::no_exec:
        return "no_exec";
    case MountOpKind::exec:
        return "exec";
    case MountOpKind::change_root:
        return "change_root";
    case MountOpKind::change_propagation:
        return "change_propagation";
    }
    return "?";
}

inline std::vector<std::string> texts(const ImageList<ImageString>& list) {
    return {list.begin(), list.end()};
}

template <class T>
std::vector<T> items(const ImageList<T>& list) {
    return {list.begin(), list.end()};
}

inline std::vector<std::string> op_texts(const LaunchPlan& plan) {
    std::vector<std::string> texts;
    for (const MountOp& op : plan->child.mounts) {
        texts.push_back(std::string{kind_text(op.kind)} + " " + op.target.c_str());
    }
    return texts;
}

inline std::size_t index_of(const LaunchPlan& plan, std::string_view text) {
    const auto texts = op_texts(plan);
    const auto found = std::ranges::find(texts, text);
    if (found == texts.end()) FAIL("no op '" << text << "'");
    return static_cast<std::size_t>(found - texts.begin());
}

inline const MountOp& op_at(const LaunchPlan& plan, std::string_view text) {
    return plan->child.mounts[index_of(plan, text)];
}

// Without a root of its own: the plan touches nothing of the host but looks at it.
inline void use_host_root(PlanScene& scene) {
    scene.unit.mounts.root.reset();
    scene.unit.service->user = "root";
    scene.unit.service->command = {"/bin/sh"};
}

}  // namespace confinit
