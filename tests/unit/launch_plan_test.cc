// SPDX-License-Identifier: Apache-2.0
// Launch plans: ids, environment, limits and namespaces.
#include "launch/spawn/bind_order.h"
#include "plan_scene.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/resource.h>
#include <vector>

namespace confinit {
namespace {

using Texts = std::vector<std::string>;

bool has(const std::vector<std::string>& texts, std::string_view text) {
    return std::ranges::find(texts, text) != texts.end();
}

std::string value_of(const LaunchPlan& plan, std::string_view file) {
    const auto setting = std::ranges::find(plan.limits, file, &CgroupSetting::file);
    return setting == plan.limits.end() ? "absent" : setting->value;
}

}  // namespace

TEST_CASE("a failure is told in one line", "[unit][H4]") {
    const Error whole{.key = "mounts.read_only[1]",
                      .object = "/var/lib/x",
                      .call = "open_tree",
                      .error = ENOENT,
                      .hint = "create it"};
    const Error plain{.key = "service.user", .object = "nosuch", .hint = "no such user"};

    CHECK(whole.text() ==
          "mounts.read_only[1]: open_tree '/var/lib/x': No such file or directory (ENOENT); "
          "create it");
    CHECK(plain.text() == "service.user: 'nosuch': no such user");
    CHECK(Error{.hint = "damaged"}.text() == "damaged");
}

TEST_CASE("a user's name is looked up in the service's root", "[unit]") {
    const PlanScene scene;

    const auto plan = scene.plan();

    CHECK(plan->child.uid == 33);
    CHECK(plan->child.gid == 34);
}

TEST_CASE("a user that is not there is named, with the nearest one", "[unit][H4]") {
    PlanScene scene;
    scene.unit.service->user = "wbe";

    const Error failure = scene.failure();

    CHECK(failure.key == "service.user");
    CHECK(failure.object == "wbe");
    CHECK(failure.hint == "no such user in " + scene.root.path() +
                              "/etc/passwd; add it there, or did you mean 'web'?");
}

TEST_CASE("a group that is not there is named by its key", "[unit][H4]") {
    PlanScene scene;
    scene.unit.service->supplementary_groups = {"video", "vdeo"};

    const Error failure = scene.failure();

    CHECK(failure.key == "service.supplementary_groups[1]");
    CHECK(failure.object == "vdeo");
    CHECK(failure.hint.starts_with("no such group in " + scene.root.path() + "/etc/group; "));
}

TEST_CASE("the group list is the declared one and the primary group", "[unit][X17]") {
    PlanScene scene;
    scene.unit.service->supplementary_groups = {"video", "44", "7"};

    const auto plan = scene.plan();

    CHECK(items(plan->child.groups) == std::vector<gid_t>{7, 34, 44});
    CHECK(plan->child.groups.size() == 3);
}

TEST_CASE("membership in the group file gives no group", "[unit][X17]") {
    const PlanScene scene;

    CHECK(items(scene.plan()->child.groups) == std::vector<gid_t>{34});
}

TEST_CASE("a number without an entry is a user only with a group", "[unit]") {
    PlanScene scene;
    scene.unit.service->user = "12345";

    CHECK(scene.failure().key == "service.group");

    scene.unit.service->group = "www";
    const auto plan = scene.plan();
    CHECK(plan->child.uid == 12345);
    CHECK(plan->child.gid == 34);
    CHECK(has(texts(plan->environment), "HOME=/"));
    CHECK_FALSE(has(texts(plan->environment), "USER=12345"));
}

TEST_CASE("the environment is the user's, and the unit's own wins", "[unit]") {
    PlanScene scene;
    scene.unit.service->environment = {{"HOME", "/srv"}, {"MODE", "a=b"}, {"MODE", "c"}};

    const auto plan = scene.plan();

    CHECK(texts(plan->environment) ==
          Texts{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/srv",
                "SHELL=/bin/false", "USER=web", "LOGNAME=web", "MODE=c"});
}

TEST_CASE("the arguments are the command's", "[unit]") {
    const auto plan = PlanScene{}.plan();

    CHECK(plan->executable == "/usr/bin/serve");
    CHECK(texts(plan->arguments) == Texts{"/usr/bin/serve", "--loud"});
}

TEST_CASE("a root that is not there fails as mounts.root", "[unit][H4]") {
    PlanScene scene;
    scene.unit.mounts.root = "/no/such/root";

    const Error failure = scene.failure();

    CHECK(failure.key == "mounts.root");
    CHECK(failure.error == ENOENT);
}

TEST_CASE("a unit without a service has no plan", "[unit]") {
    PlanScene scene;
    scene.unit.service.reset();

    CHECK(scene.failure().key == "service.command");
}

TEST_CASE("percentages are of the machine's memory, in whole pages", "[unit]") {
    PlanScene scene;
    scene.unit.cgroup = {{"memory.max", "10%"}, {"memory.high", "max"}, {"cpu.max", "max 100000"}};

    const auto plan = scene.plan();

    // A tenth of 1 GiB is 107374182.4 bytes.
    CHECK(value_of(plan, "memory.max") == "107372544");
    CHECK(value_of(plan, "memory.high") == "max");
    CHECK(value_of(plan, "cpu.max") == "max 100000");
}

TEST_CASE("a percentage of pids.max is a number", "[unit]") {
    PlanScene scene;
    scene.unit.cgroup = {{"pids.max", "50%"}};

    const auto plan = scene.plan();

    CHECK(value_of(plan, "pids.max").find_first_not_of("0123456789") == std::string::npos);
}

TEST_CASE("a percentage of anything else is refused", "[unit][H3]") {
    PlanScene scene;
    scene.unit.cgroup = {{"io.weight", "50%"}};

    CHECK(scene.failure().key == "cgroup.io.weight");
}

TEST_CASE("the cgroup namespace is not made by clone3", "[unit]") {
    PlanScene scene;
    scene.unit.namespaces = {
        .mount = true, .pid = true, .net = true, .ipc = true, .uts = true, .cgroup = true};

    const auto plan = scene.plan();

    CHECK(plan->clone_flags ==
          (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS));
    CHECK(plan->child.new_cgroup_namespace);
    CHECK(plan->child.new_network);
    CHECK(plan->child.has_reaper);
    CHECK(plan.reaper_program >= 0);
}

TEST_CASE("a service that is pid 1 itself has no reaper", "[unit]") {
    PlanScene scene;
    scene.unit.namespaces.pid = true;
    scene.unit.namespaces.pid1_is_service = true;

    CHECK_FALSE(scene.plan()->child.has_reaper);
}

TEST_CASE("a hostname needs a namespace of its own", "[unit][H3]") {
    PlanScene scene;
    scene.unit.namespaces.hostname = "box";
    CHECK(scene.failure().key == "namespaces.uts.hostname");

    scene.unit.namespaces.uts = true;
    CHECK(std::string_view{scene.plan()->child.hostname} == "box");
}

TEST_CASE("id maps have one line each, and setgroups is denied", "[unit]") {
    PlanScene scene;
    scene.make_user_namespace();

    const auto plan = scene.plan();

    CHECK(plan->uid_map == "0 100000 65536\n");
    CHECK(plan->gid_map == "0 200000 1000\n1000 300000 1\n");
    CHECK(plan->deny_setgroups);
    CHECK_FALSE(plan->child.set_groups);
    CHECK(plan->child.groups.empty());
    CHECK(plan->child.limits_by_parent);
}

TEST_CASE("an id without a place in the maps is refused", "[unit][H3]") {
    PlanScene scene;
    scene.make_user_namespace();
    scene.unit.namespaces.uid_map = {{.inside = 0, .outside = 100000, .count = 33}};
    CHECK(scene.failure().key == "service.user");

    scene.make_user_namespace();
    scene.unit.namespaces.gid_map = {{.inside = 35, .outside = 100000, .count = 10}};
    CHECK(scene.failure().key == "service.group");
}

TEST_CASE("supplementary groups need setgroups in a user namespace", "[unit][H3]") {
    PlanScene scene;
    scene.make_user_namespace();
    scene.unit.service->supplementary_groups = {"video"};
    CHECK(scene.failure().key == "service.supplementary_groups[0]");

    scene.unit.namespaces.allow_setgroups = true;
    CHECK(items(scene.plan()->child.groups) == std::vector<gid_t>{34, 44});
}

TEST_CASE("the OOM score is written even when it is not declared", "[unit][S8]") {
    const auto plan = PlanScene{}.plan();

    REQUIRE(plan->child.oom_score_adj != nullptr);
    CHECK(std::string_view{plan->child.oom_score_adj} == "0");
    CHECK_FALSE(plan->child.sets_nice);
    CHECK(plan->child.umask == 022);
}

TEST_CASE("limits keep their keys by index", "[unit][H4]") {
    PlanScene scene;
    scene.unit.process.rlimits = {{RLIMIT_NOFILE, 1024, 4096}, {RLIMIT_CORE, 0, ~0ULL}};
    scene.unit.process.nice = 5;

    const auto plan = scene.plan();

    CHECK(texts(plan->rlimit_keys) == Texts{"process.rlimits.nofile", "process.rlimits.core"});
    REQUIRE(plan->child.rlimit_values.size() == 2);
    CHECK(plan->child.rlimit_values[0].rlim_cur == 1024);
    CHECK(plan->child.rlimit_values[1].rlim_max == RLIM64_INFINITY);
    CHECK(plan->child.sets_nice);
    CHECK(plan->child.nice == 5);
}

TEST_CASE("a limit keeps the key that it was given as", "[unit][H4]") {
    PlanScene scene;
    scene.unit.cgroup = {{"memory.peak", "0", "cgroup.raw.memory.peak"}, {"pids.max", "7"}};

    const auto plan = scene.plan();

    REQUIRE(plan->cgroup.size() == 2);
    CHECK(plan->cgroup[0].key == "cgroup.raw.memory.peak");
    CHECK(plan->cgroup[1].key == "cgroup.pids.max");
    CHECK(plan.limits[0].key() == "cgroup.raw.memory.peak");
}

TEST_CASE("who says nothing of open files gets the usual limits", "[unit][N4]") {
    rlimit64 own{};
    REQUIRE(getrlimit64(RLIMIT_NOFILE, &own) == 0);

    const auto plan = PlanScene{}.plan();

    CHECK(texts(plan->rlimit_keys) == Texts{"process.rlimits.nofile"});
    REQUIRE(plan->child.rlimit_values.size() == 1);
    CHECK(plan->child.rlimit_values[0].rlim_cur == std::min<rlim64_t>(1024, own.rlim_max));
    CHECK(plan->child.rlimit_values[0].rlim_max == std::min<rlim64_t>(524'288, own.rlim_max));
}

TEST_CASE("a working directory by way of a descriptor is refused", "[unit][X4]") {
    PlanScene scene;
    for (const char* path : {"/proc/self/fd/7", "/proc/1/root", "/dev/fd/3", "srv"}) {
        scene.unit.service->working_directory = path;
        CHECK(scene.failure().key == "service.working_directory");
    }
    scene.unit.service->working_directory = "/srv/fd";
    CHECK(std::string_view{scene.plan()->child.working_directory} == "/srv/fd");
}

TEST_CASE("a unit that notifies is told where, and has the socket in its mount namespace",
          "[unit][R7]") {
    PlanScene scene;
    scene.unit.service->ready.by = ReadyBy::notify;
    scene.unit.service->watchdog = std::chrono::milliseconds{1500};

    const std::string zeros(notify_name_length, '0');
    const auto plan = scene.plan();
    CHECK(has(texts(plan->environment), "NOTIFY_SOCKET=/run/confinit/notify/" + zeros));
    CHECK(has(texts(plan->environment), "WATCHDOG_USEC=1500000"));
    const auto op = std::ranges::find_if(plan->child.mounts, [](const MountOp& one) {
        return std::string_view{one.target} == "/run/confinit/notify";
    });
    REQUIRE(op != plan->child.mounts.end());
    CHECK(op->kind == MountOpKind::bind);
    CHECK(std::string_view{op->source} == "/run/confinit/notify/web");
    CHECK((op->attributes & MOUNT_ATTR_RDONLY) != 0);

    scene.unit.namespaces.mount = false;
    scene.unit.mounts = {};
    scene.unit.service->command = {"/bin/sh"};
    scene.unit.service->user = "0";
    scene.unit.service->group = "0";
    CHECK(has(texts(scene.plan()->environment), "NOTIFY_SOCKET=/run/confinit/notify/web/" + zeros));
    // Each run puts its own name there.
    const auto launch = scene.plan();
    const std::string name(notify_name_length, 'x');
    LaunchOrder order;
    std::ranges::copy(name, order.notify_name);
    std::vector<char*> words(words_for(*launch));
    std::vector<int> sources(launch->child.mounts.size());
    std::array<char, notify_variable_size> memory{};
    const ChildPlan child = bind_order(*launch, {}, order, nullptr, {words, sources, memory});
    const Texts environment(child.envp, child.envp + launch->environment.size());
    CHECK(has(environment, "NOTIFY_SOCKET=/run/confinit/notify/web/" + name));
    CHECK(environment.size() > 1);
    scene.unit.service->ready.by = ReadyBy::exec;
    scene.unit.service->watchdog.reset();
    for (const std::string& variable : texts(scene.plan()->environment)) {
        CHECK_FALSE(variable.starts_with("NOTIFY_SOCKET="));
        CHECK_FALSE(variable.starts_with("WATCHDOG_USEC="));
    }
}

TEST_CASE("a device that is not there is told with what would be one", "[unit][H8]") {
    PlanScene scene;
    scene.unit.cgroup = {{"io.max", "/no/such/device wbps=10"}};

    const auto config = make_cgroup_config(scene.unit, scene.context());

    REQUIRE_FALSE(config);
    CHECK(config.error().text() ==
          "cgroup.io.max: stat '/no/such/device': No such file or directory (ENOENT); name a block "
          "device such as /dev/vda, or a path on it such as /var");
}

TEST_CASE("the path of a notify socket is short whatever the unit is called", "[unit]") {
    PlanScene scene;
    scene.unit.name = std::string(200, 'a') + "b";
    const std::string one = notify_directory(scene.unit, scene.context());
    scene.unit.name = std::string(200, 'a') + "c";
    const std::string other = notify_directory(scene.unit, scene.context());

    CHECK(one.size() < 100);
    CHECK(one != other);
}

TEST_CASE("a directory that meets the supervisor's own is refused", "[unit][H16][N14]") {
    PlanScene scene;
    const auto refuses = [&](const std::string& name) {
        scene.unit.directories.runtime = {{.name = "web"}, {.name = name}};
        const Error failure = scene.failure();
        CHECK(failure.key == "directories.runtime[1]");
        CHECK(failure.object == "/run/" + name);
        CHECK(failure.hint.find("supervisor's own runtime directory") != std::string::npos);
    };
    refuses("confinit");
    refuses("confinit/notify");
    scene.runtime_directory = "/run/init/confinit";
    refuses("init");
    refuses("init/confinit/web");

    scene.unit.directories.runtime = {{.name = "init/other"}, {.name = "confinit-bus"}};
    CHECK(scene.try_plan().has_value());
    scene.runtime_directory = "/var/lib/confinit";
    scene.unit.directories.state = {{.name = "confinit"}};
    CHECK(scene.failure().key == "directories.state[0]");
}

TEST_CASE("a directory that holds the control socket is refused", "[unit][H16][N14]") {
    PlanScene scene;
    scene.runtime_directory = "/run/confinit";
    scene.control_socket = "/run/web/doors/control";
    for (const std::string name : {"web", "web/doors"}) {
        scene.unit.directories.runtime = {{.name = name}};
        CHECK(scene.failure().text() == "directories.runtime[0]: '/run/" + name +
                                            "': it holds /run/web/doors/control, the "
                                            "supervisor's control socket; take another name");
    }
    scene.unit.directories.runtime = {{.name = "web/other"}, {.name = "web/doors/beside"}};
    CHECK(scene.try_plan().has_value());
}

}  // namespace confinit
