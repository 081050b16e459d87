// SPDX-License-Identifier: Apache-2.0
// seccomp.rules: from their text to the answers of the compiled filter.
#include "seccomp_scene.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>

using namespace confinit;

namespace {

std::string unit_with_rule(std::string_view text) {
    return std::string{minimal_service} + "[seccomp]\ndefault = 'allow'\nrules = [" +
           std::string{text} + "]\n";
}

Result<SyscallPolicy> policy_of(const std::string& text) {
    // What the policy refuses is to come from the policy here, not from the reader that asks it.
    Vocabulary vocabulary = kernel_vocabulary();
    vocabulary.filter_fault = nullptr;
    const auto unit = parse_unit("web", "web.toml", text, vocabulary);
    if (!unit) FAIL(unit.error().front().text());
    return make_policy(*unit->seccomp);
}

class Filter {
public:
    explicit Filter(const std::string& text) {
        const auto policy = policy_of(text);
        if (!policy) FAIL(policy.error().text());
        program_ = compile_filter(*policy);
    }

    std::uint32_t operator()(long number, SyscallArguments arguments = {}) const {
        return run_filter(program_, native_architecture, static_cast<std::uint32_t>(number),
                          arguments);
    }

private:
    BpfProgram program_;
};

std::string policy_fault(const std::string& text) {
    const auto policy = policy_of(text);
    return policy ? "no error" : policy.error().text();
}

constexpr std::uint32_t eperm = SECCOMP_RET_ERRNO | EPERM;

}  // namespace

TEST_CASE("bits above a 32-bit argument do not hide it", "[seccomp][S3]") {
    const Filter filter{
        unit_with_rule("{ syscalls = ['ioctl'], action = 'EPERM', "
                       "args = [{ index = 1, op = 'eq', value = 0x5412 }] }")};

    CHECK(filter(SYS_ioctl, {0, TIOCSTI}) == eperm);
    CHECK(filter(SYS_ioctl, {0, TIOCSTI | above}) == eperm);
    CHECK(filter(SYS_ioctl, {0, TIOCSTI | 0xffffffff00000000}) == eperm);
    CHECK(filter(SYS_ioctl, {0, TCGETS}) == SECCOMP_RET_ALLOW);
    CHECK(filter(SYS_ioctl, {TIOCSTI, 0}) == SECCOMP_RET_ALLOW);
}

TEST_CASE("an argument of 64 bits counts whole", "[seccomp][S3]") {
    const Filter filter{
        unit_with_rule("{ syscalls = ['lseek'], action = 'EPERM', "
                       "args = [{ index = 1, op = 'gt', value = '0xfffffffffffffff0' }] }")};

    CHECK(filter(SYS_lseek, {0, ~std::uint64_t{0}}) == eperm);
    CHECK(filter(SYS_lseek, {0, 0xfffffff1}) == SECCOMP_RET_ALLOW);
}

TEST_CASE("a unit may say how wide an argument is", "[seccomp][S3]") {
    const Filter filter{
        unit_with_rule("{ syscalls = ['lseek'], action = 'EPERM', "
                       "args = [{ index = 2, op = 'eq', value = 1, bits = 32 }] }, "
                       "{ syscalls = ['ioctl'], action = 'EPERM', "
                       "args = [{ index = 1, op = 'eq', value = 0x5412, bits = 64 }] }")};

    CHECK(filter(SYS_lseek, {0, 0, 1 | above}) == eperm);
    CHECK(filter(SYS_ioctl, {0, TIOCSTI | above}) == SECCOMP_RET_ALLOW);
}

TEST_CASE("a rule wins over the lists, and the first of two rules", "[seccomp]") {
    const Filter filter{std::string{minimal_service} +
                        "[seccomp]\ndefault = 'allow'\ndeny = ['socket']\nrules = ["
                        "{ syscalls = ['socket'], action = 'allow', "
                        "args = [{ index = 0, op = 'eq', value = 1 }] }, "
                        "{ syscalls = ['socket'], action = 'trap', "
                        "args = [{ index = 0, op = 'le', value = 2 }] }]\n"};

    CHECK(filter(SYS_socket, {1}) == SECCOMP_RET_ALLOW);
    CHECK(filter(SYS_socket, {2}) == SECCOMP_RET_TRAP);
    CHECK(filter(SYS_socket, {16}) == eperm);
}

TEST_CASE("all conditions of a rule must hold, and no conditions always do", "[seccomp]") {
    const Filter filter{
        unit_with_rule("{ syscalls = ['mmap'], action = 'EPERM', args = ["
                       "{ index = 2, op = 'masked-eq', value = 6, mask = 6 },"
                       "{ index = 3, op = 'ne', value = 0 }] },"
                       "{ syscalls = ['chmod', '@mount'], action = 'EACCES' },"
                       "{ syscalls = ['chmod'], action = 'trap', args = ["
                       "{ index = 0, op = 'eq', value = 0 }] }")};

    CHECK(filter(SYS_mmap, {0, 0, 7, 1}) == eperm);
    CHECK(filter(SYS_mmap, {0, 0, 7, 0}) == SECCOMP_RET_ALLOW);
    CHECK(filter(SYS_mmap, {0, 0, 5, 1}) == SECCOMP_RET_ALLOW);
    CHECK(filter(SYS_chmod) == (SECCOMP_RET_ERRNO | EACCES));
    CHECK(filter(SYS_mount) == (SECCOMP_RET_ERRNO | EACCES));
}

TEST_CASE("clone3 falls back on clone where a rule looks at clone's flags", "[seccomp][S1][X16]") {
    const std::string on_clone =
        "{ syscalls = ['clone'], action = 'EPERM', "
        "args = [{ index = 0, op = 'masked-eq', value = 0x10000000, mask = 0x10000000 }] }";
    const Filter filter{unit_with_rule(on_clone)};
    const Filter named{unit_with_rule(on_clone + ", { syscalls = ['clone3'], action = 'allow' }")};

    CHECK(filter(SYS_clone, {0x10000011}) == eperm);
    CHECK(filter(SYS_clone, {0x10000011 | above}) == eperm);
    CHECK(filter(SYS_clone, {17}) == SECCOMP_RET_ALLOW);
    CHECK(filter(SYS_clone3) == (SECCOMP_RET_ERRNO | ENOSYS));
    CHECK(named(SYS_clone3) == SECCOMP_RET_ALLOW);
}

TEST_CASE("a rule that cannot be met, or would stop the launch, is refused", "[seccomp][H3]") {
    CHECK(policy_fault(unit_with_rule("{ syscalls = ['read', 'ioctl'], action = 'EPERM', args = ["
                                      "{ index = 1, op = 'eq', value = 0x100005412 }] }")) ==
          "seccomp.rules[0]: args[0]: the kernel takes argument 1 of 'ioctl' as a 32-bit number, "
          "and the value is larger");
    CHECK(policy_fault(unit_with_rule("{ syscalls = ['@default'], action = 'EPERM', args = ["
                                      "{ index = 0, op = 'eq', value = 0 }] }")) ==
          "seccomp.rules: 'execve' is denied, but the launch itself must execute the program");
}

TEST_CASE("a filter under which nothing could be started does not load", "[unit][H2]") {
    const std::string start = std::string{minimal_service} + "[seccomp]\n";
    const auto unit =
        parse_unit("web", "web.toml", start + "allow = ['read']\n", kernel_vocabulary());
    const auto good =
        parse_unit("web", "web.toml", start + "allow = ['@base']\n", kernel_vocabulary());

    REQUIRE_FALSE(unit.has_value());
    CHECK(unit.error().front().text().find("seccomp.allow: 'execve' is not allowed") !=
          std::string::npos);
    CHECK(unit.error().front().location.line == 4);
    CHECK(good.has_value());
}

TEST_CASE("what is wrong with a rule is told with its place", "[unit][H2]") {
    CHECK(faults(unit_with_rule("{ syscalls = ['chmodd'], action = 'EPREM', arg = 1 }")) ==
          "web.toml:5:24: seccomp.rules[0].syscalls[0]: there is no system call or set 'chmodd'; "
          "did you mean 'chmod'?\n"
          "web.toml:5:44: seccomp.rules[0].action: expected one of allow, log, trap, trace, "
          "kill-thread, kill-process, or the name of an error such as \"EPERM\"; got 'EPREM'; did "
          "you mean 'EPERM'?\n"
          "web.toml:5:53: seccomp.rules[0].arg: unknown key; did you mean 'args'?\n");
    const auto argument = [](const std::string& text) {
        return faults(unit_with_rule("{ syscalls = ['chmod'], action = 'EPERM', args = [{ " + text +
                                     " }] }"));
    };
    CHECK_THAT(argument("op = 'eq', value = 1"), Catch::EndsWith("args[0]: 'index' is missing\n"));
    CHECK_THAT(argument("index = 6, op = 'eq', value = 1"), Catch::Contains("args[0].index"));
    CHECK_THAT(argument("index = 0, op = 'eqq', value = 1"),
               Catch::Contains("args[0].op: there is no comparison 'eqq'; did you mean 'eq'?"));
    CHECK_THAT(argument("index = 0, op = 'eq', value = -1"),
               Catch::Contains("expected a number of 0 or more"));
    CHECK_THAT(argument("index = 0, op = 'masked-eq', value = 1"),
               Catch::Contains("'masked-eq' needs a mask"));
    CHECK_THAT(argument("index = 0, op = 'eq', value = 1, mask = 1"),
               Catch::Contains("a mask belongs to 'masked-eq' only"));
    CHECK_THAT(argument("index = 0, op = 'masked-eq', value = 3, mask = 1"),
               Catch::Contains("it can never be met"));
    CHECK_THAT(argument("index = 0, op = 'eq', value = 0x100000000, bits = 32"),
               Catch::Contains("larger than 32 bits"));
    CHECK_THAT(argument("index = 0, op = 'eq', value = 1, bits = 16"),
               Catch::Contains("expected 32 or 64"));
}
