// SPDX-License-Identifier: Apache-2.0
// Verify: what counts as the same, and that each kind of difference is found.
#include "launch/verify/parts.h"

#include "capability_bit.h"
#include "plan_scene.h"
#include "verify_scene.h"

#include <algorithm>
#include <cerrno>
#include <linux/capability.h>
#include <sys/resource.h>
#include <unistd.h>

namespace confinit {
namespace {

// The process as the plan of a scene's unit wants it.
ProcessStatus wanted_status(const LaunchPlan& plan) {
    ProcessStatus status;
    status.uid.fill(plan->child.uid);
    status.gid.fill(plan->child.gid);
    status.groups.assign(plan->child.groups.begin(), plan->child.groups.end());
    status.capabilities = plan->expected_capabilities;
    status.no_new_privs = plan->child.no_new_privs;
    status.seccomp_mode = plan->child.filter.empty() ? 0 : 2;
    status.seccomp_filters = plan->child.filter.empty() ? 0 : 1;
    status.umask = plan->child.umask;
    return status;
}

VerifyItem status_item(const Unit& unit, const LaunchPlan& plan, const ProcessStatus& status,
                       std::string_view key, const ProcessStatus& own = {}) {
    VerifyItems items;
    verify_status(unit, plan, status, own, items);
    return find_item(items, key);
}

}  // namespace

TEST_CASE("a process as it was planned differs in nothing", "[unit][H7]") {
    PlanScene scene;
    scene.unit.capabilities.ambient = bit(CAP_NET_BIND_SERVICE);
    const auto plan = scene.plan();

    VerifyItems items;
    verify_status(scene.unit, plan, wanted_status(plan), {}, items);

    CHECK(items.size() == 10);
    for (const VerifyItem& item : items) {
        INFO(item.key << ": " << item.declared << ", " << item.in_force);
        CHECK_FALSE(item.differs());
    }
}

TEST_CASE("one of the four user ids that is another one differs", "[unit][H7]") {
    const PlanScene scene;
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(plan);
    status.uid[2] = 0;

    const VerifyItem item = status_item(scene.unit, plan, status, "service.user");

    CHECK(item.differs());
    CHECK(item.in_force == "real 33, effective 33, saved 0, file system 33");
}

TEST_CASE("an id is shown as the unit declares it", "[unit][H7]") {
    PlanScene scene;
    scene.unit.declared["service.user"] = "web";
    const auto plan = scene.plan();

    const VerifyItem item = status_item(scene.unit, plan, wanted_status(plan), "service.user");

    CHECK(item.declared == "web (33)");
    CHECK(item.in_force == "33");
}

TEST_CASE("ids in a user namespace are compared through its maps", "[unit][H7]") {
    PlanScene scene;
    scene.unit.namespaces.user = true;
    scene.unit.namespaces.uid_map = {{.inside = 0, .outside = 100000, .count = 65536}};
    scene.unit.namespaces.gid_map = scene.unit.namespaces.uid_map;
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(plan);

    status.uid.fill(100033);
    CHECK_FALSE(status_item(scene.unit, plan, status, "service.user").differs());
    status.uid.fill(33);
    CHECK(status_item(scene.unit, plan, status, "service.user").differs());
}

TEST_CASE("a group too many differs", "[unit][H7][X17]") {
    const PlanScene scene;
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(plan);
    status.groups.push_back(44);

    const VerifyItem item = status_item(scene.unit, plan, status, "service.supplementary_groups");

    CHECK(item.differs());
    CHECK(item.in_force == "34, 44");
}

TEST_CASE("a capability too many differs in its set alone", "[unit][H7]") {
    PlanScene scene;
    scene.unit.capabilities.bounding = 0;
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(plan);
    status.capabilities.bounding = bit(CAP_CHOWN);

    const VerifyItem bounding = status_item(scene.unit, plan, status, "capabilities.bounding");

    CHECK(bounding.differs());
    CHECK(bounding.declared == "none");
    CHECK(bounding.in_force == "chown");
    CHECK_FALSE(status_item(scene.unit, plan, status, "capabilities.effective").differs());
}

TEST_CASE("a capability that the program gave up is no difference", "[unit][H7]") {
    PlanScene scene;
    scene.unit.capabilities.ambient = bit(CAP_CHOWN);
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(plan);
    status.capabilities.effective = 0;

    const VerifyItem item = status_item(scene.unit, plan, status, "capabilities.effective");

    CHECK_FALSE(item.differs());
    CHECK(item.in_force == "none (the program gave up chown)");
}

TEST_CASE("a filter or no_new_privs that is missing differs", "[unit][H7]") {
    PlanScene scene;
    scene.unit.seccomp = PlanScene::deny_chmod();
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(plan);
    CHECK_FALSE(status_item(scene.unit, plan, status, "seccomp").differs());

    status.seccomp_mode = 0;
    status.seccomp_filters = 0;
    status.no_new_privs = false;
    CHECK(status_item(scene.unit, plan, status, "seccomp").differs());
    CHECK(status_item(scene.unit, plan, status, "capabilities.no_new_privs").differs());
}

TEST_CASE("a restriction without a filter, or with one that does not deny, differs", "[unit][H7]") {
    PlanScene scene;
    scene.unit.seccomp = permissive_filter();
    scene.unit.seccomp->address_families = AddressFamilies{.families = {1, 2}};
    scene.unit.seccomp->namespaces = {NamespaceKind::user};
    scene.unit.seccomp->memory_deny_write_execute = true;
    scene.unit.seccomp->suid_sgid = false;
    scene.unit.seccomp->realtime = false;
    scene.unit.seccomp->personality = false;
    scene.unit.declared["seccomp.architectures"] = "[\"native\"]";
    const auto plan = scene.plan();
    const ProcessStatus status = wanted_status(plan);
    ProcessStatus unfiltered = status;
    unfiltered.seccomp_mode = 0;
    unfiltered.seccomp_filters = 0;
    PlanDraft draft;
    draft.child.filter = {{BPF_RET | BPF_K, 0, 0, 0x7fff0000}};
    const LaunchPlan lax{std::move(draft)};

    for (const char* key : {"seccomp.address_families", "seccomp.namespaces",
                            "seccomp.memory_deny_write_execute", "seccomp.suid_sgid",
                            "seccomp.realtime", "seccomp.personality", "seccomp.architectures"}) {
        CAPTURE(key);
        CHECK_FALSE(status_item(scene.unit, plan, status, key).differs());
        CHECK(status_item(scene.unit, plan, unfiltered, key).differs());
        CHECK(status_item(scene.unit, plan, unfiltered, key).in_force == "no filter");
        CHECK(status_item(scene.unit, lax, status, key).differs());
    }
}

TEST_CASE("the supervisor's own filter does not pass for the service's", "[unit][H7]") {
    PlanScene scene;
    scene.unit.seccomp = PlanScene::deny_chmod();
    const auto plan = scene.plan();
    ProcessStatus own;
    own.seccomp_mode = 2;
    own.seccomp_filters = 1;
    ProcessStatus status = wanted_status(plan);

    CHECK(status_item(scene.unit, plan, status, "seccomp", own).differs());
    status.seccomp_filters = 2;
    CHECK_FALSE(status_item(scene.unit, plan, status, "seccomp", own).differs());
}

TEST_CASE("a hard limit that was raised differs, a soft one below it moves freely", "[unit][H7]") {
    PlanScene scene;
    scene.unit.process.rlimits = {{RLIMIT_NOFILE, 1024, 4096}};
    scene.unit.declared["process.rlimits.nofile"] = "1024:4096";
    const auto plan = scene.plan();
    const auto same_with = [&](std::uint64_t soft, std::uint64_t hard) {
        const ProcessLimit limit{RLIMIT_NOFILE, soft, hard};
        VerifyItems items;
        verify_limits(scene.unit, plan, {&limit, 1}, items);
        return !find_item(items, "process.rlimits.nofile").differs();
    };

    CHECK(same_with(1024, 4096));
    CHECK(same_with(4096, 4096));
    CHECK_FALSE(same_with(1024, 8192));
}

TEST_CASE("root that becomes a user with that user's groups is narrower", "[unit][N11]") {
    PlanScene scene;
    scene.unit.service->user = "root";
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(plan);
    status.uid.fill(105);
    status.gid.fill(112);
    status.groups = {112, 113};

    for (const char* key : {"service.user", "service.group", "service.supplementary_groups"}) {
        CAPTURE(key);
        CHECK(status_item(scene.unit, plan, status, key).result == VerifyResult::narrower);
    }

    SECTION("without the capability nobody can have done that") {
        scene.capabilities = 0;
        const auto powerless = scene.plan();
        CHECK(status_item(scene.unit, powerless, status, "service.user").differs());
        CHECK(status_item(scene.unit, powerless, status, "service.supplementary_groups").differs());
    }
}

TEST_CASE("a user that becomes another one differs, whatever it may", "[unit][N11]") {
    PlanScene scene;
    scene.unit.capabilities.ambient = bit(CAP_SETUID);
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(plan);
    status.uid[0] = 0;

    CHECK(status_item(scene.unit, plan, status, "service.user").differs());
}

TEST_CASE("fewer groups are narrower, other ones differ", "[unit][N11]") {
    const PlanScene scene;
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(plan);
    const auto result = [&] {
        return status_item(scene.unit, plan, status, "service.supplementary_groups").result;
    };

    status.groups = {};
    CHECK(result() == VerifyResult::narrower);
    status.groups = {44};
    CHECK(result() == VerifyResult::differs);
}

TEST_CASE("all capabilities over a user namespace of its own are narrower", "[unit][N11]") {
    PlanScene scene;
    scene.unit.capabilities.bounding = 0;
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(plan);
    status.capabilities.permitted = bit(CAP_SYS_ADMIN);

    VerifyItems items;
    verify_status(scene.unit, plan, status, {}, items, UserNamespacePlace::own_below);

    const VerifyItem item = find_item(items, "capabilities.permitted");
    CHECK(item.result == VerifyResult::narrower);
    CHECK(item.in_force == "sys_admin in a user namespace of its own");
}

TEST_CASE("a umask counts only where it is declared, and may become stricter", "[unit][N11]") {
    PlanScene scene;
    scene.unit.process.umask = 0027;
    scene.unit.declared["process.umask"] = "0027";
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(plan);
    const auto result = [&] {
        return status_item(scene.unit, plan, status, "process.umask").result;
    };

    CHECK(result() == VerifyResult::same);
    status.umask = 0077;
    CHECK(result() == VerifyResult::narrower);
    status.umask = 0022;
    CHECK(result() == VerifyResult::differs);
}

TEST_CASE("lower limits and more filters are narrower", "[unit][N11]") {
    PlanScene scene;
    scene.unit.process.rlimits = {{RLIMIT_NOFILE, 1024, 4096}};
    scene.unit.declared["process.rlimits.nofile"] = "1024:4096";
    const auto plan = scene.plan();
    const auto result_with = [&](std::uint64_t soft, std::uint64_t hard) {
        const ProcessLimit limit{RLIMIT_NOFILE, soft, hard};
        VerifyItems items;
        verify_limits(scene.unit, plan, {&limit, 1}, items);
        return find_item(items, "process.rlimits.nofile").result;
    };

    CHECK(result_with(512, 4096) == VerifyResult::narrower);
    CHECK(result_with(1024, 2048) == VerifyResult::narrower);
    CHECK(result_with(4096, 4096) == VerifyResult::same);
    CHECK(result_with(1024, 8192) == VerifyResult::differs);

    ProcessStatus status = wanted_status(plan);
    status.seccomp_mode = 2;
    status.seccomp_filters = 2;
    status.no_new_privs = true;
    CHECK(status_item(scene.unit, plan, status, "seccomp").result == VerifyResult::narrower);
    CHECK(status_item(scene.unit, plan, status, "capabilities.no_new_privs").result ==
          VerifyResult::narrower);
}

TEST_CASE("a limit that is not shown differs, and one that is not set does not",
          "[unit][H7][N11]") {
    PlanScene scene;
    scene.unit.process.rlimits = {{RLIMIT_NOFILE, 1024, 4096}};
    VerifyItems items;
    verify_limits(scene.unit, scene.plan(), {}, items);
    CHECK(items.empty());
    scene.unit.declared["process.rlimits.nofile"] = "1024:4096";
    verify_limits(scene.unit, scene.plan(), {}, items);
    CHECK(find_item(items, "process.rlimits.nofile").differs());
}

TEST_CASE("a cgroup file is compared as the kernel prints it", "[unit][H7]") {
    Unit unit;
    unit.declared["cgroup.memory.max"] = "64M";

    const VerifyItem same =
        verify_cgroup_file(unit, {"memory.max", "64M"}, Result<std::string>{"67108864"});
    const VerifyItem changed =
        verify_cgroup_file(unit, {"memory.max", "64M"}, Result<std::string>{"max"});

    CHECK_FALSE(same.differs());
    CHECK(same.declared == "64M");
    CHECK(same.in_force == "67108864");
    CHECK(changed.differs());
}

TEST_CASE("a missing controller is named", "[unit][H7][G9]") {
    const Result<std::string> absent = std::unexpected(system_error(ENOENT, "open", "memory.max"));

    const VerifyItem item = verify_cgroup_file({}, {"memory.max", "64M"}, absent);

    CHECK(item.differs());
    CHECK(item.in_force.find("'memory' is not enabled") != std::string::npos);
}

TEST_CASE("a process is in its node when the paths agree below the mount", "[unit][H7]") {
    const MountTable own = parse_table(
        "1 0 8:1 / / rw - ext4 d rw\n"
        "2 1 0:30 / /sys/fs/cgroup rw - cgroup2 c rw\n");

    CHECK(is_cgroup_path_of("/confinit/web", "/sys/fs/cgroup/confinit/web", own));
    CHECK_FALSE(is_cgroup_path_of("/confinit/web2", "/sys/fs/cgroup/confinit/web", own));
    CHECK_FALSE(is_cgroup_path_of("/", "/sys/fs/cgroup/confinit/web", own));
    CHECK_FALSE(is_cgroup_path_of("/srv", "/srv", own));
}

TEST_CASE("the namespaces and mounts of a running process are read", "[unit][H7]") {
    PlanScene scene;
    scene.unit.mounts = {};
    scene.unit.namespaces = {.ipc = true};
    scene.unit.service->user = "root";
    scene.unit.service->command = {"/bin/sh"};
    const auto plan = scene.plan();

    const auto items = verify(scene.unit, plan, getpid(), nullptr);

    CHECK(std::ranges::find(items, "namespaces.net", &VerifyItem::key) == items.end());
    const VerifyItem ipc = find_item(items, "namespaces.ipc");
    CHECK(ipc.differs());
    CHECK(ipc.in_force.find("ipc:[") != std::string::npos);
}

TEST_CASE("a process that is gone differs", "[unit][H7]") {
    const PlanScene scene;
    const auto plan = scene.plan();

    const auto items = verify(scene.unit, plan, 0x7fffffff, nullptr);

    REQUIRE(items.size() == 1);
    CHECK(items[0].differs());
}

}  // namespace confinit
