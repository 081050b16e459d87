// SPDX-License-Identifier: Apache-2.0
// Verify of mounts: what counts as the same, and that each kind of difference is found.
#include "launch/verify/parts.h"

#include "verify_scene.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <linux/mount.h>

namespace confinit {
namespace {

// A plan of ops by hand, on paths that no host has, so that nothing depends on this machine.
struct MountScene {
    PlanDraft plan;
    Unit unit;
    std::string host =
        "1 0 8:1 / / rw shared:1 - ext4 d rw\n"
        "2 1 0:5 / /dev rw shared:2 - devtmpfs d rw\n"
        "3 1 0:21 / /proc rw shared:3 - proc proc rw\n";
    std::string service = "101 50 8:1 / / rw master:1 - ext4 d rw\n";

    void add(const MountDraft& op, std::string key) {
        plan.child.mounts.push_back(op);
        plan.mount_keys.push_back(std::move(key));
        plan.mount_targets.emplace_back(op.target);
    }

    VerifyItems items() const {
        VerifyItems found;
        PlanDraft copy;
        static_cast<PlanIn<Drafted>&>(copy) = plan;
        verify_mounts(unit, LaunchPlan{std::move(copy)}, parse_table(service), parse_table(host),
                      found);
        return found;
    }

    VerifyItem item(std::string_view key) const { return find_item(items(), key); }
};

}  // namespace

TEST_CASE("a tmpfs of its own is found, and its absence too", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::tmpfs, .target = "/tmp", .attributes = MOUNT_ATTR_NOSUID},
              "mounts.private_tmp");
    CHECK(scene.item("mounts.private_tmp").in_force == "nothing is mounted at /tmp");

    scene.service += "102 101 0:60 / /tmp rw,nosuid - tmpfs tmpfs rw\n";
    CHECK_FALSE(scene.item("mounts.private_tmp").differs());
}

TEST_CASE("the host's tmpfs does not pass for a private one", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::tmpfs, .target = "/tmp"}, "mounts.private_tmp");
    scene.host += "4 1 0:60 / /tmp rw - tmpfs tmpfs rw\n";
    scene.service += "102 101 0:60 / /tmp rw - tmpfs tmpfs rw\n";

    CHECK(scene.item("mounts.private_tmp").differs());
}

TEST_CASE("a mount of another propagation than the declared one differs", "[unit][H7]") {
    struct Row {
        std::uint64_t flag;
        std::string words;
        std::string_view name;
    };
    const Row rows[] = {{MS_PRIVATE, "", "private"},
                        {MS_SHARED, "shared:70 master:1 ", "shared"},
                        {MS_UNBINDABLE, "unbindable ", "unbindable"}};
    for (const Row& wanted : rows) {
        for (const Row& in_force : rows) {
            MountScene scene;
            scene.add({.kind = MountOpKind::propagation, .target = "/"}, "namespaces.mount");
            scene.add(
                {.kind = MountOpKind::change_propagation, .target = "/", .attributes = wanted.flag},
                "mounts.propagation");
            scene.service = "101 50 8:1 / / rw " + in_force.words + "- ext4 d rw\n";

            const VerifyItem item = scene.item("mounts.propagation");

            CHECK(item.differs() == (wanted.name != in_force.name));
            if (!item.differs()) CHECK(item.in_force == wanted.name);
        }
    }
}

TEST_CASE("one executable mount below a no_exec path differs", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::no_exec, .target = "/"}, "mounts.no_exec[0]");
    scene.add({.kind = MountOpKind::exec, .target = "/opt"}, "mounts.exec[0]");
    scene.service =
        "101 50 8:1 / / rw,noexec - ext4 d rw\n"
        "102 101 8:1 /opt /opt rw - ext4 d rw\n";
    CHECK_FALSE(scene.item("mounts.no_exec[0]").differs());
    CHECK(scene.item("mounts.exec[0]").in_force == "executable");

    scene.service += "103 101 0:60 / /mnt rw - tmpfs d rw\n";
    CHECK(scene.item("mounts.no_exec[0]").in_force == "/mnt is executable");
}

TEST_CASE("an exec path that is noexec is narrower, unless the host's is", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::exec, .target = "/opt"}, "mounts.exec[0]");
    scene.service = "101 50 8:1 / / rw,noexec - ext4 d rw\n";
    CHECK(scene.item("mounts.exec[0]").result == VerifyResult::narrower);

    scene.host += "4 1 0:60 / /opt rw,noexec - tmpfs d rw\n";
    CHECK(scene.item("mounts.exec[0]").in_force == "noexec, as on the host");
}

TEST_CASE("a mount without its attributes differs", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::tmpfs,
               .target = "/tmp",
               .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV},
              "mounts.private_tmp");
    scene.service += "102 101 0:60 / /tmp rw,nosuid - tmpfs tmpfs rw\n";

    CHECK(scene.item("mounts.private_tmp").in_force == "tmpfs at /tmp without nodev");
}

TEST_CASE("a read-only path with a writable mount below it differs", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::read_only, .target = "/"}, "mounts.read_only[0]");
    scene.service = "101 50 8:1 / / ro - ext4 d rw\n";
    CHECK_FALSE(scene.item("mounts.read_only[0]").differs());

    scene.service += "102 101 8:2 / /mnt/usb rw master:9 - vfat u rw\n";
    const VerifyItem item = scene.item("mounts.read_only[0]");
    CHECK(item.differs());
    CHECK(item.in_force == "/mnt/usb is writable");
}

TEST_CASE("a wall that gets what the host mounts later differs", "[unit][N11]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::read_only, .target = "/ro"}, "mounts.read_only[0]");
    scene.add({.kind = MountOpKind::no_exec, .target = "/data"}, "mounts.no_exec[0]");
    scene.add({.kind = MountOpKind::bind,
               .source = "/no-such-data",
               .target = "/bound",
               .attributes = MOUNT_ATTR_RDONLY},
              "mounts.bind[0]");
    scene.service +=
        "102 101 8:1 /ro /ro ro master:1 - ext4 d rw\n"
        "103 101 8:1 /data /data rw,noexec master:1 - ext4 d rw\n"
        "104 101 8:1 /no-such-data /bound ro master:1 - ext4 d rw\n";

    for (const auto& [key, text] :
         {std::pair{"mounts.read_only[0]", "/ro gets what the host mounts later"},
          std::pair{"mounts.no_exec[0]", "/data gets what the host mounts later"},
          std::pair{"mounts.bind[0]", "/bound gets what the host mounts later"}}) {
        CHECK(scene.item(key).differs());
        CHECK(scene.item(key).in_force == text);
    }
    scene.plan.child.lets_mounts_in = true;
    for (const VerifyItem& item : scene.items())
        CHECK_FALSE(item.differs());
}

TEST_CASE("a /proc needs each of its options", "[unit][N14]") {
    MountScene scene;
    scene.add(
        {.kind = MountOpKind::proc, .target = "/proc", .options = "hidepid=invisible,subset=pid"},
        "mounts.proc");
    scene.service += "102 101 0:70 / /proc rw - proc proc rw,hidepid=invisible\n";
    CHECK(scene.item("mounts.proc").in_force == "proc at /proc without subset=pid");

    scene.service.replace(scene.service.rfind('\n'), 1, ",subset=pid\n");
    CHECK_FALSE(scene.item("mounts.proc").differs());
}

TEST_CASE("a mount on the root itself stands for the root", "[unit][N14]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::propagation, .target = "/"}, "namespaces.mount");
    scene.add({.kind = MountOpKind::tmpfs, .target = "/"}, "mounts.tmpfs[0]");
    scene.add({.kind = MountOpKind::change_root, .target = "/"}, "mounts.tmpfs[0]");
    CHECK(scene.item("mounts.tmpfs[0]").differs());

    scene.service = "101 50 0:60 / / rw - tmpfs tmpfs rw\n";
    CHECK_FALSE(scene.item("mounts.tmpfs[0]").differs());

    scene.plan.child.root = "/no-such-root";
    scene.plan.mount_keys[2] = "mounts.root";
    CHECK(scene.item("mounts.root").in_force == "covered by mounts.tmpfs[0]");
}

TEST_CASE("what a longer path decides does not count against a read-only one", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::read_only, .target = "/"}, "mounts.read_only[0]");
    scene.add({.kind = MountOpKind::tmpfs, .target = "/tmp"}, "mounts.private_tmp");
    scene.add({.kind = MountOpKind::read_write, .target = "/data"}, "mounts.read_write[0]");
    scene.service =
        "101 50 8:1 / / ro - ext4 d rw\n"
        "102 101 0:60 / /tmp rw - tmpfs tmpfs rw\n"
        "103 101 8:1 /data /data rw - ext4 d rw\n";

    for (const VerifyItem& item : scene.items()) {
        INFO(item.key << ": " << item.in_force);
        CHECK_FALSE(item.differs());
    }
}

TEST_CASE("a read-only path that lies in a read-only mount needs none of its own", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::read_only, .target = "/usr"}, "mounts.read_only[0]");
    CHECK(scene.item("mounts.read_only[0]").differs());

    scene.service = "101 50 8:1 / / ro - ext4 d rw\n";
    CHECK_FALSE(scene.item("mounts.read_only[0]").differs());
}

TEST_CASE("a bind mount shows what its source is on the host", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::bind, .source = "/no-such-data", .target = "/data"},
              "mounts.bind[0]");
    scene.service += "102 101 8:1 /no-such-data /data rw - ext4 d rw\n";
    CHECK_FALSE(scene.item("mounts.bind[0]").differs());

    scene.service += "103 102 8:1 /other /data rw - ext4 d rw\n";
    CHECK(scene.item("mounts.bind[0]").differs());
}

TEST_CASE("a read-only bind mount that became writable differs", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::bind,
               .source = "/no-such-data",
               .target = "/data",
               .attributes = MOUNT_ATTR_RDONLY},
              "mounts.bind[0]");
    scene.service += "102 101 8:1 /no-such-data /data rw - ext4 d rw\n";

    CHECK(scene.item("mounts.bind[0]").in_force == "/no-such-data without ro");
}

TEST_CASE("a writable bind mount that is read-only on the service's side is narrower",
          "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::bind, .source = "/no-such-data", .target = "/data"},
              "mounts.bind[0]");
    scene.service += "102 101 8:1 /no-such-data /data ro - ext4 d rw\n";
    CHECK(scene.item("mounts.bind[0]").result == VerifyResult::narrower);

    scene.host = "1 0 8:1 / / ro - ext4 d rw\n";
    CHECK_FALSE(scene.item("mounts.bind[0]").differs());
}

TEST_CASE("the host's /proc does not pass for an own one", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::proc, .target = "/proc", .options = "hidepid=invisible"},
              "mounts.proc");
    const std::string plain = scene.service;

    scene.service = plain + "102 101 0:21 / /proc rw - proc proc rw,hidepid=invisible\n";
    CHECK(scene.item("mounts.proc").differs());
    scene.service = plain + "102 101 0:61 / /proc rw - proc proc rw\n";
    CHECK(scene.item("mounts.proc").differs());
    scene.service = plain + "102 101 0:61 / /proc rw - proc proc rw,hidepid=invisible\n";
    CHECK_FALSE(scene.item("mounts.proc").differs());
}

TEST_CASE("an inaccessible directory is an empty one without permissions", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::inaccessible, .source = "/no-such-file", .target = "/home"},
              "mounts.inaccessible[0]");
    CHECK(scene.item("mounts.inaccessible[0]").differs());

    scene.service += "102 101 0:62 / /home ro,nosuid - tmpfs tmpfs rw,mode=000\n";
    CHECK_FALSE(scene.item("mounts.inaccessible[0]").differs());
}

TEST_CASE("a root of the service's own is the host's directory", "[unit][H7]") {
    MountScene scene;
    scene.plan.child.root = "/no-such-root";
    scene.add({.kind = MountOpKind::change_root, .target = "/"}, "mounts.root");
    CHECK(scene.item("mounts.root").differs());

    scene.service = "101 50 8:1 /no-such-root / rw master:1 - ext4 d rw\n";
    CHECK_FALSE(scene.item("mounts.root").differs());
}

TEST_CASE("a mount that is shared with the host differs", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::propagation, .target = "/"}, "namespaces.mount");
    CHECK_FALSE(scene.item("mounts.propagation").differs());

    scene.service = "101 50 8:1 / / rw shared:1 - ext4 d rw\n";
    CHECK(scene.item("mounts.propagation").differs());
}

TEST_CASE("of the many mounts of one key the one that differs is shown", "[unit][H7]") {
    MountScene scene;
    scene.add({.kind = MountOpKind::tmpfs, .target = "/dev"}, "mounts.private_dev");
    scene.add({.kind = MountOpKind::device_node, .source = "/no-such-null", .target = "/dev/null"},
              "mounts.private_dev");
    scene.service += "102 101 0:63 / /dev rw - tmpfs tmpfs rw\n";

    const VerifyItems items = scene.items();

    REQUIRE(items.size() == 1);
    CHECK(items[0].differs());
    CHECK(items[0].in_force == "nothing is mounted at /dev/null");
}

}  // namespace confinit
