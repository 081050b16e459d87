// SPDX-License-Identifier: Apache-2.0
// A filter that was shown is read again as the same filter.
#include "launch/seccomp/filter_export.h"
#include "base/file.h"
#include "kernel/bpf_text.h"
#include "kernel/syscall_sets.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "launch/seccomp/policy.h"
#include "launch/seccomp/profile_policy.h"
#include "libseccomp_reference.h"
#include "syscall_filter_scene.h"

#include <fcntl.h>
#include <random>

using namespace confinit;

namespace {

SeccompProfile read(const Json& profile) {
    auto read = read_seccomp_profile(profile.dump(), kernel_vocabulary());
    if (!read) FAIL(read.error().front().place + ": " + read.error().front().message);
    return std::move(*read);
}

std::vector<std::string> lines_of(const SyscallPolicy& policy) {
    return program_lines(compile_filter(policy));
}

bool is_plain(const Json& profile) {
    return !profile.contains("confinit");
}

constexpr std::uint64_t all_bits = ~std::uint64_t{0};
constexpr std::uint64_t low_bits = 0xffffffff;

ArgumentCondition random_condition(std::mt19937& random) {
    constexpr std::uint64_t numbers[] = {0, 1, 0x5412, 0xffffffff, 1ULL << 32, all_bits};
    constexpr std::uint64_t masks[] = {all_bits, low_bits, 0xf0f0, 0xffULL << 32};
    ArgumentCondition condition{
        .index = below(random, 3),
        .comparison = static_cast<ArgumentComparison>(below(random, 6)),
        .value = numbers[below(random, std::size(numbers))],
        .mask = masks[below(random, std::size(masks))],
    };
    condition.value &= condition.mask;
    return condition;
}

// Every call answers one of a few actions, and some have rules.
SyscallPolicy random_policy_of_calls(std::mt19937& random) {
    constexpr std::uint32_t actions[] = {SECCOMP_RET_ALLOW,     SECCOMP_RET_ALLOW,
                                         SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 38,
                                         SECCOMP_RET_ERRNO | 0, SECCOMP_RET_LOG,
                                         SECCOMP_RET_TRAP,      SECCOMP_RET_TRACE | 7,
                                         SECCOMP_RET_KILL,      SECCOMP_RET_KILL_PROCESS};
    const auto action = [&] {
        return actions[below(random, std::size(actions))];
    };
    SyscallPolicy policy{.decisions = same_for_all(action()).decisions, .unknown_action = unknown};
    for (SyscallDecision& decision : policy.decisions) {
        if (below(random, 3) == 0) decision.action = action();
        if (below(random, 40) != 0) continue;
        for (std::uint32_t rules = 1 + below(random, 3); rules > 0; --rules) {
            ArgumentRule rule{.conditions = {random_condition(random)}, .action = action()};
            if (below(random, 2) == 0) rule.conditions.push_back(random_condition(random));
            decision.rules.push_back(std::move(rule));
        }
    }
    return policy;
}

// How many calls with some arguments the two answer differently.
int differences(const SyscallPolicy& one, const SyscallPolicy& other) {
    const BpfProgram one_program = compile_filter(one);
    const BpfProgram other_program = compile_filter(other);
    constexpr std::uint64_t numbers[] = {0, 1, 0x5412, 0x5413, low_bits, 1ULL << 32, all_bits};
    int count = 0;
    for (const SyscallDecision& decision : one.decisions) {
        const auto number = static_cast<std::uint32_t>(decision.number);
        for (const std::uint64_t first : numbers) {
            for (const std::uint64_t second : numbers) {
                const SyscallArguments arguments{first, second, first ^ second};
                if (run_filter(one_program, native_architecture, number, arguments) !=
                    run_filter(other_program, native_architecture, number, arguments)) {
                    ++count;
                }
                if (decision.rules.empty()) break;
            }
            if (decision.rules.empty()) break;
        }
    }
    return count;
}

SyscallPolicy policy_of(const SeccompConfig& config) {
    auto policy = make_policy(config);
    if (!policy) FAIL(policy.error().text());
    return std::move(*policy);
}

SeccompConfig filtering_ioctl(unsigned bits) {
    SeccompConfig config{
        .default_action = {.kind = SeccompActionKind::allow}, .allow = {}, .deny = {}};
    config.rules = {{.syscalls = {"ioctl"},
                     .action = {.kind = SeccompActionKind::error, .error_number = 1},
                     .args = {{.index = 1, .value = 0x5412, .bits = bits}}}};
    return config;
}

}  // namespace

TEST_CASE("the containers' profile comes out as a plain profile that means the same", "[profile]") {
    const auto text = read_file(AT_FDCWD, confinit::testing::containers_profile_path());
    REQUIRE(text);
    const SeccompProfile profile = read(Json::parse(*text));
    for (const CapabilityMask bounding : {CapabilityMask{0}, CapabilityMask{0xa80425fb}}) {
        const SyscallPolicy policy = make_profile_policy(profile, {bounding, running_kernel()});

        const Json shown = export_profile(policy);

        CHECK(is_plain(shown));
        // Whatever capabilities the next unit has.
        CHECK(lines_of(make_profile_policy(read(shown), {~CapabilityMask{0}, {}})) ==
              lines_of(policy));
    }
}

TEST_CASE("any policy comes out as a profile that decides the same", "[profile]") {
    std::mt19937 random(5);
    for (int round = 0; round < 25; ++round) {
        const SyscallPolicy policy = random_policy_of_calls(random);

        const SyscallPolicy again = make_profile_policy(read(export_profile(policy)), {});

        CHECK(differences(policy, again) == 0);
        const auto program = compile_filter(again);
        CHECK(run_filter(program, native_architecture, 9999) == unknown);
    }
}

TEST_CASE("what the specification has words for is said in them", "[profile]") {
    // Here the default and what ioctl answers without the rule are the same. The kernel reads the
    // request as 32 bits, and so does who reads the profile; 64 take a word of ours.
    CHECK(is_plain(export_profile(policy_of(filtering_ioctl(32)))));
    CHECK_FALSE(is_plain(export_profile(policy_of(filtering_ioctl(64)))));
    SeccompConfig forbidding = filtering_ioctl(32);
    forbidding.default_action = {.kind = SeccompActionKind::kill_process};
    forbidding.allow = {{.name = "execve", .action = {}}};
    const Json shown = export_profile(policy_of(forbidding));
    CHECK(is_plain(shown));
    CHECK(shown["defaultAction"] == "SCMP_ACT_KILL_PROCESS");
    CHECK(shown["syscalls"].back() ==
          Json::parse(R"({"names": ["ioctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
                          "args": [{"index": 1, "op": "SCMP_CMP_EQ", "value": 21522}]})"));
}

TEST_CASE("the text of a filter groups calls by their answers", "[profile]") {
    SeccompConfig config = filtering_ioctl(32);
    config.deny = {{.name = "chmod", .action = {}}, {.name = "ptrace", .action = {}}};

    const std::string text = policy_text(policy_of(config));

    CHECK(
        text.starts_with("EPERM: 2 calls\n    chmod ptrace\n"
                         "ioctl: the first that holds\n"
                         "    EPERM if (argument 1 & 0xffffffff) == 0x5412\n"
                         "    else allow\n"
                         "allow: every other call, "));
    CHECK(text.ends_with(" of them\nENOSYS: what is no call here\n"));
}

TEST_CASE("every action and instruction has its text", "[profile]") {
    CHECK(decision_text(SECCOMP_RET_ERRNO) == "errno 0");
    CHECK(decision_text(SECCOMP_RET_ERRNO | 1) == "EPERM");
    CHECK(decision_text(SECCOMP_RET_ERRNO | 4000) == "errno 4000");
    CHECK(decision_text(SECCOMP_RET_TRACE | 7) == "trace 7");
    CHECK(decision_text(SECCOMP_RET_KILL_THREAD) == "kill-thread");
    const SyscallPolicy policy{
        .decisions = {{.number = 1,
                       .action = SECCOMP_RET_ALLOW,
                       .rules = {{.conditions = {{.index = 2, .value = 5, .mask = 7}},
                                  .action = SECCOMP_RET_LOG}}}},
        .unknown_action = unknown};

    const auto lines = lines_of(policy);

    const auto has = [&](std::string_view text) {
        return std::ranges::any_of(lines, [text](const std::string& line) {
            return line.ends_with(": " + std::string{text});
        });
    };
    CHECK(lines[0] == "0: load the architecture");
    CHECK(has("answer kill-process"));
    CHECK(has("load the number of the call"));
    CHECK(has("load the low half of argument 2"));
    CHECK(has("keep the bits 0x7"));
    CHECK(has("answer log"));
}
