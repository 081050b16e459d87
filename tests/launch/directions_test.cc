// SPDX-License-Identifier: Apache-2.0
// Every key that confines, in both directions: loosened from outside it differs, and narrowed, by
// the program itself or from outside, it is narrower and no difference.
//
// A key that cannot be changed in a direction says why. A key without a row is a failure of its
// own.
#include "every_key.h"
#include "launch/verify/verify.h"
#include "outside.h"
#include "unit/keys.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <string>

namespace confinit::testing {
namespace {

using namespace outside;

// One act on the running service, from outside. False with errno where the kernel refuses.
using Act = bool (*)(pid_t service);

struct Direction {
    std::string_view key;
    std::string_view why_not;  // empty where there is something to do
    std::string_view text = {};
    std::string_view command = {};  // of the probe, where the program does it itself
    Act act = nullptr;
    std::string_view item = {};  // the key of verify's item, where it is another one
};

constexpr std::string_view no_ids = "no call changes the ids or capabilities of another process";
constexpr std::string_view no_way_back = "the kernel takes it back from no process";
constexpr std::string_view only_itself = "setns(2) and unshare(2) move the caller alone";
constexpr std::string_view written_once = "the kernel lets the file be written once";
constexpr std::string_view unseen = "the kernel shows it to the process alone";
constexpr std::string_view another = "another one is neither more nor less";
constexpr std::string_view loosest = "the key itself is what loosens";
constexpr std::string_view own_pid = "a process keeps the pid namespace that it was born in";
constexpr std::string_view same_kind = "a further one of its own, which is one of its own as well";
constexpr std::string_view all_there = "an attribute beside the declared ones is not compared";
constexpr std::string_view as_state = "by the same code as directories.state";
constexpr std::string_view not_launched = "its launch needs a loop device";
constexpr std::string_view least = "nothing is less";

constexpr std::string_view state = "[directories]\nstate = [\"{N}\"]";
constexpr std::string_view root_user = "user = \"0\"";
constexpr std::string_view own_user = "[namespaces]\nuser = { ids = \"identity\" }";

// clang-format off
constexpr Direction loosened[] = {
    {"service.user", no_ids},
    {"service.group", no_ids},
    {"service.supplementary_groups", no_ids},
    {"capabilities.bounding", no_ids},
    {"capabilities.ambient", no_ids},
    {"capabilities.securebits", unseen},
    {"capabilities.no_new_privs", no_way_back},
    {"namespaces.mount", only_itself},
    {"namespaces.pid", own_pid},
    {"namespaces.pid.pid1", own_pid},
    {"namespaces.net", only_itself},
    {"namespaces.ipc", only_itself},
    {"namespaces.uts", only_itself},
    {"namespaces.uts.hostname", "", "[namespaces]\nuts = { hostname = \"inside\" }", {},
     rename_host},
    {"namespaces.cgroup", only_itself},
    {"namespaces.time", only_itself},
    {"namespaces.time.boottime", written_once},
    {"namespaces.time.monotonic", written_once},
    {"namespaces.user", only_itself},
    {"namespaces.user.ids", written_once},
    {"namespaces.user.uid_map", written_once},
    {"namespaces.user.gid_map", written_once},
    {"namespaces.user.setgroups", written_once},
    {"mounts.propagation", "", "[namespaces]\nmount = true\n[mounts]\npropagation = \"private\"",
     {}, share_mounts},
    {"mounts.root", "no call changes the root of another process"},
    {"mounts.root_image", not_launched},
    {"mounts.read_only", "", "[namespaces]\nmount = true\n[mounts]\nread_only = [\"/usr\"]", {},
     make_usr_writable},
    {"mounts.read_write", loosest},
    {"mounts.inaccessible", "", "[namespaces]\nmount = true\n[mounts]\ninaccessible = [\"/root\"]",
     {}, uncover_root_home},
    {"mounts.no_exec", "", "[namespaces]\nmount = true\n[mounts]\nno_exec = [\"/etc\"]", {},
     make_etc_executable},
    {"mounts.exec", loosest},
    {"mounts.protect", "", "[namespaces]\nmount = true\n[mounts]\nprotect = [\"system\"]", {},
     make_usr_writable},
    {"mounts.bind", "", "[namespaces]\nmount = true\n[mounts]\nbind = [\"/usr:/opt:ro\"]", {},
     make_bind_writable},
    {"mounts.tmpfs", "", "[namespaces]\nmount = true\n[mounts]\ntmpfs = [\"/opt\"]", {},
     unmount_target},
    {"mounts.overlay", "",
     "[namespaces]\nmount = true\n[mounts]\n"
     "overlay = [{ target = \"/opt\", lower = [\"/usr\", \"/etc\"] }]", {}, unmount_target},
    {"mounts.private_tmp", "", "[namespaces]\nmount = true\n[mounts]\nprivate_tmp = true", {},
     unmount_tmp},
    {"mounts.private_dev", "", "[namespaces]\nmount = true\n[mounts]\nprivate_dev = true", {},
     unmount_dev},
    {"mounts.proc", "",
     "[namespaces]\nmount = true\npid = true\n[mounts]\nproc = \"invisible\"", {}, unmount_proc},
    {"directories.state", "", state, {}, change_state_directory<0777>},
    {"directories.cache", as_state},
    {"directories.runtime", as_state},
    {"directories.logs", as_state},
    {"directories.configuration", as_state},
    {"directories.chown", as_state},
    {"seccomp.default", no_way_back},
    {"seccomp.allow", no_way_back},
    {"seccomp.deny", no_way_back},
    {"seccomp.rules", no_way_back},
    {"seccomp.profile", no_way_back},
    {"seccomp.address_families", no_way_back},
    {"seccomp.namespaces", no_way_back},
    {"seccomp.memory_deny_write_execute", no_way_back},
    {"seccomp.suid_sgid", no_way_back},
    {"seccomp.realtime", no_way_back},
    {"seccomp.personality", no_way_back},
    {"seccomp.architectures", no_way_back},
    {"process.umask", "umask(2) changes that of the caller alone"},
    {"process.nice", "", "[process]\nnice = 5", {}, be_nicer_to_it},
    {"process.rlimits", "", "[process]\nrlimits = { core = \"4096:8192\" }", {}, raise_limit},
    {"process.oom_score_adj", "", "[process]\noom_score_adj = 100", {}, lower_oom_score},
    {"process.scheduling", "", "[process]\nscheduling = \"batch\"", {}, schedule_as_others},
    {"process.io_priority", "", "[process]\nio_priority = \"best-effort:6\"", {},
     raise_io_priority},
    {"process.cpu_affinity", "", "[process]\ncpu_affinity = \"0\"", {}, give_all_cpus},
    {"process.keyring", unseen},
};

constexpr Direction narrowed[] = {
    {"service.user", "", root_user, "narrow:user"},
    {"service.group", "", root_user, "narrow:user"},
    {"service.supplementary_groups", "", "supplementary_groups = [\"7\"]", "narrow:groups"},
    {"capabilities.bounding", "", root_user, "narrow:bounding"},
    {"capabilities.ambient", "",
     "user = \"65534\"\ngroup = \"65534\"\n[capabilities]\nambient = [\"chown\"]",
     "narrow:ambient"},
    {"capabilities.securebits", unseen},
    {"capabilities.no_new_privs", "", "[capabilities]\nno_new_privs = false",
     "narrow:no-new-privs"},
    {"namespaces.mount", same_kind},
    {"namespaces.pid", own_pid},
    {"namespaces.pid.pid1", own_pid},
    {"namespaces.net", "", "[namespaces]\nnet = true", "narrow:user-and-net"},
    {"namespaces.ipc", same_kind},
    {"namespaces.uts", same_kind},
    {"namespaces.uts.hostname", another},
    {"namespaces.cgroup", same_kind},
    {"namespaces.time", "a process enters the one that it makes with its next program only"},
    {"namespaces.time.boottime", written_once},
    {"namespaces.time.monotonic", written_once},
    {"namespaces.user", "", "[namespaces]\nuser = true", "narrow:user-namespace"},
    {"namespaces.user.ids", "", own_user, "narrow:user-namespace", nullptr, "namespaces.user"},
    {"namespaces.user.uid_map", written_once},
    {"namespaces.user.gid_map", written_once},
    {"namespaces.user.setgroups", written_once},
    {"mounts.propagation", another},
    {"mounts.root", another},
    {"mounts.root_image", not_launched},
    {"mounts.read_only", all_there},
    {"mounts.read_write", "",
     "[namespaces]\nmount = true\n[mounts]\nread_only = [\"/usr\"]\nread_write = [\"/usr/bin\"]",
     {}, make_usr_read_only},
    {"mounts.inaccessible", least},
    {"mounts.no_exec", all_there},
    {"mounts.exec", "",
     "[namespaces]\nmount = true\n[mounts]\nno_exec = [\"/usr\"]\nexec = [\"/usr/bin\"]", {},
     make_programs_inexecutable},
    {"mounts.protect", all_there},
    {"mounts.bind", "", "[namespaces]\nmount = true\n[mounts]\nbind = [\"/usr:/opt\"]", {},
     make_bind_read_only},
    {"mounts.tmpfs", all_there},
    {"mounts.overlay", all_there},
    {"mounts.private_tmp", all_there},
    {"mounts.private_dev", all_there},
    {"mounts.proc", all_there},
    {"directories.state", "", state, {}, change_state_directory<0700>},
    {"directories.cache", as_state},
    {"directories.runtime", as_state},
    {"directories.logs", as_state},
    {"directories.configuration", as_state},
    {"directories.chown", as_state},
    {"seccomp.default", "", "[seccomp]\ndefault = \"allow\"\ndeny = [\"chmod\"]", "narrow:filter",
     nullptr, "seccomp"},
    {"seccomp.allow", "by the row of seccomp.default: a filter more"},
    {"seccomp.deny", "by the row of seccomp.default: a filter more"},
    {"seccomp.rules", "by the row of seccomp.default: a filter more"},
    {"seccomp.profile", "by the row of seccomp.default: a filter more"},
    {"seccomp.address_families", "", "[seccomp]\naddress_families = [\"unix\"]", "narrow:filter",
     nullptr, "seccomp"},
    {"seccomp.namespaces", "by the row of seccomp.default: a filter more"},
    {"seccomp.memory_deny_write_execute", "by the row of seccomp.default: a filter more"},
    {"seccomp.suid_sgid", "by the row of seccomp.default: a filter more"},
    {"seccomp.realtime", "by the row of seccomp.default: a filter more"},
    {"seccomp.personality", "by the row of seccomp.default: a filter more"},
    {"seccomp.architectures", "by the row of seccomp.default: a filter more"},
    {"process.umask", "", "[process]\numask = \"0027\"", "narrow:umask"},
    {"process.nice", "", "[process]\nnice = 5", "narrow:nice"},
    {"process.rlimits", "", "[process]\nrlimits = { core = \"4096:8192\" }", "narrow:limit"},
    {"process.oom_score_adj", "", "[process]\noom_score_adj = 100", "narrow:oom-score"},
    {"process.scheduling", "", "[process]\nscheduling = \"batch\"", "narrow:idle"},
    {"process.io_priority", "", "[process]\nio_priority = \"best-effort:6\"", "narrow:io-idle"},
    {"process.cpu_affinity", "of one CPU nothing can be taken; unit tests have more"},
    {"process.keyring", unseen},
};
// clang-format on

std::vector<VerifyItem> verify_after(const Direction& direction) {
    std::vector<std::string> commands;
    if (!direction.command.empty()) commands.emplace_back(direction.command);
    const Subject subject{direction.key, direction.text, commands};
    Launch launch{subject.plan()};
    launch.wait_for_execution();
    REQUIRE_FALSE(launch.failed);
    launch.wait_for_line("waiting=ready");
    if (!direction.command.empty()) REQUIRE(launch[direction.command] == "ok");
    bool is_done = true;
    if (direction.act != nullptr) {
        is_done = direction.act(launch.main.pid());
        if (!is_done) WARN(direction.key << ": errno " << errno);
        // Without the capability, as in many containers, no limit can be raised.
        const bool is_excused = !is_done && errno == EPERM && direction.key == "process.rlimits";
        if (!is_excused) REQUIRE(is_done);
    }
    auto items = verify(subject.unit(), subject.plan(), launch.main.pid(), nullptr);
    launch.signal(SIGTERM);
    launch.finish();
    if (!is_done) items.clear();
    return items;
}

bool has(const std::vector<VerifyItem>& items, const Direction& direction, VerifyResult result) {
    const std::string_view key = direction.item.empty() ? direction.key : direction.item;
    return std::ranges::any_of(items, [&](const VerifyItem& item) {
        return item.result == result && is_key_within(item.key, key);
    });
}

std::string text_of(const std::vector<VerifyItem>& items) {
    std::string text;
    for (const VerifyItem& item : items) {
        text += item.key + " " + std::string{verify_result_names.name(item.result)} + ": " +
                item.declared + ", " + item.in_force + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("every key that confines has its row in both directions", "[launch][N11]") {
    for (const Key* key : all_keys()) {
        if (!confines(key->path)) continue;
        INFO(key->path);
        const auto* looser = std::ranges::find(loosened, key->path, &Direction::key);
        const auto* narrower = std::ranges::find(narrowed, key->path, &Direction::key);
        REQUIRE(looser != std::end(loosened));
        REQUIRE(narrower != std::end(narrowed));
        for (const Direction* direction : {looser, narrower}) {
            const bool has_test = direction->act != nullptr || !direction->command.empty();
            CHECK(has_test == direction->why_not.empty());
        }
    }
}

TEST_CASE("a key that is loosened from outside differs and is named", "[launch][N11]") {
    const Direction& direction = loosened[GENERATE(range(std::size_t{0}, std::size(loosened)))];
    if (!direction.why_not.empty()) return;
    INFO(direction.key);

    const auto items = verify_after(direction);

    INFO(text_of(items));
    CHECK((items.empty() || has(items, direction, VerifyResult::differs)));
}

TEST_CASE("a key that is narrowed is narrower and no difference", "[launch][N11]") {
    const Direction& direction = narrowed[GENERATE(range(std::size_t{0}, std::size(narrowed)))];
    if (!direction.why_not.empty()) return;
    INFO(direction.key);

    const auto items = verify_after(direction);

    INFO(text_of(items));
    CHECK(has(items, direction, VerifyResult::narrower));
    CHECK(std::ranges::none_of(items, &VerifyItem::differs));
}

TEST_CASE("a namespace that the unit does not declare is not compared", "[launch][N11]") {
    const auto items = verify_after({"service.user", "", root_user, "narrow:net"});

    INFO(text_of(items));
    CHECK(std::ranges::none_of(items, &VerifyItem::differs));
    CHECK(std::ranges::none_of(
        items, [](const VerifyItem& item) { return item.key == "namespaces.net"; }));
}

TEST_CASE("the host's namespace, when it is declared, may be left for one of its own",
          "[launch][N11]") {
    const auto items =
        verify_after({"namespaces.net", "", "[namespaces]\nnet = false", "narrow:net"});

    INFO(text_of(items));
    CHECK(std::ranges::none_of(items, &VerifyItem::differs));
    CHECK(has(items, {.key = "namespaces.net", .why_not = ""}, VerifyResult::narrower));
}

}  // namespace confinit::testing
