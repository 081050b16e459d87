// SPDX-License-Identifier: Apache-2.0
// Containers' profiles mean here what they mean to libseccomp, call by call: our program and the
// one that libseccomp makes of the same file run in one interpreter.
#include "base/file.h"
#include "kernel/capability_set.h"
#include "kernel/syscall_sets.h"
#include "launch/seccomp/argument_width.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "launch/seccomp/profile_policy.h"
#include "libseccomp_reference.h"
#include "rounds.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/seccomp.h>
#include <map>
#include <random>
#include <span>
#include <sys/syscall.h>

using namespace confinit;
using confinit::testing::LibseccompReference;

// libseccomp itself loses some rules of the filters that it takes apart; only this comparison
// builds filters with it.
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libseccomp.so";
}

namespace {

constexpr std::uint32_t no_call = SECCOMP_RET_ERRNO | ENOSYS;
constexpr std::uint64_t low_half = 0xffffffff;
constexpr std::size_t most_shown = 5;

using Capabilities = std::set<std::string>;

CapabilityMask mask_of(const Capabilities& names) {
    CapabilityMask mask = 0;
    for (const std::string& name : names)
        mask |= CapabilityMask{1} << capability_number(name).value();
    return mask;
}

Capabilities every_capability() {
    Capabilities all;
    for (const auto name : capability_names()) {
        std::string word = "CAP_" + std::string{name};
        std::ranges::transform(word, word.begin(), [](char byte) {
            return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - ('a' - 'A')) : byte;
        });
        all.insert(word);
    }
    return all;
}

// What the kernel looks at of these arguments.
SyscallArguments as_kernel_sees(std::string_view call, SyscallArguments arguments) {
    for (unsigned index = 0; index < arguments.size(); ++index) {
        arguments.at(index) &= mask_of_bits(argument_bits(SyscallAbi::native, call, index));
    }
    return arguments;
}

// Every number that the profile compares with and those beside it, alone and under high bits.
std::vector<std::uint64_t> interesting_numbers(const SeccompProfile& profile) {
    std::set<std::uint64_t> numbers{0, 1, low_half, ~std::uint64_t{0}};
    for (const ProfileRule& rule : profile.rules) {
        for (const SeccompArgument& argument : rule.args) {
            for (const std::uint64_t value : {argument.value, argument.mask}) {
                numbers.insert({value, value + 1, value - 1, value | 1ULL << 32, ~value});
            }
        }
    }
    return {numbers.begin(), numbers.end()};
}

std::set<unsigned> compared_arguments(const SeccompProfile& profile, const std::string& call) {
    std::set<unsigned> indices;
    for (const ProfileRule& rule : profile.rules) {
        if (std::ranges::find(rule.calls, call) == rule.calls.end()) continue;
        for (const SeccompArgument& argument : rule.args)
            indices.insert(argument.index);
    }
    return indices;
}

std::vector<SyscallArguments> argument_lists(const SeccompProfile& profile,
                                             const std::string& call) {
    std::vector<SyscallArguments> lists{{}, {~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL}};
    for (const unsigned index : compared_arguments(profile, call)) {
        const std::size_t before = lists.size();
        for (const std::uint64_t number : interesting_numbers(profile)) {
            for (std::size_t i = 0; i < before; ++i) {
                lists.push_back(lists[i]);
                lists.back().at(index) = number;
            }
        }
    }
    return lists;
}

struct Comparison {
    int decisions = 0;
    std::vector<std::string> differences;
};

Comparison compare(const SeccompProfile& profile, const LibseccompReference& reference,
                   const ProfileContext& context, std::span<const int> numbers = known_syscalls()) {
    const BpfProgram ours = compile_filter(make_profile_policy(profile, context));
    const BpfProgram theirs = reference.program();
    Comparison comparison;
    for (const int number : numbers) {
        const std::string call = syscall_name(number);
        const auto called = static_cast<std::uint32_t>(number);
        for (const SyscallArguments& arguments : argument_lists(profile, call)) {
            const std::uint32_t decided = run_filter(ours, native_architecture, called, arguments);
            const std::uint32_t expected = number > reference.newest_call()
                                               ? no_call
                                               : run_filter(theirs, native_architecture, called,
                                                            as_kernel_sees(call, arguments));
            ++comparison.decisions;
            if (decided == expected || comparison.differences.size() >= most_shown) continue;
            comparison.differences.push_back(fmt::format(
                "{}({:#x}, {:#x}, {:#x}, {:#x}): {:#x} and not {:#x}", call, arguments[0],
                arguments[1], arguments[2], arguments[3], decided, expected));
        }
    }
    return comparison;
}

SeccompProfile read(const std::string& text) {
    auto profile = read_seccomp_profile(text, kernel_vocabulary());
    if (!profile) FAIL(profile.error().front().place + ": " + profile.error().front().message);
    return std::move(*profile);
}

std::string containers_profile() {
    const auto text = read_file(AT_FDCWD, confinit::testing::containers_profile_path());
    if (!text) FAIL(text.error().text());
    return *text;
}

// One that a unit of Docker's could have: masks, bounds, several conditions on one argument.
constexpr const char* varied_profile = R"({
    "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
    "syscalls": [
        {"names": ["read", "execve", "futex_waitv", "lseek"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [
            {"index": 0, "value": 2114060288, "op": "SCMP_CMP_MASKED_EQ"}]},
        {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38,
         "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
        {"names": ["clone3"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
        {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [
            {"index": 0, "value": 40, "op": "SCMP_CMP_NE"}]},
        {"names": ["ioctl"], "action": "SCMP_ACT_ALLOW", "args": [
            {"index": 1, "value": 21505, "op": "SCMP_CMP_EQ"},
            {"index": 1, "value": 21523, "op": "SCMP_CMP_EQ"}]},
        {"names": ["mmap"], "action": "SCMP_ACT_TRAP", "args": [
            {"index": 2, "value": 4, "valueTwo": 4, "op": "SCMP_CMP_MASKED_EQ"},
            {"index": 1, "value": 1048576, "op": "SCMP_CMP_GT"}]},
        {"names": ["write"], "action": "SCMP_ACT_LOG", "args": [
            {"index": 2, "value": 4294967296, "op": "SCMP_CMP_LE"}]},
        {"names": ["pread64"], "action": "SCMP_ACT_KILL_PROCESS", "args": [
            {"index": 3, "value": 8589934592, "op": "SCMP_CMP_GE"}]},
        {"names": ["pwrite64"], "action": "SCMP_ACT_TRACE", "errnoRet": 7, "args": [
            {"index": 3, "value": 8589934595, "op": "SCMP_CMP_LT"}]},
        {"names": ["lseek"], "action": "SCMP_ACT_LOG", "args": [
            {"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}]},
        {"names": ["stat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
        {"names": ["stat"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["fstat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0},
        {"names": ["fstat"], "action": "SCMP_ACT_ALLOW"}
    ]})";

}  // namespace

TEST_CASE("the containers' default profile decides as libseccomp does", "[profile][S3]") {
    const std::string text = containers_profile();
    const Json json = Json::parse(text);
    const SeccompProfile profile = read(text);
    const Capabilities all = every_capability();
    Capabilities but_admin = all;
    but_admin.erase("CAP_SYS_ADMIN");
    const Capabilities sets[] = {
        {},
        {"CAP_SYS_ADMIN"},
        {"CAP_AUDIT_WRITE", "CAP_SYS_CHROOT", "CAP_MKNOD", "CAP_NET_RAW"},
        {"CAP_SYS_TIME", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"},
        but_admin,
        all,
    };

    CHECK(profile.warnings.empty());
    for (const Capabilities& capabilities : sets) {
        const LibseccompReference reference{json, capabilities};
        REQUIRE_FALSE(reference.is_refused());

        const Comparison comparison =
            compare(profile, reference, {mask_of(capabilities), running_kernel()});

        CAPTURE(capabilities.size());
        CHECK(comparison.decisions > 1000);
        CHECK(comparison.differences == std::vector<std::string>{});
    }
}

TEST_CASE("every kind of rule decides as libseccomp does", "[profile][S3]") {
    const SeccompProfile profile = read(varied_profile);
    for (const Capabilities& capabilities : {Capabilities{}, Capabilities{"CAP_SYS_ADMIN"}}) {
        const LibseccompReference reference{Json::parse(varied_profile), capabilities};
        REQUIRE_FALSE(reference.is_refused());

        const Comparison comparison =
            compare(profile, reference, {mask_of(capabilities), running_kernel()});

        CHECK(comparison.decisions > 1000);
        CHECK(comparison.differences == std::vector<std::string>{});
    }
}

namespace {

template <class List>
auto any_of(std::mt19937& random, const List& list) {
    return list[random() % std::size(list)];
}

constexpr int pwrite64_alone[] = {SYS_pwrite64};
constexpr const char* equalities[] = {"SCMP_CMP_EQ", "SCMP_CMP_MASKED_EQ"};
constexpr const char* all_comparisons[] = {"SCMP_CMP_EQ",       "SCMP_CMP_NE", "SCMP_CMP_LT",
                                           "SCMP_CMP_LE",       "SCMP_CMP_GT", "SCMP_CMP_GE",
                                           "SCMP_CMP_MASKED_EQ"};

// Rules for one call, on arguments of which the kernel looks at all 64 bits.
Json random_profile(std::mt19937& random, std::span<const char* const> comparisons,
                    unsigned most_arguments) {
    constexpr std::uint64_t numbers[] = {0,          1,          5,          1ULL << 32,
                                         5ULL << 32, ~0ULL << 1, 0xffffffff, (1ULL << 32) + 5};
    Json rules = Json::array();
    rules.push_back({{"names", {"execve", "pread64"}}, {"action", "SCMP_ACT_ALLOW"}});
    const auto rule_count = 1 + random() % 4;
    for (unsigned i = 0; i < rule_count; ++i) {
        Json args = Json::array();
        for (unsigned index = 1; index <= most_arguments; ++index) {
            if (random() % 3 == 0) continue;
            args.push_back({{"index", index},
                            {"op", any_of(random, comparisons)},
                            {"value", any_of(random, numbers)},
                            {"valueTwo", any_of(random, numbers)}});
        }
        if (args.empty()) continue;
        rules.push_back({{"names", {"pwrite64"}},
                         {"action", "SCMP_ACT_ERRNO"},
                         {"errnoRet", 5},
                         {"args", args}});
    }
    return {{"defaultAction", "SCMP_ACT_KILL_PROCESS"}, {"syscalls", rules}};
}

bool holds(const SeccompArgument& argument, const SyscallArguments& arguments) {
    const std::uint64_t given = arguments.at(argument.index) & argument.mask;
    switch (argument.op) {
    case SeccompComparison::eq:
    case SeccompComparison::masked_eq:
        return given == argument.value;
    case SeccompComparison::ne:
        return given != argument.value;
    case SeccompComparison::lt:
        return given < argument.value;
    case SeccompComparison::le:
        return given <= argument.value;
    case SeccompComparison::gt:
        return given > argument.value;
    case SeccompComparison::ge:
        return given >= argument.value;
    }
    return false;
}

// By the words of the specification: a rule needs all of its conditions, a call one of its rules.
bool is_named(const SeccompProfile& profile, const std::string& call,
              const SyscallArguments& arguments) {
    return std::ranges::any_of(profile.rules, [&](const ProfileRule& rule) {
        return rule.calls.front() == call &&
               std::ranges::all_of(rule.args, [&](const SeccompArgument& argument) {
                   return holds(argument, arguments);
               });
    });
}

}  // namespace

TEST_CASE("random equalities are united as libseccomp unites them", "[profile][S3]") {
    std::mt19937 random(7);
    int compared = 0;
    for (int round = 0; round < rounds(200); ++round) {
        const Json json = random_profile(random, equalities, 3);
        const LibseccompReference reference{json, {}};
        if (reference.is_refused()) continue;

        const Comparison comparison = compare(read(json.dump()), reference, {}, pwrite64_alone);

        CAPTURE(json.dump());
        CHECK(comparison.differences == std::vector<std::string>{});
        ++compared;
    }
    CHECK(compared > rounds(100));
}

TEST_CASE("random bounds on one argument are united as libseccomp unites them", "[profile][S3]") {
    std::mt19937 random(11);
    int compared = 0;
    for (int round = 0; round < rounds(200); ++round) {
        const Json json = random_profile(random, all_comparisons, 1);
        if (json["syscalls"].size() > 2) continue;
        const LibseccompReference reference{json, {}};
        if (reference.is_refused()) continue;

        const Comparison comparison = compare(read(json.dump()), reference, {}, pwrite64_alone);

        CAPTURE(json.dump());
        CHECK(comparison.differences == std::vector<std::string>{});
        ++compared;
    }
    CHECK(compared > rounds(20));
}

// libseccomp 2.5 merges some bounds and inequalities of several rules so that it decides otherwise
// than any of the rules says; here arithmetic is the judge.
TEST_CASE("random rules of every kind hold where their conditions do", "[profile][S3]") {
    std::mt19937 random(13);
    const auto number = static_cast<std::uint32_t>(syscall_number("pwrite64").value());
    for (int round = 0; round < rounds(60); ++round) {
        const SeccompProfile profile = read(random_profile(random, all_comparisons, 3).dump());
        const BpfProgram program = compile_filter(make_profile_policy(profile, {}));
        int wrong = 0;
        for (const SyscallArguments& arguments : argument_lists(profile, "pwrite64")) {
            const std::uint32_t expected = is_named(profile, "pwrite64", arguments)
                                               ? SECCOMP_RET_ERRNO | 5U
                                               : SECCOMP_RET_KILL_PROCESS;
            if (run_filter(program, native_architecture, number, arguments) != expected) ++wrong;
        }
        CHECK(wrong == 0);
    }
}
