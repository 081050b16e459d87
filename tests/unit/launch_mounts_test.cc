// SPDX-License-Identifier: Apache-2.0
// The mounts of a plan: their order, their targets and what belongs to each key.
#include "plan_scene.h"
#include "unit/protect_presets.h"

#include <algorithm>
#include <linux/mount.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace confinit {
namespace {

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a new mount namespace alone is made a slave", "[unit]") {
    PlanScene scene;
    use_host_root(scene);

    const auto plan = scene.plan();

    CHECK(op_texts(plan) == Texts{"propagation /"});
    CHECK(texts(plan->mount_keys) == Texts{"namespaces.mount"});
}

TEST_CASE("of the supervisor's runtime directory a service sees what is its own", "[unit][N3]") {
    PlanScene scene;
    scene.runtime_directory = "/run/confinit";
    scene.root.make_directory("run/confinit");
    const auto middle = [](const LaunchPlan& plan) {
        const Texts texts = op_texts(plan);
        return Texts(texts.begin() + 1, texts.end() - 1);
    };

    const auto alone = scene.plan();
    CHECK(middle(alone) == Texts{"tmpfs /run/confinit"});
    CHECK(alone->mount_keys[1] == "service.operator");
    CHECK((alone->child.mounts[1].attributes & MOUNT_ATTR_RDONLY) != 0);

    scene.unit.service->ready.by = ReadyBy::notify;
    CHECK(middle(scene.plan()) == Texts{"tmpfs /run/confinit", "directory /run/confinit/notify",
                                        "bind /run/confinit/notify", "seal /run/confinit"});

    scene.unit.service->ready.by = ReadyBy::exec;
    scene.unit.service->is_operator = true;
    CHECK(middle(scene.plan()) ==
          Texts{"tmpfs /run/confinit", "bind /run/confinit/control", "seal /run/confinit"});
    scene.unit.service->is_deputy = true;
    CHECK(middle(scene.plan())[2] == "bind /run/confinit/status");
}

TEST_CASE("where the supervisor's directory is not, or is the unit's own, nothing covers it",
          "[unit][N3]") {
    PlanScene scene;
    scene.runtime_directory = "/run/confinit";
    CHECK(index_of(scene.plan(), "change_root " + scene.root.path()) == 1);

    scene.root.make_directory("run/confinit");
    scene.unit.mounts.tmpfs = {{.target = "/run"}};
    CHECK(op_texts(scene.plan())[1] == "tmpfs /run");
    CHECK(std::ranges::count(op_texts(scene.plan()), "tmpfs /run/confinit") == 0);
}

TEST_CASE("without a mount namespace there is no mount", "[unit]") {
    PlanScene scene;
    use_host_root(scene);
    scene.unit.namespaces.mount = false;
    scene.unit.namespaces.pid = true;
    scene.unit.mounts.proc = ProcView::inherited;

    CHECK(scene.plan()->child.mounts.empty());
}

TEST_CASE("mounts without a mount namespace are refused", "[unit][H3]") {
    PlanScene scene;
    use_host_root(scene);
    scene.unit.namespaces.mount = false;
    scene.unit.mounts.private_tmp = true;

    CHECK(scene.failure().key == "mounts");
}

TEST_CASE("the root is changed last", "[unit]") {
    PlanScene scene;
    scene.unit.mounts.read_only = {"/"};

    const auto plan = scene.plan();

    CHECK(op_texts(plan) ==
          Texts{"propagation /", "read_only /", "change_root " + scene.root.path()});
    CHECK(plan->child.root.c_str() == scene.root.path());
}

TEST_CASE("what a mount takes over of execution and of writing comes from the longest path",
          "[unit]") {
    PlanScene scene;
    scene.unit.mounts.read_only = {"/"};
    scene.unit.mounts.no_exec = {"/"};
    scene.unit.mounts.exec = {"/bin", "/usr"};
    scene.unit.mounts.read_write = {"/var/lib/web", "/usr/bin"};
    scene.unit.mounts.private_tmp = true;

    const auto plan = scene.plan();

    const auto attributes = [&](std::string_view text) {
        return op_at(plan, text).attributes;
    };
    CHECK(attributes("exec /usr") == MOUNT_ATTR_RDONLY);
    CHECK(attributes("read_write /usr/bin") == 0);
    CHECK(attributes("read_write /var/lib/web") == MOUNT_ATTR_NOEXEC);
    CHECK((attributes("tmpfs /tmp") & MOUNT_ATTR_NOEXEC) != 0);
    CHECK((attributes("tmpfs /tmp") & MOUNT_ATTR_RDONLY) == 0);
}

TEST_CASE("a preset covers what exists of its paths, and nothing twice", "[unit]") {
    PlanScene scene;
    scene.unit.mounts.protect = {find_protect_preset("system-full"),
                                 find_protect_preset("home-tmpfs")};
    scene.root.make_directory("home");
    scene.root.make_directory("usr/lib");
    REQUIRE(symlink("usr/lib", (scene.root.path() + "/lib").c_str()) == 0);

    const auto plan = scene.plan();

    const Texts texts = op_texts(plan);
    CHECK(Texts(texts.begin() + 1, texts.end() - 1) ==
          Texts{"tmpfs /home", "read_only /usr", "read_only /bin", "read_only /etc"});
    CHECK(plan->mount_keys[1] == "mounts.protect[1]");
    CHECK(plan->mount_keys[2] == "mounts.protect[0]");
}

TEST_CASE("a preset's file that the launch itself puts away is not covered", "[unit]") {
    PlanScene scene;
    scene.unit.mounts.private_dev = true;
    scene.unit.mounts.protect = {find_protect_preset("kernel-logs")};
    CHECK(std::ranges::count(op_texts(scene.plan()), "inaccessible /dev/kmsg") == 0);

    scene.unit.mounts.bind = {{.source = "/dev/null", .target = "/dev/kmsg"}};
    CHECK(std::ranges::count(op_texts(scene.plan()), "inaccessible /dev/kmsg") == 1);
}

TEST_CASE("exec within a read-only bind of its own source stays read-only", "[unit]") {
    PlanScene scene;
    scene.unit.mounts.bind = {{.source = "/srv", .target = "/srv", .read_only = true}};
    scene.unit.mounts.exec = {"/srv"};

    CHECK(op_at(scene.plan(), "exec /srv").attributes == MOUNT_ATTR_RDONLY);
}

TEST_CASE("the longest path wins whatever the order in the file", "[unit]") {
    PlanScene scene;
    scene.unit.mounts.read_write = {"/var/lib/web"};
    scene.unit.mounts.inaccessible = {"/srv"};
    scene.unit.mounts.read_only = {"/var/lib", "/"};
    scene.unit.mounts.private_tmp = true;

    const auto plan = scene.plan();

    const Texts texts = op_texts(plan);
    CHECK(Texts(texts.begin() + 1, texts.end() - 1) ==
          Texts{"read_only /", "tmpfs /tmp", "inaccessible /srv", "tmpfs /var/tmp",
                "read_only /var/lib", "read_write /var/lib/web"});
    CHECK(plan->mount_keys[1] == "mounts.read_only[1]");
    CHECK(plan->mount_keys[2] == "mounts.private_tmp");
    CHECK(plan->mount_keys[5] == "mounts.read_only[0]");
}

TEST_CASE("at one path a mount comes before what makes it read-only", "[unit]") {
    PlanScene scene;
    scene.unit.mounts.read_only = {"/srv"};
    scene.unit.mounts.bind = {{.source = "/usr", .target = "/srv"}};

    const auto plan = scene.plan();

    CHECK(index_of(plan, "bind /srv") < index_of(plan, "read_only /srv"));
}

TEST_CASE("paths are ordered by where they lead", "[unit]") {
    PlanScene scene;
    scene.root.make_directory("run/web");
    scene.root.link("var/lib/web/deep/run", "/run");
    scene.unit.mounts.read_only = {"/var/lib/web/deep/run"};
    scene.unit.mounts.tmpfs = {{.target = "/run/web"}};

    const auto plan = scene.plan();

    const std::size_t link = index_of(plan, "read_only /var/lib/web/deep/run");
    CHECK(plan->mount_targets[link] == "/run");
    CHECK(link < index_of(plan, "tmpfs /run/web"));
}

TEST_CASE("a private /tmp is open to all and has no devices", "[unit]") {
    PlanScene scene;
    scene.unit.mounts.private_tmp = true;

    const auto plan = scene.plan();

    const MountOp& op = op_at(plan, "tmpfs /tmp");
    CHECK(std::string_view{op.options} == "01777");
    CHECK(op.attributes == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
    CHECK(op.source == nullptr);
}

TEST_CASE("a private /var/tmp comes only where there is one", "[unit]") {
    PlanScene scene;
    scene.unit.mounts.private_tmp = true;
    std::filesystem::remove(scene.root.path() + "/var/tmp");
    CHECK(op_texts(scene.plan()).size() == 3);

    scene.root.link("var/tmp", "../tmp");
    CHECK(op_texts(scene.plan()).size() == 3);
}

TEST_CASE("a private /dev has the standard nodes by number", "[unit][X8]") {
    PlanScene scene;
    scene.unit.mounts.private_dev = true;

    const auto plan = scene.plan();

    CHECK(op_at(plan, "device /dev/null").device == makedev(1, 3));
    CHECK(op_at(plan, "device /dev/tty").device == makedev(5, 0));
    CHECK(std::string_view{op_at(plan, "device /dev/urandom").source} == "/dev/urandom");
    CHECK(std::string_view{op_at(plan, "symlink /dev/ptmx").source} == "pts/ptmx");
    CHECK(index_of(plan, "tmpfs /dev") == 1);
    CHECK(index_of(plan, "directory /dev/pts") < index_of(plan, "devpts /dev/pts"));
    CHECK(index_of(plan, "directory /dev/shm") < index_of(plan, "tmpfs /dev/shm"));
    CHECK(index_of(plan, "directory /dev/mqueue") < index_of(plan, "mqueue /dev/mqueue"));
}

TEST_CASE("a host's device in a private /dev is checked by number", "[unit][X8]") {
    PlanScene scene;
    scene.unit.mounts.private_dev = true;
    scene.unit.mounts.bind = {{.source = "/dev/zero", .target = "/dev/nil"},
                              {.source = "/dev/zero", .target = "/srv"}};

    const auto plan = scene.plan();

    CHECK(op_at(plan, "device /dev/nil").device == makedev(1, 5));
    CHECK(op_at(plan, "bind /srv").device == 0);
}

TEST_CASE("a new pid namespace has a /proc of its own", "[unit]") {
    PlanScene scene;
    scene.unit.namespaces.pid = true;

    const auto plan = scene.plan();

    const std::size_t index = index_of(plan, "proc /proc");
    CHECK(plan->mount_keys[index] == "namespaces.pid");
    CHECK(plan->child.mounts[index].options == nullptr);
}

TEST_CASE("a declared /proc has its options, and inherited is none", "[unit]") {
    PlanScene scene;
    scene.unit.namespaces.pid = true;
    scene.unit.mounts.proc = ProcView::invisible;
    const auto invisible = scene.plan();
    scene.unit.mounts.proc = ProcView::own;
    scene.unit.mounts.proc_pids_only = true;
    const auto pids_only = scene.plan();
    scene.unit.mounts.proc = ProcView::inherited;
    const auto inherited = scene.plan();

    CHECK(std::string_view{op_at(invisible, "proc /proc").options} == "hidepid=invisible");
    CHECK(std::string_view{op_at(pids_only, "proc /proc").options} == "subset=pid");
    CHECK(invisible->mount_keys[1] == "mounts.proc");
    CHECK(op_texts(inherited).size() == 2);
}

TEST_CASE("a tmpfs has its size and mode", "[unit]") {
    PlanScene scene;
    scene.unit.mounts.tmpfs = {{.target = "/srv", .size = 4096, .mode = 0700}};

    const auto plan = scene.plan();

    CHECK(std::string_view{op_at(plan, "tmpfs /srv").source} == "size=4096");
    CHECK(std::string_view{op_at(plan, "tmpfs /srv").options} == "0700");
}

TEST_CASE("mount points inside of a launch's tmpfs are made by it", "[unit]") {
    PlanScene scene;
    scene.unit.mounts.private_tmp = true;
    scene.unit.mounts.bind = {{.source = "/usr", .target = "/tmp/a/usr"}};

    const auto plan = scene.plan();

    const Texts texts = op_texts(plan);
    CHECK(Texts(texts.begin() + 1, texts.end() - 1) ==
          Texts{"tmpfs /tmp", "tmpfs /var/tmp", "directory /tmp/a", "directory /tmp/a/usr",
                "bind /tmp/a/usr"});
    CHECK(op_at(plan, "directory /tmp/a").mode == 0755);
    CHECK(plan->mount_keys[3] == "mounts.bind[0]");
}

TEST_CASE("a file's mount point in a tmpfs is left to its bind, its directories are made",
          "[unit]") {
    PlanScene scene;
    scene.root.write("source", "");
    scene.unit.mounts.tmpfs = {{.target = "/srv"}};
    scene.unit.mounts.bind = {{.source = scene.root.path() + "/source", .target = "/srv/a/b"}};

    const auto plan = scene.plan();

    const Texts texts = op_texts(plan);
    CHECK(Texts(texts.begin() + 1, texts.end() - 1) ==
          Texts{"tmpfs /srv", "directory /srv/a", "bind /srv/a/b"});
    CHECK(op_at(plan, "bind /srv/a/b").inside == index_of(plan, "tmpfs /srv"));
    CHECK(std::string_view{op_at(plan, "bind /srv/a/b").place} == "/a/b");
    CHECK(std::string_view{op_at(plan, "tmpfs /srv").place} == "/srv");
}

TEST_CASE("the real-time clocks that are there are hidden with the clock", "[unit]") {
    PlanScene scene;
    scene.root.make_directory("dev");
    for (const char* name : {"dev/rtc0", "dev/rtc1", "dev/null"})
        scene.root.write(name, "");
    scene.root.link("dev/rtc", "rtc0");
    scene.unit.mounts.protect = {find_protect_preset("clock")};

    const Texts texts = op_texts(scene.plan());

    CHECK(Texts(texts.begin() + 1, texts.end() - 1) ==
          Texts{"inaccessible /dev/rtc", "inaccessible /dev/rtc1"});
}

TEST_CASE("what stays writable in a bind mount is taken from its source", "[unit][S13]") {
    PlanScene scene;
    scene.root.make_directory("from/inner");
    const std::string source = scene.root.path() + "/from";
    scene.unit.mounts.bind = {
        {.source = source, .target = "/srv", .read_only = true, .recursive = false}};
    scene.unit.mounts.read_write = {"/srv/inner"};

    const auto plan = scene.plan();

    const MountOp& op = op_at(plan, "read_write /srv/inner");
    CHECK(std::string_view{op.source} == source + "/inner");
    CHECK_FALSE(op.recursive);
}

TEST_CASE("nothing is made in a file system that stays", "[unit]") {
    PlanScene scene;
    const TemporaryDirectory other;
    scene.unit.mounts.tmpfs = {{.target = "/srv"}};
    scene.unit.mounts.bind = {{.source = other.path(), .target = "/srv/a"},
                              {.source = "/usr", .target = "/srv/a/b"}};

    const auto plan = scene.plan();

    const Texts texts = op_texts(plan);
    CHECK(Texts(texts.begin() + 1, texts.end() - 1) ==
          Texts{"tmpfs /srv", "directory /srv/a", "bind /srv/a", "bind /srv/a/b"});
}

TEST_CASE("a bind has its source, attributes and reach", "[unit]") {
    PlanScene scene;
    scene.unit.mounts.bind = {
        {.source = "/usr", .target = "/srv", .read_only = true, .recursive = false}};

    const auto plan = scene.plan();

    const MountOp& op = op_at(plan, "bind /srv");
    CHECK(std::string_view{op.source} == "/usr");
    CHECK(op.attributes == MOUNT_ATTR_RDONLY);
    CHECK_FALSE(op.recursive);
    CHECK(plan->mount_keys[index_of(plan, "bind /srv")] == "mounts.bind[0]");
}

TEST_CASE("what hides a file comes from the supervisor", "[unit]") {
    PlanScene scene;
    scene.unit.mounts.inaccessible = {"/etc/passwd"};

    const auto plan = scene.plan();

    CHECK(std::string_view{op_at(plan, "inaccessible /etc/passwd").source} ==
          "/run/confinit/inaccessible");
}

TEST_CASE("each op has a key and a target", "[unit][H4]") {
    PlanScene scene;
    scene.unit.mounts.private_dev = true;
    scene.unit.mounts.private_tmp = true;
    scene.unit.mounts.read_only = {"/"};

    const auto plan = scene.plan();

    CHECK(plan->mount_keys.size() == plan->child.mounts.size());
    CHECK(plan->mount_targets.size() == plan->child.mounts.size());
    CHECK(std::ranges::none_of(plan->mount_keys, &ImageString::empty));
}

}  // namespace confinit
