// SPDX-License-Identifier: Apache-2.0
// Verify: what counts as the same, and that each kind of difference is found.
#include "launch/verify_parts.h"

#include "plan_scene.h"

#include <algorithm>
#include <cerrno>
#include <linux/capability.h>
#include <sys/resource.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr CapabilityMask bit(int number) {
    return CapabilityMask{1} << number;
}

VerifyItem find_item(const VerifyItems& items, std::string_view key) {
    const auto item = std::ranges::find(items, key, &VerifyItem::key);
    if (item == items.end()) FAIL("no item '" << key << "'");
    return *item;
}

// The process as the plan of a scene's unit wants it.
ProcessStatus wanted_status(const LaunchPlan& plan) {
    ProcessStatus status;
    status.uid.fill(plan.child.uid);
    status.gid.fill(plan.child.gid);
    status.groups.assign(plan.groups.begin(), plan.groups.end());
    status.capabilities = plan.expected_capabilities;
    status.no_new_privs = plan.child.no_new_privs;
    status.seccomp_mode = plan.filter.empty() ? 0 : 2;
    status.seccomp_filters = plan.filter.empty() ? 0 : 1;
    status.umask = plan.child.umask;
    return status;
}

VerifyItem status_item(const Unit& unit, const LaunchPlan& plan, const ProcessStatus& status,
                       std::string_view key, const ProcessStatus& own = {}) {
    VerifyItems items;
    verify_status(unit, plan, status, own, items);
    return find_item(items, key);
}

MountTable parse(const std::string& text) {
    auto table = MountTable::parse(text);
    REQUIRE(table);
    return std::move(*table);
}

// A plan of ops by hand, on paths that no host has, so that nothing depends on this machine.
struct MountScene {
    LaunchPlan plan;
    Unit unit;
    std::string host =
        "1 0 8:1 / / rw shared:1 - ext4 d rw\n"
        "2 1 0:5 / /dev rw shared:2 - devtmpfs d rw\n"
        "3 1 0:21 / /proc rw shared:3 - proc proc rw\n";
    std::string service = "101 50 8:1 / / rw master:1 - ext4 d rw\n";

    void add(MountOp op, std::string key) {
        plan.mount_ops.push_back(op);
        plan.mount_keys.push_back(std::move(key));
        plan.mount_targets.emplace_back(op.target);
    }

    VerifyItems items() const {
        VerifyItems found;
        verify_mounts(unit, plan, parse(service), parse(host), found);
        return found;
    }

    VerifyItem item(std::string_view key) const { return find_item(items(), key); }
};

}  // namespace

TEST_CASE("a process as it was planned differs in nothing", "[unit][H7]") {
    PlanScene scene;
    scene.unit.capabilities.ambient = bit(CAP_NET_BIND_SERVICE);
    const auto plan = scene.plan();

    VerifyItems items;
    verify_status(scene.unit, *plan, wanted_status(*plan), {}, items);

    CHECK(items.size() == 11);
    for (const VerifyItem& item : items) {
        INFO(item.key << ": " << item.declared << ", " << item.in_force);
        CHECK(item.same);
    }
}

TEST_CASE("one of the four user ids that is another one differs", "[unit][H7]") {
    const PlanScene scene;
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(*plan);
    status.uid[2] = 0;

    const VerifyItem item = status_item(scene.unit, *plan, status, "service.user");

    CHECK_FALSE(item.same);
    CHECK(item.in_force == "real 33, effective 33, saved 0, file system 33");
}

TEST_CASE("an id is shown as the unit declares it", "[unit][H7]") {
    PlanScene scene;
    scene.unit.declared["service.user"] = "web";
    const auto plan = scene.plan();

    const VerifyItem item = status_item(scene.unit, *plan, wanted_status(*plan), "service.user");

    CHECK(item.declared == "web (33)");
    CHECK(item.in_force == "33");
}

TEST_CASE("ids in a user namespace are compared through its maps", "[unit][H7]") {
    PlanScene scene;
    scene.unit.namespaces.user = true;
    scene.unit.namespaces.uid_map = {{.inside = 0, .outside = 100000, .count = 65536}};
    scene.unit.namespaces.gid_map = scene.unit.namespaces.uid_map;
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(*plan);

    status.uid.fill(100033);
    CHECK(status_item(scene.unit, *plan, status, "service.user").same);
    status.uid.fill(33);
    CHECK_FALSE(status_item(scene.unit, *plan, status, "service.user").same);
}

TEST_CASE("a group too many differs", "[unit][H7][X17]") {
    const PlanScene scene;
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(*plan);
    status.groups.push_back(44);

    const VerifyItem item =
        status_item(scene.unit, *plan, status, "service.supplementary_groups");

    CHECK_FALSE(item.same);
    CHECK(item.in_force == "34, 44");
}

TEST_CASE("a capability too many differs in its set alone", "[unit][H7]") {
    PlanScene scene;
    scene.unit.capabilities.bounding = 0;
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(*plan);
    status.capabilities.bounding = bit(CAP_CHOWN);

    const VerifyItem bounding = status_item(scene.unit, *plan, status, "capabilities.bounding");

    CHECK_FALSE(bounding.same);
    CHECK(bounding.declared == "none");
    CHECK(bounding.in_force == "chown");
    CHECK(status_item(scene.unit, *plan, status, "capabilities.effective").same);
}

TEST_CASE("a capability that the program gave up is no difference", "[unit][H7]") {
    PlanScene scene;
    scene.unit.capabilities.ambient = bit(CAP_CHOWN);
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(*plan);
    status.capabilities.effective = 0;

    const VerifyItem item = status_item(scene.unit, *plan, status, "capabilities.effective");

    CHECK(item.same);
    CHECK(item.in_force == "none (the program gave up chown)");
}

TEST_CASE("a filter or no_new_privs that is missing differs", "[unit][H7]") {
    PlanScene scene;
    scene.unit.seccomp = SeccompConfig{.default_action = {.kind = SeccompActionKind::allow},
                                       .allow = {},
                                       .deny = {{.name = "chmod", .action = std::nullopt}}};
    const auto plan = scene.plan();
    ProcessStatus status = wanted_status(*plan);
    CHECK(status_item(scene.unit, *plan, status, "seccomp").same);

    status.seccomp_mode = 0;
    status.seccomp_filters = 0;
    status.no_new_privs = false;
    CHECK_FALSE(status_item(scene.unit, *plan, status, "seccomp").same);
    CHECK_FALSE(status_item(scene.unit, *plan, status, "capabilities.no_new_privs").same);
}

TEST_CASE("the supervisor's own filter does not pass for the service's", "[unit][H7]") {
    PlanScene scene;
    scene.unit.seccomp = SeccompConfig{.default_action = {.kind = SeccompActionKind::allow},
                                       .allow = {},
                                       .deny = {{.name = "chmod", .action = std::nullopt}}};
    const auto plan = scene.plan();
    ProcessStatus own;
    own.seccomp_mode = 2;
    own.seccomp_filters = 1;
    ProcessStatus status = wanted_status(*plan);

    CHECK_FALSE(status_item(scene.unit, *plan, status, "seccomp", own).same);
    status.seccomp_filters = 2;
    CHECK(status_item(scene.unit, *plan, status, "seccomp", own).same);
}

TEST_CASE("a hard limit that was raised differs, a soft one below it moves freely", "[unit][H7]") {
    PlanScene scene;
    scene.unit.process.rlimits = {{RLIMIT_NOFILE, 1024, 4096}};
    const auto plan = scene.plan();
    const auto same_with = [&](std::uint64_t soft, std::uint64_t hard) {
        const ProcessLimit limit{RLIMIT_NOFILE, soft, hard};
        VerifyItems items;
        verify_limits(scene.unit, *plan, {&limit, 1}, items);
        return find_item(items, "process.rlimits.nofile").same;
    };

    CHECK(same_with(1024, 4096));
    CHECK(same_with(4096, 4096));
    CHECK_FALSE(same_with(1024, 8192));
}

TEST_CASE("a limit that is not shown differs", "[unit][H7]") {
    PlanScene scene;
    scene.unit.process.rlimits = {{RLIMIT_NOFILE, 1024, 4096}};
    const auto plan = scene.plan();

    VerifyItems items;
    verify_limits(scene.unit, *plan, {}, items);

    CHECK_FALSE(find_item(items, "process.rlimits.nofile").same);
}

TEST_CASE("a cgroup file is compared as the kernel prints it", "[unit][H7]") {
    Unit unit;
    unit.declared["cgroup.memory.max"] = "64M";

    const VerifyItem same =
        verify_cgroup_file(unit, {"memory.max", "64M"}, Result<std::string>{"67108864"});
    const VerifyItem changed =
        verify_cgroup_file(unit, {"memory.max", "64M"}, Result<std::string>{"max"});

    CHECK(same.same);
    CHECK(same.declared == "64M");
    CHECK(same.in_force == "67108864");
    CHECK_FALSE(changed.same);
}

TEST_CASE("a missing controller is named", "[unit][H7][G9]") {
    const Result<std::string> absent =
        std::unexpected(system_error(ENOENT, "open", "memory.max"));

    const VerifyItem item = verify_cgroup_file({}, {"memory.max", "64M"}, absent);

    CHECK_FALSE(item.same);
    CHECK(item.in_force.find("'memory' is not enabled") != std::string::npos);
}

TEST_CASE("a process is in its node when the paths agree below the mount", "[unit][H7]") {
    const MountTable own = parse(
        "1 0 8:1 / / rw - ext4 d rw\n"
        "2 1 0:30 / /sys/fs/cgroup rw - cgroup2 c rw\n");

    CHECK(is_cgroup_path_of("/confinit/web", "/sys/fs/cgroup/confinit/web", own));
    CHECK_FALSE(is_cgroup_path_of("/confinit/web2", "/sys/fs/cgroup/confinit/web", own));
    CHECK_FALSE(is_cgroup_path_of("/", "/sys/fs/cgroup/confinit/web", own));
    CHECK_FALSE(is_cgroup_path_of("/srv", "/srv", own));
}

TEST_CASE("a tmpfs of its own is found, and its absence too", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::tmpfs, .target = "/tmp", .attributes = 2}, "mounts.private_tmp");
    CHECK(scene.item("mounts.private_tmp").in_force == "nothing is mounted at /tmp");

    scene.service += "102 101 0:60 / /tmp rw,nosuid - tmpfs tmpfs rw\n";
    CHECK(scene.item("mounts.private_tmp").same);
}

TEST_CASE("the host's tmpfs does not pass for a private one", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::tmpfs, .target = "/tmp"}, "mounts.private_tmp");
    scene.host += "4 1 0:60 / /tmp rw - tmpfs tmpfs rw\n";
    scene.service += "102 101 0:60 / /tmp rw - tmpfs tmpfs rw\n";

    CHECK_FALSE(scene.item("mounts.private_tmp").same);
}

TEST_CASE("a mount without its attributes differs", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::tmpfs, .target = "/tmp", .attributes = 2 | 4},
              "mounts.private_tmp");
    scene.service += "102 101 0:60 / /tmp rw,nosuid - tmpfs tmpfs rw\n";

    CHECK(scene.item("mounts.private_tmp").in_force == "tmpfs at /tmp without nodev");
}

TEST_CASE("a read-only path with a writable mount below it differs", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::read_only, .target = "/"}, "mounts.read_only[0]");
    scene.service = "101 50 8:1 / / ro master:1 - ext4 d rw\n";
    CHECK(scene.item("mounts.read_only[0]").same);

    scene.service += "102 101 8:2 / /mnt/usb rw master:9 - vfat u rw\n";
    const VerifyItem item = scene.item("mounts.read_only[0]");
    CHECK_FALSE(item.same);
    CHECK(item.in_force == "/mnt/usb is writable");
}

TEST_CASE("what a longer path decides does not count against a read-only one", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::read_only, .target = "/"}, "mounts.read_only[0]");
    scene.add({.kind = MountOpKind::tmpfs, .target = "/tmp"}, "mounts.private_tmp");
    scene.add({.kind = MountOpKind::read_write, .target = "/data"}, "mounts.read_write[0]");
    scene.service =
        "101 50 8:1 / / ro master:1 - ext4 d rw\n"
        "102 101 0:60 / /tmp rw - tmpfs tmpfs rw\n"
        "103 101 8:1 /data /data rw - ext4 d rw\n";

    for (const VerifyItem& item : scene.items()) {
        INFO(item.key << ": " << item.in_force);
        CHECK(item.same);
    }
}

TEST_CASE("a read-only path that lies in a read-only mount needs none of its own", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::read_only, .target = "/usr"}, "mounts.read_only[0]");
    CHECK_FALSE(scene.item("mounts.read_only[0]").same);

    scene.service = "101 50 8:1 / / ro master:1 - ext4 d rw\n";
    CHECK(scene.item("mounts.read_only[0]").same);
}

TEST_CASE("a bind mount shows what its source is on the host", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::bind, .source = "/no-such-data", .target = "/data"},
              "mounts.bind[0]");
    scene.service += "102 101 8:1 /no-such-data /data rw - ext4 d rw\n";
    CHECK(scene.item("mounts.bind[0]").same);

    scene.service += "103 102 8:1 /other /data rw - ext4 d rw\n";
    CHECK_FALSE(scene.item("mounts.bind[0]").same);
}

TEST_CASE("a read-only bind mount that became writable differs", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::bind,
               .source = "/no-such-data",
               .target = "/data",
               .attributes = 1},
              "mounts.bind[0]");
    scene.service += "102 101 8:1 /no-such-data /data rw - ext4 d rw\n";

    CHECK(scene.item("mounts.bind[0]").in_force == "/no-such-data without ro");
}

TEST_CASE("the host's /proc does not pass for an own one", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::proc, .target = "/proc", .options = "hidepid=invisible"},
              "mounts.proc");
    const std::string plain = scene.service;

    scene.service = plain + "102 101 0:21 / /proc rw - proc proc rw,hidepid=invisible\n";
    CHECK_FALSE(scene.item("mounts.proc").same);
    scene.service = plain + "102 101 0:61 / /proc rw - proc proc rw\n";
    CHECK_FALSE(scene.item("mounts.proc").same);
    scene.service = plain + "102 101 0:61 / /proc rw - proc proc rw,hidepid=invisible\n";
    CHECK(scene.item("mounts.proc").same);
}

TEST_CASE("an inaccessible directory is an empty one without permissions", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::inaccessible, .source = "/no-such-file", .target = "/home"},
              "mounts.inaccessible[0]");
    CHECK_FALSE(scene.item("mounts.inaccessible[0]").same);

    scene.service += "102 101 0:62 / /home ro,nosuid - tmpfs tmpfs rw,mode=000\n";
    CHECK(scene.item("mounts.inaccessible[0]").same);
}

TEST_CASE("a root of the service's own is the host's directory", "[unit][H7]") {
    MountScene scene;
    scene.plan.child.root = "/no-such-root";
    scene.add({.kind = MountOpKind::change_root, .target = "/"}, "mounts.root");
    CHECK_FALSE(scene.item("mounts.root").same);

    scene.service = "101 50 8:1 /no-such-root / rw master:1 - ext4 d rw\n";
    CHECK(scene.item("mounts.root").same);
}

TEST_CASE("a mount that is shared with the host differs", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::propagation, .target = "/"}, "namespaces.mount");
    CHECK(scene.item("mounts.propagation").same);

    scene.service = "101 50 8:1 / / rw shared:1 - ext4 d rw\n";
    CHECK_FALSE(scene.item("mounts.propagation").same);
}

TEST_CASE("of the many mounts of one key the one that differs is shown", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::tmpfs, .target = "/dev"}, "mounts.private_dev");
    scene.add({.kind = MountOpKind::device_node, .source = "/no-such-null", .target = "/dev/null"},
              "mounts.private_dev");
    scene.service += "102 101 0:63 / /dev rw - tmpfs tmpfs rw\n";

    const VerifyItems items = scene.items();

    REQUIRE(items.size() == 1);
    CHECK_FALSE(items[0].same);
    CHECK(items[0].in_force == "nothing is mounted at /dev/null");
}

TEST_CASE("the namespaces and mounts of a running process are read", "[unit][H7]") {
    PlanScene scene;
    scene.unit.mounts = {};
    scene.unit.namespaces = {.ipc = true};
    scene.unit.service->user = "root";
    scene.unit.service->command = {"/bin/sh"};
    const auto plan = scene.plan();

    const auto items = verify(scene.unit, *plan, getpid(), nullptr);

    CHECK(find_item(items, "namespaces.net").same);
    const VerifyItem ipc = find_item(items, "namespaces.ipc");
    CHECK_FALSE(ipc.same);
    CHECK(ipc.in_force.find("ipc:[") != std::string::npos);
}

TEST_CASE("a process that is gone differs", "[unit][H7]") {
    const PlanScene scene;
    const auto plan = scene.plan();

    const auto items = verify(scene.unit, *plan, 0x7fffffff, nullptr);

    REQUIRE(items.size() == 1);
    CHECK_FALSE(items[0].same);
}

}  // namespace confinit
