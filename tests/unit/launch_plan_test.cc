// SPDX-License-Identifier: Apache-2.0
// Launch plans: ids, capabilities, limits, environment and what `enter` makes of them.
#include "plan_scene.h"

#include <algorithm>
#include <cerrno>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/resource.h>

namespace confinit {
namespace {

using Texts = std::vector<std::string>;

constexpr CapabilityMask bit(int number) {
    return CapabilityMask{1} << number;
}

bool has(const std::vector<std::string>& texts, std::string_view text) {
    return std::ranges::find(texts, text) != texts.end();
}

void make_user_namespace(Unit& unit) {
    unit.namespaces.user = true;
    unit.namespaces.uid_map = {{.inside = 0, .outside = 100000, .count = 65536}};
    unit.namespaces.gid_map = {{.inside = 0, .outside = 200000, .count = 1000},
                               {.inside = 1000, .outside = 300000, .count = 1}};
}

std::string value_of(const LaunchPlan& plan, std::string_view file) {
    const auto setting = std::ranges::find(plan.cgroup, file, &CgroupSetting::file);
    return setting == plan.cgroup.end() ? "absent" : setting->value;
}

SeccompConfig deny_chmod() {
    return {.default_action = {.kind = SeccompActionKind::allow},
            .allow = {},
            .deny = {{.name = "chmod", .action = std::nullopt}}};
}

}  // namespace

TEST_CASE("a failure is told in one line", "[unit][H4]") {
    const LaunchFailure whole{.key = "mounts.read_only[1]",
                              .object = "/var/lib/x",
                              .call = "open_tree",
                              .error = ENOENT,
                              .hint = "create it"};
    const LaunchFailure plain{.key = "service.user", .object = "nosuch", .hint = "no such user"};

    CHECK(whole.text() ==
          "mounts.read_only[1]: open_tree '/var/lib/x': No such file or directory (ENOENT); "
          "create it");
    CHECK(plain.text() == "service.user: 'nosuch': no such user");
    CHECK(LaunchFailure{.hint = "damaged"}.text() == "damaged");
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

    const LaunchFailure failure = scene.failure();

    CHECK(failure.key == "service.user");
    CHECK(failure.object == "wbe");
    CHECK(failure.hint.find("/etc/passwd") != std::string::npos);
    CHECK(failure.hint.find("'web'") != std::string::npos);
}

TEST_CASE("a group that is not there is named by its key", "[unit][H4]") {
    PlanScene scene;
    scene.unit.service->supplementary_groups = {"video", "vdeo"};

    const LaunchFailure failure = scene.failure();

    CHECK(failure.key == "service.supplementary_groups[1]");
    CHECK(failure.object == "vdeo");
}

TEST_CASE("the group list is the declared one and the primary group", "[unit][X17]") {
    PlanScene scene;
    scene.unit.service->supplementary_groups = {"video", "44", "7"};

    const auto plan = scene.plan();

    CHECK(plan->groups == std::vector<gid_t>{7, 34, 44});
    CHECK(plan->child.groups.size() == 3);
}

TEST_CASE("membership in the group file gives no group", "[unit][X17]") {
    const PlanScene scene;

    CHECK(scene.plan()->groups == std::vector<gid_t>{34});
}

TEST_CASE("a number without an entry is a user only with a group", "[unit]") {
    PlanScene scene;
    scene.unit.service->user = "12345";

    CHECK(scene.failure().key == "service.group");

    scene.unit.service->group = "www";
    const auto plan = scene.plan();
    CHECK(plan->child.uid == 12345);
    CHECK(plan->child.gid == 34);
    CHECK(has(plan->environment, "HOME=/"));
    CHECK_FALSE(has(plan->environment, "USER=12345"));
}

TEST_CASE("the environment is the user's, and the unit's own wins", "[unit]") {
    PlanScene scene;
    scene.unit.service->environment = {{"HOME", "/srv"}, {"MODE", "a=b"}, {"MODE", "c"}};

    const auto plan = scene.plan();

    CHECK(plan->environment ==
          Texts{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/srv",
                "SHELL=/bin/false", "USER=web", "LOGNAME=web", "MODE=c"});
    CHECK(std::string_view{plan->child.envp[1]} == "HOME=/srv");
    CHECK(plan->child.envp[6] == nullptr);
}

TEST_CASE("the arguments end with a null", "[unit]") {
    const auto plan = PlanScene{}.plan();

    CHECK(std::string_view{plan->child.executable} == "/usr/bin/serve");
    CHECK(std::string_view{plan->child.argv[1]} == "--loud");
    CHECK(plan->child.argv[2] == nullptr);
}

TEST_CASE("a root that is not there fails as mounts.root", "[unit][H4]") {
    PlanScene scene;
    scene.unit.mounts.root = "/no/such/root";

    const LaunchFailure failure = scene.failure();

    CHECK(failure.key == "mounts.root");
    CHECK(failure.error == ENOENT);
}

TEST_CASE("a unit without a service has no plan", "[unit]") {
    PlanScene scene;
    scene.unit.service.reset();

    CHECK(scene.failure().key == "service.command");
}

TEST_CASE("a missing program is told before the launch, with its root", "[unit][H6]") {
    PlanScene scene;
    scene.unit.service->command = {"/usr/bin/serv"};

    const LaunchFailure failure = scene.failure();

    CHECK(failure.key == "service.command[0]");
    CHECK(failure.call == "execve");
    CHECK(failure.error == ENOENT);
    CHECK(failure.hint.find("'/usr/bin/serv'") != std::string::npos);
    CHECK(failure.hint.find(scene.root.path()) != std::string::npos);
}

TEST_CASE("a missing interpreter is named", "[unit][H6]") {
    PlanScene scene;
    scene.root.write("usr/bin/serve", "#!/opt/bin/python3 -u\n", 0755);

    CHECK(scene.failure().hint.find("'/opt/bin/python3'") != std::string::npos);
}

TEST_CASE("a script from another system names its carriage return", "[unit][H6]") {
    PlanScene scene;
    scene.root.write("usr/bin/serve", "#!/bin/sh\r\n", 0755);

    const LaunchFailure failure = scene.failure();

    CHECK(failure.hint.find("'/bin/sh\\x0d'") != std::string::npos);
    CHECK(failure.hint.find("carriage return") != std::string::npos);
}

TEST_CASE("a program without an x bit or that is a directory is told apart", "[unit][H6]") {
    PlanScene scene;
    scene.root.write("usr/bin/serve", "#!/bin/sh\n", 0644);
    const LaunchFailure no_bit = scene.failure();
    scene.unit.service->command = {"/srv"};
    const LaunchFailure directory = scene.failure();

    CHECK(no_bit.error == EACCES);
    CHECK(no_bit.hint.find("x bit") != std::string::npos);
    CHECK(directory.error == EACCES);
    CHECK(directory.hint.find("no regular file") != std::string::npos);
}

TEST_CASE("links to a program stay inside of the root", "[unit][H6][X7]") {
    PlanScene scene;
    scene.root.link("opt/serve", "/../../usr/bin/serve");
    scene.unit.service->command = {"/opt/serve"};
    CHECK(scene.plan() != nullptr);

    scene.root.link("opt/circle", "circle");
    scene.unit.service->command = {"/opt/circle"};
    CHECK(scene.failure().error == ELOOP);
}

TEST_CASE("a program below a bind mount is looked for in its source", "[unit][H6]") {
    PlanScene scene;
    const TemporaryDirectory other;
    other.write("tool", "#!/bin/sh\n", 0755);
    scene.unit.mounts.bind = {{.source = other.path(), .target = "/srv"}};

    scene.unit.service->command = {"/srv/tool"};
    CHECK(scene.plan() != nullptr);

    scene.unit.service->command = {"/srv/other"};
    CHECK(scene.failure().error == ENOENT);
}

TEST_CASE("what only the launch brings is left to it", "[unit][H6]") {
    PlanScene scene;
    scene.unit.mounts.tmpfs = {{.target = "/srv"}};
    scene.unit.service->command = {"/srv/tool"};

    CHECK(scene.try_plan());
}

TEST_CASE("percentages are of the machine's memory, in whole pages", "[unit]") {
    PlanScene scene;
    scene.unit.cgroup = {{"memory.max", "10%"}, {"memory.high", "max"}, {"cpu.max", "max 100000"}};

    const auto plan = scene.plan();

    // A tenth of 1 GiB is 107374182.4 bytes.
    CHECK(value_of(*plan, "memory.max") == "107372544");
    CHECK(value_of(*plan, "memory.high") == "max");
    CHECK(value_of(*plan, "cpu.max") == "max 100000");
}

TEST_CASE("a percentage of pids.max is a number", "[unit]") {
    PlanScene scene;
    scene.unit.cgroup = {{"pids.max", "50%"}};

    const auto plan = scene.plan();

    CHECK(value_of(*plan, "pids.max").find_first_not_of("0123456789") == std::string::npos);
}

TEST_CASE("a percentage of anything else is refused", "[unit][H3]") {
    PlanScene scene;
    scene.unit.cgroup = {{"io.weight", "50%"}};

    CHECK(scene.failure().key == "cgroup.io.weight");
}

TEST_CASE("the cgroup namespace is not made by clone3", "[unit]") {
    PlanScene scene;
    scene.unit.namespaces = {.mount = true, .pid = true, .net = true, .ipc = true, .uts = true,
                             .cgroup = true};

    const auto plan = scene.plan();

    CHECK(plan->clone_flags ==
          (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS));
    CHECK(plan->child.new_cgroup_namespace);
    CHECK(plan->child.new_network);
    CHECK(plan->child.reaper_program >= 0);
}

TEST_CASE("a service that is pid 1 itself has no reaper", "[unit]") {
    PlanScene scene;
    scene.unit.namespaces.pid = true;
    scene.unit.namespaces.pid1_is_service = true;

    CHECK(scene.plan()->child.reaper_program == -1);
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
    make_user_namespace(scene.unit);

    const auto plan = scene.plan();

    CHECK(plan->uid_map == "0 100000 65536\n");
    CHECK(plan->gid_map == "0 200000 1000\n1000 300000 1\n");
    CHECK(plan->deny_setgroups);
    CHECK_FALSE(plan->child.set_groups);
    CHECK(plan->groups.empty());
    CHECK(plan->child.limits_by_parent);
}

TEST_CASE("an id without a place in the maps is refused", "[unit][H3]") {
    PlanScene scene;
    make_user_namespace(scene.unit);
    scene.unit.namespaces.uid_map = {{.inside = 0, .outside = 100000, .count = 33}};
    CHECK(scene.failure().key == "service.user");

    make_user_namespace(scene.unit);
    scene.unit.namespaces.gid_map = {{.inside = 35, .outside = 100000, .count = 10}};
    CHECK(scene.failure().key == "service.group");
}

TEST_CASE("supplementary groups need setgroups in a user namespace", "[unit][H3]") {
    PlanScene scene;
    make_user_namespace(scene.unit);
    scene.unit.service->supplementary_groups = {"video"};
    CHECK(scene.failure().key == "service.supplementary_groups[0]");

    scene.unit.namespaces.allow_setgroups = true;
    CHECK(scene.plan()->groups == std::vector<gid_t>{34, 44});
}

TEST_CASE("without a list the bounding set is the supervisor's", "[unit][H8]") {
    PlanScene scene;
    scene.capabilities = bit(CAP_CHOWN) | bit(CAP_NET_RAW);

    const auto plan = scene.plan();

    CHECK(plan->child.bounding == scene.capabilities);
    CHECK(plan->expected_capabilities == CapabilitySets{.bounding = scene.capabilities});
}

TEST_CASE("an ambient capability is in all sets of an ordinary user", "[unit][H8]") {
    PlanScene scene;
    scene.unit.capabilities.bounding = bit(CAP_NET_BIND_SERVICE);
    scene.unit.capabilities.ambient = bit(CAP_NET_BIND_SERVICE);

    const auto plan = scene.plan();

    const CapabilityMask mask = bit(CAP_NET_BIND_SERVICE);
    CHECK(plan->child.inheritable == mask);
    CHECK(plan->expected_capabilities == CapabilitySets{mask, mask, mask, mask, mask});
}

TEST_CASE("what the supervisor does not have it cannot give", "[unit][H3][H8]") {
    PlanScene scene;
    scene.capabilities = bit(CAP_CHOWN);
    scene.unit.capabilities.ambient = bit(CAP_CHOWN) | bit(CAP_NET_RAW);
    const LaunchFailure ambient = scene.failure();
    scene.unit.capabilities = {.bounding = bit(CAP_NET_RAW)};
    const LaunchFailure bounding = scene.failure();

    CHECK(ambient.key == "capabilities.ambient");
    CHECK(ambient.object == "net_raw");
    CHECK(ambient.hint == "not in the supervisor's own bounding set");
    CHECK(bounding.key == "capabilities.bounding");
    CHECK(bounding.object == "net_raw");
}

TEST_CASE("an ambient capability outside of the bounding set is refused", "[unit][H8]") {
    PlanScene scene;
    scene.unit.capabilities.bounding = 0;
    scene.unit.capabilities.ambient = bit(CAP_CHOWN);

    CHECK(scene.failure().hint == "not in capabilities.bounding");
}

TEST_CASE("a new user namespace gives every capability", "[unit][H8]") {
    PlanScene scene;
    make_user_namespace(scene.unit);
    scene.capabilities = 0;
    scene.unit.capabilities.ambient = bit(CAP_CHOWN);

    const auto plan = scene.plan();

    CHECK(plan->child.bounding == kernel_capabilities().value_or(0));
    CHECK(plan->expected_capabilities.effective == bit(CAP_CHOWN));
}

TEST_CASE("a capability that a user namespace makes useless is refused", "[unit][H8]") {
    PlanScene scene;
    make_user_namespace(scene.unit);
    scene.unit.capabilities.ambient = bit(CAP_NET_BIND_SERVICE);
    CHECK(scene.failure().hint.find("namespaces.net") != std::string::npos);

    scene.unit.namespaces.net = true;
    CHECK(scene.try_plan());

    scene.unit.capabilities.ambient = bit(CAP_SYS_TIME);
    CHECK(scene.failure().object == "sys_time");
}

TEST_CASE("a filter brings no_new_privs", "[unit][H17]") {
    PlanScene scene;
    CHECK_FALSE(scene.plan()->child.no_new_privs);

    scene.unit.seccomp = deny_chmod();
    const auto plan = scene.plan();

    CHECK(plan->child.no_new_privs);
    CHECK_FALSE(plan->filter.empty());
    CHECK(plan->child.filter.data() == plan->filter.data());
}

TEST_CASE("a filter without no_new_privs needs sys_admin", "[unit][H17]") {
    PlanScene scene;
    scene.unit.seccomp = deny_chmod();
    scene.unit.capabilities.no_new_privs = false;
    CHECK(scene.failure().key == "capabilities.no_new_privs");

    scene.unit.capabilities.ambient = bit(CAP_SYS_ADMIN);
    CHECK_FALSE(scene.plan()->child.no_new_privs);
}

TEST_CASE("the OOM score is written even when it is not declared", "[unit][S8]") {
    const auto plan = PlanScene{}.plan();

    REQUIRE(plan->child.oom_score_adj != nullptr);
    CHECK(std::string_view{plan->child.oom_score_adj} == "0");
    CHECK(plan->child.nice == nullptr);
    CHECK(plan->child.umask == 022);
}

TEST_CASE("limits keep their keys by index", "[unit][H4]") {
    PlanScene scene;
    scene.unit.process.rlimits = {{RLIMIT_NOFILE, 1024, 4096}, {RLIMIT_CORE, 0, ~0ULL}};
    scene.unit.process.nice = 5;

    const auto plan = scene.plan();

    CHECK(plan->rlimit_keys == Texts{"process.rlimits.nofile", "process.rlimits.core"});
    REQUIRE(plan->child.rlimit_values.size() == 2);
    CHECK(plan->child.rlimit_values[0].rlim_cur == 1024);
    CHECK(plan->child.rlimit_values[1].rlim_max == RLIM64_INFINITY);
    CHECK(*plan->child.nice == 5);
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

TEST_CASE("who enters is confined like the service and makes nothing new", "[unit][X1]") {
    PlanScene scene;
    scene.unit.namespaces = {.mount = true, .pid = true, .net = true, .cgroup = true};
    scene.unit.seccomp = deny_chmod();
    scene.unit.mounts.read_only = {"/"};
    scene.unit.process.rlimits = {{RLIMIT_NOFILE, 1024, 4096}};
    scene.unit.process.umask = 027;
    const auto service = scene.plan();

    const auto plan = scene.enter({.command = {"/bin/sh"}, .term = "xterm"});

    CHECK(plan->child.uid == service->child.uid);
    CHECK(plan->groups == service->groups);
    CHECK(plan->expected_capabilities == service->expected_capabilities);
    CHECK(plan->child.no_new_privs);
    CHECK(plan->filter.size() == service->filter.size());
    CHECK(plan->child.umask == 027);
    CHECK(plan->child.rlimit_values.size() == 1);
    CHECK(plan->clone_flags == 0);
    CHECK(plan->mount_ops.empty());
    CHECK(plan->child.root == nullptr);
    CHECK(plan->child.reaper_program == -1);
    CHECK_FALSE(plan->child.new_cgroup_namespace);
    CHECK_FALSE(plan->child.new_network);
    CHECK(has(plan->environment, "TERM=xterm"));
}

TEST_CASE("who enters joins the namespaces that the unit made new", "[unit][X1]") {
    PlanScene scene;
    scene.unit.namespaces = {.mount = true, .pid = true, .cgroup = true};

    const auto plan = scene.enter({});

    CHECK(plan->child.join_pidfd == 7);
    CHECK(plan->child.join_flags == (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWCGROUP));
    CHECK(plan->child.fork_into_pid_namespace);
}

TEST_CASE("who enters a user namespace writes no maps", "[unit][X1]") {
    PlanScene scene;
    make_user_namespace(scene.unit);

    const auto plan = scene.enter({});

    CHECK(plan->uid_map.empty());
    CHECK(plan->gid_map.empty());
    CHECK_FALSE(plan->child.set_groups);
    CHECK((plan->child.join_flags & CLONE_NEWUSER) != 0);
}

TEST_CASE("a privileged entry keeps capabilities and has no filter", "[unit][X1]") {
    PlanScene scene;
    scene.unit.seccomp = deny_chmod();
    scene.unit.capabilities.bounding = 0;

    const auto plan = scene.enter({.command = {"sh"}, .privileged = true});

    CHECK(plan->child.uid == 0);
    CHECK(plan->groups == std::vector<gid_t>{0});
    CHECK(plan->child.keep_all_capabilities);
    CHECK(plan->filter.empty());
    CHECK_FALSE(plan->child.no_new_privs);
}

TEST_CASE("a privileged entry needs a root in the id maps", "[unit][X1]") {
    PlanScene scene;
    make_user_namespace(scene.unit);
    scene.unit.namespaces.uid_map = {{.inside = 33, .outside = 100000, .count = 1}};

    const auto plan = make_enter_plan(scene.unit, scene.context(), 7, {.privileged = true});

    REQUIRE_FALSE(plan);
    CHECK(plan.error().key == "namespaces.user");
}

TEST_CASE("a bare command is looked up in the service's PATH and root", "[unit][X5]") {
    PlanScene scene;

    CHECK(scene.enter({.command = {"serve", "-x"}})->executable == "/usr/bin/serve");
    CHECK(scene.enter({})->executable == "/bin/sh");
    CHECK(scene.enter({.command = {"./serve"}})->executable == "./serve");

    scene.unit.service->environment = {{"PATH", "/bin"}};
    const auto absent =
        make_enter_plan(scene.unit, scene.context(), 7, {.command = {"serve"}});
    REQUIRE_FALSE(absent);
    CHECK(absent.error().error == ENOENT);
    CHECK(absent.error().object == "serve");
}

TEST_CASE("who enters stands in the working directory where it is", "[unit]") {
    PlanScene scene;
    scene.unit.service->working_directory = "/srv";
    CHECK(std::string_view{scene.enter({})->child.working_directory} == "/srv");

    scene.unit.service->working_directory = "/no/such";
    CHECK(std::string_view{scene.enter({})->child.working_directory} == "/");
}

}  // namespace confinit
