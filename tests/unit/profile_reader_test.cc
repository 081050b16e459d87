// SPDX-License-Identifier: Apache-2.0
// Containers' seccomp profiles: their JSON is read as it is, and what is wrong with it has a place.
#include "seccomp_actions.h"
#include "temporary_directory.h"
#include "unit/seccomp_profile.h"
#include "unit_scene.h"

namespace confinit {
namespace {

SeccompProfile profile(std::string_view text) {
    auto read = read_seccomp_profile(text, test_vocabulary());
    if (!read) FAIL(read.error().front().place + ": " + read.error().front().message);
    return std::move(*read);
}

// Every fault as "PLACE: MESSAGE [NEAREST]", one a line.
std::string profile_faults(std::string_view text) {
    const auto read = read_seccomp_profile(text, test_vocabulary());
    std::string lines;
    if (read) return lines;
    for (const ProfileFault& fault : read.error()) {
        lines += fault.place + ": " + fault.message;
        if (!fault.nearest.empty()) lines += " [" + fault.nearest + "]";
        lines += "\n";
    }
    return lines;
}

// A profile with one rule of these members.
std::string with_rule(std::string_view members) {
    return R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{)" + std::string{members} + "}]}";
}

constexpr std::string_view allow_read =
    R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": )"
    R"("SCMP_ACT_ALLOW"}]})";

}  // namespace

TEST_CASE("the form of Docker and containers is read with its conditions", "[profile]") {
    const SeccompProfile read = profile(R"({
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "defaultErrno": "ENOSYS",
        "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
        "syscalls": [
            {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW", "args": null,
             "comment": "a remark", "includes": {"caps": ["CAP_SYS_ADMIN"], "arches": ["amd64"]},
             "excludes": {"minKernel": "4.8"}},
            {"name": "chmod", "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "errno": "EINVAL",
             "args": [{"index": 2, "value": 9, "valueTwo": 0, "op": "SCMP_CMP_NE"}]}
        ]})");

    CHECK(read.default_action == error_action(38));
    CHECK(read.warnings.empty());
    REQUIRE(read.rules.size() == 2);
    CHECK(read.rules[0].calls == std::vector<std::string>{"read", "write"});
    CHECK(read.rules[0].includes.capabilities == 1U << 3);
    CHECK(read.rules[0].includes.architectures == std::vector<std::string>{"amd64"});
    CHECK(read.rules[0].excludes.least_kernel == KernelVersion{4, 8});
    CHECK(read.rules[1].action == error_action(22));
    REQUIRE(read.rules[1].args.size() == 1);
    CHECK(read.rules[1].args[0].index == 2);
    CHECK(read.rules[1].args[0].op == SeccompComparison::ne);
    CHECK(read.rules[1].args[0].value == 9);
}

TEST_CASE("the OCI form is read alone and within a config.json", "[profile]") {
    const std::string oci =
        R"({"defaultAction": "SCMP_ACT_KILL", "architectures": ["SCMP_ARCH_X86_64"],)"
        R"("flags": ["SECCOMP_FILTER_FLAG_TSYNC"],)"
        R"("syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]})";

    for (const std::string& text :
         {oci, R"({"ociVersion": "1.0.2", "linux": {"seccomp": )" + oci + "}}"}) {
        const SeccompProfile read = profile(text);
        CHECK(read.default_action.kind == SeccompActionKind::kill_thread);
        CHECK(read.rules.size() == 1);
    }
    CHECK(profile_faults(R"({"linux": {"namespaces": []}})") ==
          "/linux/seccomp: this config.json has no seccomp profile\n");
}

TEST_CASE("every action of libseccomp is known, save the one that needs an agent", "[profile]") {
    const auto action = [](const std::string& word) {
        return profile(R"({"defaultAction": ")" + word + "\"}").default_action;
    };

    CHECK(action("SCMP_ACT_ALLOW").kind == SeccompActionKind::allow);
    CHECK(action("SCMP_ACT_LOG").kind == SeccompActionKind::log);
    CHECK(action("SCMP_ACT_TRAP").kind == SeccompActionKind::trap);
    CHECK(action("SCMP_ACT_KILL").kind == SeccompActionKind::kill_thread);
    CHECK(action("SCMP_ACT_KILL_THREAD").kind == SeccompActionKind::kill_thread);
    CHECK(action("SCMP_ACT_KILL_PROCESS").kind == SeccompActionKind::kill_process);
    CHECK(action("SCMP_ACT_ERRNO") == error_action(1));
    CHECK(action("SCMP_ACT_TRACE") == SeccompAction{SeccompActionKind::trace, 1});
    CHECK(profile_faults(R"({"defaultAction": "SCMP_ACT_NOTIFY"})") ==
          "/defaultAction: 'SCMP_ACT_NOTIFY' needs an agent that answers, and there is none "
          "here\n");
    CHECK(profile_faults(R"({"defaultAction": "SCMP_ACT_ALOW"})") ==
          "/defaultAction: there is no 'SCMP_ACT_ALOW' [SCMP_ACT_ALLOW]\n");
}

TEST_CASE("an errno of 0 feigns success, as containers' profiles may", "[profile]") {
    const SeccompProfile read =
        profile(with_rule(R"("names": ["chmod"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0)"));

    CHECK(read.rules[0].action == error_action(0));
}

TEST_CASE("a masked comparison has its mask first", "[profile]") {
    const SeccompProfile read = profile(with_rule(
        R"("names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2114060288,
           "valueTwo": 5, "op": "SCMP_CMP_MASKED_EQ"}])"));

    CHECK(read.rules[0].args[0].mask == 2114060288);
    // As libseccomp does, bits outside of the mask are left out.
    CHECK(read.rules[0].args[0].value == 0);
}

TEST_CASE("all 64 bits of a number are read", "[profile]") {
    const SeccompProfile read = profile(with_rule(
        R"("names": ["read"], "action": "SCMP_ACT_ALLOW",
           "args": [{"index": 5, "value": 18446744073709551615, "op": "SCMP_CMP_EQ"}])"));

    CHECK(read.rules[0].args[0].value == ~std::uint64_t{0});
}

TEST_CASE("every fault of a profile has its place", "[profile][H2]") {
    CHECK(profile_faults("{\"defaultAction\": \"SCMP_ACT_ERRNO\",\n \"syscalls\": [,]}") ==
          ": line 2, column 15: this is no JSON\n");
    CHECK(profile_faults("[]") == ": expected an object\n");
    CHECK(profile_faults("{}") == "/defaultAction: it is missing\n");
    CHECK(profile_faults(R"({"defaultAction": 1, "syscalls": {}})") ==
          "/defaultAction: expected a text\n/syscalls: expected an array\n");
    CHECK(profile_faults(
              with_rule(R"("name": "read", "names": ["read"], "action": "SCMP_ACT_LOG")")) ==
          "/syscalls/0/name: 'names' is there as well; there may be one\n");
    CHECK(profile_faults(with_rule(
              R"("names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 6, "value": -1,
              "op": "SCMP_CMP_EQL"}])")) ==
          "/syscalls/0/args/0/index: expected a number from 0 to 5\n"
          "/syscalls/0/args/0/op: there is no 'SCMP_CMP_EQL' [SCMP_CMP_EQ]\n"
          "/syscalls/0/args/0/value: expected a number from 0 to 18446744073709551615\n");
    CHECK(profile_faults(
              with_rule(R"("names": ["read"], "action": "SCMP_ACT_ERRNO", "errno": "EPREM")")) ==
          "/syscalls/0/errno: expected the name of an error such as \"EPERM\" [EPERM]\n");
    CHECK(
        profile_faults(with_rule(
            R"("names": ["read"], "action": "SCMP_ACT_LOG", "includes": {"minKernel": "new"})")) ==
        "/syscalls/0/includes/minKernel: expected a version such as \"4.8\"\n");
    CHECK(profile_faults(
              R"({"defaultAction": "SCMP_ACT_LOG", "archMap": [], "architectures": []})") ==
          "/archMap: 'architectures' is there as well; there may be one\n");
    CHECK(profile_faults(
              R"({"defaultAction": "SCMP_ACT_LOG", "flags": ["SECCOMP_FILTER_FLAG_SYNC"]})") ==
          "/flags/0: there is no flag 'SECCOMP_FILTER_FLAG_SYNC' [SECCOMP_FILTER_FLAG_TSYNC]\n");
}

TEST_CASE("a slip in a member's name is a fault, a strange member is not", "[profile][H2]") {
    CHECK(
        profile_faults(with_rule(R"("names": ["read"], "action": "SCMP_ACT_ALLOW", "arg": [])")) ==
        "/syscalls/0/arg: there is no such member [args]\n");
    const SeccompProfile read =
        profile(with_rule(R"("names": ["read"], "action": "SCMP_ACT_ALLOW", "x/owner": "me")"));
    CHECK(read.warnings ==
          std::vector<std::string>{
              "members that are not known here, and have no effect: '/syscalls/0/x~1owner'"});
}

TEST_CASE("what a newer kernel has is left out with a warning", "[profile]") {
    const SeccompProfile read = profile(with_rule(
        R"("names": ["read", "write_better", "@mount"], "action": "SCMP_ACT_ALLOW",
           "includes": {"caps": ["CAP_BETTER"]})"));

    CHECK(read.rules[0].includes.has_unknown_capability);
    CHECK(read.warnings ==
          std::vector<std::string>{
              "calls that are not known here, and are left out: 'write_better', '@mount'",
              "capabilities that are not known here, and that nobody has: 'CAP_BETTER'"});
}

TEST_CASE("a profile of any size and depth is bounded", "[profile][R1]") {
    CHECK(profile_faults(std::string(100'000, '[')) == ": it is nested too deeply\n");
    std::string names = "\"read\"";
    for (int i = 0; i < 5000; ++i)
        names += ",\"read\"";
    const std::string many = with_rule(R"("names": [)" + names + R"(], "action": "SCMP_ACT_LOG",
        "args": [{"index":0,"op":"SCMP_CMP_EQ"},{"index":1,"op":"SCMP_CMP_EQ"},
                 {"index":2,"op":"SCMP_CMP_EQ"}])");
    CHECK(profile_faults(many) == "/syscalls: these are more conditions than a filter can hold\n");
    std::string rules;
    for (int i = 0; i < 100; ++i)
        rules += (i > 0 ? ",1" : "1");
    const auto read = read_seccomp_profile(
        R"({"defaultAction": "SCMP_ACT_LOG", "syscalls": [)" + rules + "]}", test_vocabulary());
    REQUIRE_FALSE(read);
    CHECK(read.error().size() == 20);
}

TEST_CASE("a unit names a profile by its path or by the name of a file beside it", "[profile]") {
    const TemporaryDirectory directory;
    directory.write("small.json", allow_read);
    const std::string path = directory.path() + "/small.json";
    for (const std::string& name : {path, std::string{"small.json"}}) {
        directory.write("web.toml", std::string{minimal_service} + "[seccomp]\nprofile = '" + name +
                                        "'\ndeny = ['write']\n");

        const auto unit = load_unit_file(directory.path() + "/web.toml", {}, test_vocabulary());

        if (!unit) FAIL(unit.error().front().text());
        REQUIRE(unit->seccomp->profile);
        CHECK(unit->seccomp->profile->path == path);
        CHECK(unit->seccomp->profile->rules.size() == 1);
    }
}

TEST_CASE("what is wrong with a profile stands at the unit's key", "[profile][H2]") {
    const TemporaryDirectory directory;
    const auto told = [&](const std::string& name) {
        return faults(std::string{minimal_service} + "[seccomp]\nprofile = '" + name + "'\n");
    };
    const std::string bad =
        directory.write("bad.json", with_rule(R"("names": ["read"], "action": "SCMP_ACT_ALOW")"));

    CHECK(told(bad) == "web.toml:4:11: seccomp.profile: '" + bad +
                           "': /syscalls/0/action: there is no 'SCMP_ACT_ALOW'; did you mean "
                           "'SCMP_ACT_ALLOW'?\n");
    CHECK(told("/no/such/file.json") ==
          "web.toml:4:11: seccomp.profile: there is no file '/no/such/file.json'\n");
    CHECK(told("no-such-file.json") ==
          "web.toml:4:11: seccomp.profile: there is no file 'no-such-file.json'\n");
    CHECK(told(directory.path()) == "web.toml:4:11: seccomp.profile: '" + directory.path() +
                                        "': it is a directory and not a file\n");
    CHECK(told("sub/file.json").starts_with("web.toml:4:11: seccomp.profile: "));
    CHECK(told("/proc/self/fd/0").starts_with("web.toml:4:11: seccomp.profile: "));
}

TEST_CASE("a profile brings its own default action", "[profile][H2]") {
    const TemporaryDirectory directory;
    const std::string path = directory.write("small.json", allow_read);

    CHECK(faults(std::string{minimal_service} + "[seccomp]\nprofile = '" + path +
                 "'\ndefault = 'allow'\n") ==
          "web.toml:5:11: seccomp.default: the profile brings a default action of its own\n");
}

TEST_CASE("the supervisor trusts a profile only where it trusts units", "[profile][H3]") {
    const TemporaryDirectory directory;
    directory.write("small.json", allow_read, 0666);
    directory.write("web.toml",
                    std::string{minimal_service} + "[seccomp]\nprofile = 'small.json'\n");
    const std::vector<std::string> directories{directory.path()};

    const auto refused = load_unit("web", directories, test_vocabulary());
    directory.write("small.json", allow_read, 0644);
    const auto loaded = load_unit("web", directories, test_vocabulary());

    REQUIRE_FALSE(refused);
    CHECK(refused.error().front().text() ==
          directory.path() + "/web.toml:4:11: seccomp.profile: '" + directory.path() +
              "/small.json': the file cannot be trusted: its mode is 0666, and only its owner may "
              "be able to write it");
    CHECK(loaded);
}

TEST_CASE("the warnings of a profile are the unit's", "[profile]") {
    const TemporaryDirectory directory;
    const std::string path = directory.write(
        "new.json", with_rule(R"("names": ["read", "write_better"], "action": "SCMP_ACT_ALLOW")"));

    const Unit unit = good_service("[seccomp]\nprofile = '" + path + "'\n");

    CHECK(unit.warnings ==
          std::vector<std::string>{"web.toml:4:11: seccomp.profile: '" + path +
                                   "': calls that are not known here, and are left out: "
                                   "'write_better'"});
}

}  // namespace confinit
