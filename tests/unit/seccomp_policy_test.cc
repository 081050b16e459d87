// SPDX-License-Identifier: Apache-2.0
// The [seccomp] lists: which entry wins, what is unknown, and real programs under the filter.
#include "launch/seccomp/policy.h"

#include "kernel/syscall_sets.h"
#include "seccomp_actions.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace confinit;

namespace {

constexpr SeccompAction allow_action{.kind = SeccompActionKind::allow};
constexpr SeccompAction log_action{.kind = SeccompActionKind::log};
constexpr SeccompAction trap_action{.kind = SeccompActionKind::trap};
constexpr SeccompAction trace_action{.kind = SeccompActionKind::trace};
constexpr SeccompAction kill_thread{.kind = SeccompActionKind::kill_thread};
constexpr SeccompAction kill_process{.kind = SeccompActionKind::kill_process};

constexpr std::uint32_t errno_decision(int number) {
    return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(number);
}

SeccompEntry entry(std::string name, std::optional<SeccompAction> action = std::nullopt) {
    return {.name = std::move(name), .action = action};
}

SyscallPolicy policy_of(const SeccompConfig& config) {
    auto policy = make_policy(config);
    INFO((policy ? std::string() : policy.error().text()));
    REQUIRE(policy);
    return std::move(*policy);
}

std::string error_of(const SeccompConfig& config) {
    const auto policy = make_policy(config);
    return policy ? "no error" : policy.error().text();
}

std::uint32_t decision(const SyscallPolicy& policy, std::string_view name) {
    const auto found =
        std::ranges::find(policy.decisions, syscall_number(name), &SyscallDecision::number);
    REQUIRE(found != policy.decisions.end());
    return found->action;
}

SeccompConfig denying(std::vector<SeccompEntry> deny, SeccompAction default_action = allow_action) {
    return {.default_action = default_action, .allow = {}, .deny = std::move(deny)};
}

SeccompConfig allowing(std::vector<SeccompEntry> allow,
                       SeccompAction default_action = error_action(EPERM)) {
    return {.default_action = default_action, .allow = std::move(allow), .deny = {}};
}

// The filter of units/heat.toml.
SeccompConfig heat_config() {
    return allowing({entry("@base"), entry("read"), entry("write")}, kill_process);
}

bool load(const BpfProgram& program) {
    const sock_fprog kernel_program{
        .len = static_cast<unsigned short>(program.size()),
        .filter = const_cast<sock_filter*>(program.data()),
    };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &kernel_program) == 0;
}

// The wait status of a program that ran under the filter, its output thrown away.
int run_program(const BpfProgram& program, std::vector<const char*> arguments) {
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        if (!load(program)) _exit(99);
        execv(arguments.front(), const_cast<char* const*>(arguments.data()));
        _exit(98);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return status;
}

}  // namespace

TEST_CASE("an allow list allows what it names and denies the rest by the default", "[seccomp]") {
    const auto policy = policy_of(allowing({entry("@base"), entry("chmod")}, error_action(EACCES)));

    CHECK(decision(policy, "chmod") == SECCOMP_RET_ALLOW);
    CHECK(decision(policy, "openat") == SECCOMP_RET_ALLOW);
    CHECK(decision(policy, "mount") == errno_decision(EACCES));
}

TEST_CASE("a deny list denies with its entry's action and allows the rest", "[seccomp]") {
    const auto policy =
        policy_of(denying({entry("chmod", error_action(EPERM)), entry("mount", trap_action),
                           entry("ptrace", kill_process)}));

    CHECK(decision(policy, "chmod") == errno_decision(EPERM));
    CHECK(decision(policy, "mount") == SECCOMP_RET_TRAP);
    CHECK(decision(policy, "ptrace") == SECCOMP_RET_KILL_PROCESS);
    CHECK(decision(policy, "openat") == SECCOMP_RET_ALLOW);
}

TEST_CASE("a denied call without an action answers the default, or EPERM", "[seccomp]") {
    const std::vector<SeccompEntry> allow = {entry("@base")};
    const std::vector<SeccompEntry> deny = {entry("chmod")};

    CHECK(decision(policy_of({allow_action, allow, deny}), "chmod") == errno_decision(EPERM));
    CHECK(decision(policy_of({log_action, allow, deny}), "chmod") == errno_decision(EPERM));
    CHECK(decision(policy_of({error_action(EACCES), allow, deny}), "chmod") ==
          errno_decision(EACCES));
    CHECK(decision(policy_of({kill_process, allow, deny}), "chmod") == SECCOMP_RET_KILL_PROCESS);
    CHECK(decision(policy_of({trap_action, allow, deny}), "chmod") == SECCOMP_RET_TRAP);
}

TEST_CASE("every action has the kernel's value", "[seccomp]") {
    const std::vector<SeccompEntry> allow = {entry("@base"),
                                             entry("mkdir", log_action),
                                             entry("rmdir", trace_action),
                                             entry("link", kill_thread),
                                             entry("unlink", kill_process),
                                             entry("rename", error_action(ENOENT))};
    const auto policy = policy_of({trap_action, allow, {}});

    CHECK(decision(policy, "mkdir") == SECCOMP_RET_LOG);
    CHECK(decision(policy, "rmdir") == SECCOMP_RET_TRACE);
    CHECK(decision(policy, "link") == SECCOMP_RET_KILL_THREAD);
    CHECK(decision(policy, "unlink") == SECCOMP_RET_KILL_PROCESS);
    CHECK(decision(policy, "rename") == errno_decision(ENOENT));
    CHECK(decision(policy, "symlink") == SECCOMP_RET_TRAP);
}

TEST_CASE("deny wins over allow, a name as well as a set", "[seccomp]") {
    const auto policy = policy_of({.default_action = kill_process,
                                   .allow = {entry("@system-service"), entry("mount")},
                                   .deny = {entry("chmod", error_action(EPERM)), entry("@mount")}});

    CHECK(decision(policy, "chmod") == errno_decision(EPERM));
    CHECK(decision(policy, "fchmod") == SECCOMP_RET_ALLOW);
    CHECK(decision(policy, "mount") == SECCOMP_RET_KILL_PROCESS);
}

TEST_CASE("in one list a name wins over a set, in either order", "[seccomp]") {
    const SeccompEntry set = entry("@mount", kill_process);
    const SeccompEntry name = entry("mount", error_action(EPERM));

    for (const auto& config : {denying({set, name}), denying({name, set})}) {
        const auto policy = policy_of(config);
        CHECK(decision(policy, "mount") == errno_decision(EPERM));
        CHECK(decision(policy, "umount2") == SECCOMP_RET_KILL_PROCESS);
    }
    const auto policy = policy_of(denying({entry("@mount"), entry("mount", kill_process)}));
    CHECK(decision(policy, "mount") == SECCOMP_RET_KILL_PROCESS);
    CHECK(decision(policy, "umount2") == errno_decision(EPERM));
}

TEST_CASE("of two sets in one list the most restrictive action wins", "[seccomp]") {
    const SeccompEntry mild = entry("@privileged", error_action(EPERM));
    const SeccompEntry strict = entry("@mount", kill_process);

    for (const auto& config : {denying({mild, strict}), denying({strict, mild})}) {
        const auto policy = policy_of(config);
        CHECK(decision(policy, "chroot") == SECCOMP_RET_KILL_PROCESS);
        CHECK(decision(policy, "acct") == errno_decision(EPERM));
    }
    const auto logged = policy_of(allowing({entry("@system-service"), entry("@base", log_action)}));
    CHECK(decision(logged, "openat") == SECCOMP_RET_LOG);
    CHECK(decision(logged, "socket") == SECCOMP_RET_ALLOW);
}

TEST_CASE("an unknown number answers ENOSYS whatever the default is", "[seccomp][S1][X16]") {
    for (const auto& action : {allow_action, log_action, kill_process, error_action(EPERM)}) {
        const auto policy = policy_of({action, {entry("@base")}, {entry("chmod")}});
        const auto program = compile_filter(policy);

        for (const std::uint32_t number : {470U, 9999U, 0x40000000U, 0x4000003bU, 0xffffffffU}) {
            CAPTURE(number);
            CHECK(run_filter(program, native_architecture, number) == errno_decision(ENOSYS));
        }
    }
}

TEST_CASE("clone3 answers ENOSYS where only clone is let through", "[seccomp][S1]") {
    const auto listed = policy_of(allowing({entry("@base"), entry("clone")}, kill_process));
    CHECK(decision(listed, "clone") == SECCOMP_RET_ALLOW);
    CHECK(decision(listed, "clone3") == errno_decision(ENOSYS));

    const auto denied = policy_of(denying({entry("clone3")}));
    CHECK(decision(denied, "clone3") == errno_decision(ENOSYS));
}

TEST_CASE("clone3 keeps what the lists say where there is nothing to fall back on", "[seccomp]") {
    const auto both = policy_of(allowing({entry("@base"), entry("@process")}));
    CHECK(decision(both, "clone3") == SECCOMP_RET_ALLOW);

    const auto neither = policy_of(allowing({entry("@base")}, kill_process));
    CHECK(decision(neither, "clone3") == SECCOMP_RET_KILL_PROCESS);

    const auto own_action = policy_of(denying({entry("clone3", kill_process)}));
    CHECK(decision(own_action, "clone3") == SECCOMP_RET_KILL_PROCESS);
}

TEST_CASE("a filter that forbids execve is refused with a hint", "[seccomp][H4]") {
    CHECK(error_of(allowing({entry("read"), entry("write")}, kill_process)) ==
          "seccomp.allow: 'execve' is not allowed, but the launch itself must execute the program; "
          "list 'execve' or '@base'");
    CHECK(error_of(denying({entry("execve")})) ==
          "seccomp.deny: 'execve' is denied, but the launch itself must execute the program");
    CHECK(error_of(denying({entry("@default")})).starts_with("seccomp.deny: 'execve' is denied"));
    CHECK(error_of(allowing({entry("@base"), entry("execve", trace_action)}))
              .starts_with("seccomp.allow: 'execve' is not allowed"));
    CHECK(make_policy(allowing({entry("execve", log_action)})));
}

TEST_CASE("an entry that is no call and no set is refused with the nearest word", "[seccomp][H2]") {
    CHECK(error_of(denying({entry("mount"), entry("chmdo", error_action(EPERM))})) ==
          "seccomp.deny[1]: no such system call or set: 'chmdo'; did you mean 'chmod'?");
    CHECK(error_of(allowing({entry("@bse")})) ==
          "seccomp.allow[0]: no such system call or set: '@bse'; did you mean '@base'?");
    CHECK(error_of(allowing({entry("")})).starts_with("seccomp.allow[0]: no such system call"));
    CHECK_FALSE(error_of(denying({entry("x\x1b[2J")})).contains('\x1b'));
}

TEST_CASE("a call of another architecture is accepted and decides nothing", "[seccomp]") {
    const auto with = policy_of(allowing({entry("@base"), entry("chown32"), entry("mmap2")}));
    const auto without = policy_of(allowing({entry("@base")}));

    CHECK(std::ranges::equal(with.decisions, without.decisions, {}, &SyscallDecision::action,
                             &SyscallDecision::action));
}

TEST_CASE("an error number that the kernel cannot return is refused", "[seccomp]") {
    CHECK(error_of(denying({entry("chmod", error_action(0))})) ==
          "seccomp.deny[0]: no error number: 0");
    CHECK(error_of(denying({entry("chmod", error_action(4096))})).starts_with("seccomp.deny[0]: "));
    CHECK(error_of(allowing({entry("@base")}, error_action(-1))).starts_with("seccomp.default: "));
    CHECK(make_policy(denying({entry("chmod", error_action(4095))})));
}

TEST_CASE("an allow list of 300 calls needs few instructions", "[seccomp]") {
    for (const auto& action : {kill_process, error_action(EPERM)}) {
        const auto program =
            compile_filter(policy_of(allowing({entry("@system-service")}, action)));

        CAPTURE(program.size());
        CHECK(syscalls_in_set("@system-service")->size() > 290);
        CHECK(program.size() <= 80);
    }
}

TEST_CASE("programs run and end under the filter of heat", "[seccomp][kernel][H13]") {
    const auto program = compile_filter(policy_of(heat_config()));
    const std::vector<const char*> commands[] = {
        {"/bin/true"},
        {"/bin/echo", "hello"},
        {"/bin/dd", "if=/dev/zero", "of=/dev/null", "count=10"},
        {"/bin/busybox", "dd", "if=/dev/zero", "of=/dev/null", "count=10"},
    };
    for (const auto& command : commands) {
        if (access(command.front(), X_OK) != 0) continue;
        CAPTURE(command.front());

        const int status = run_program(program, command);

        CHECK(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 0);
    }
}

TEST_CASE("ordinary programs do not notice the restrictions", "[seccomp][kernel][H13][H14]") {
    SeccompConfig config = permissive_filter();
    config.address_families = AddressFamilies{};
    config.namespaces.emplace();
    config.memory_deny_write_execute = true;
    config.suid_sgid = false;
    config.realtime = false;
    config.personality = false;
    const auto program = compile_filter(policy_of(config));
    // A dynamic loader, threads of a pipeline, files made and removed.
    const std::vector<const char*> command = {
        "/bin/sh", "-c",
        "directory=$(mktemp -d) && echo text | sort > $directory/file && chmod 600 $directory/file "
        "&& rm -r $directory"};

    const int status = run_program(program, command);

    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a program that leaves the filter of heat is killed", "[seccomp][kernel]") {
    const auto program = compile_filter(policy_of(heat_config()));

    const int status = run_program(program, {"/bin/mkdir", "/nonexistent/directory"});

    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGSYS);
}

TEST_CASE("chmod denied with EPERM fails, with kill-process it kills", "[seccomp][kernel]") {
    // The file exists, so that chmod(1) reaches the call, and the kernel would refuse it too.
    const std::vector<const char*> command = {"/bin/chmod", "755", "/proc/self"};
    const std::vector<SeccompEntry> with_error = {entry("chmod", error_action(EPERM)),
                                                  entry("fchmodat", error_action(EPERM)),
                                                  entry("fchmodat2", error_action(EPERM))};
    const std::vector<SeccompEntry> with_kill = {entry("chmod", kill_process),
                                                 entry("fchmodat", kill_process),
                                                 entry("fchmodat2", kill_process)};

    const int failed = run_program(compile_filter(policy_of(denying(with_error))), command);
    const int killed = run_program(compile_filter(policy_of(denying(with_kill))), command);

    CHECK(WIFEXITED(failed));
    CHECK(WEXITSTATUS(failed) == 1);
    CHECK(WIFSIGNALED(killed));
    CHECK(WTERMSIG(killed) == SIGSYS);
}
