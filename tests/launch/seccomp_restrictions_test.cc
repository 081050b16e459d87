// SPDX-License-Identifier: Apache-2.0
// The keys that restrict system calls, in force on a kernel, and a hostile program's ways around
// them: each way works where the key is not given, so that the test can fail.
#include "../has_32_bit_way.h"
#include "fault.h"
#include "filtered_probe.h"
#include "launch/spawn/explain_report.h"
#include "launch/verify/verify.h"

#include <cerrno>
#include <csignal>
#include <linux/sched.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

using namespace confinit;
using namespace confinit::testing;

namespace {

// What the probe finds with these commands under this [seccomp] table.
class Finding {
public:
    Finding(const std::vector<std::string>& commands, std::string_view table,
            std::string_view service = {})
        : probe_(commands, table, service), launch_(probe_.plan()) {
        launch_.finish();
        if (launch_.failed) FAIL("the launch failed: " << launch_.output);
    }

    std::string operator[](std::string_view key) const { return launch_[key]; }
    int status() const { return launch_.status; }

private:
    const FilteredProbe probe_;
    Launch launch_;
};

constexpr std::string_view everything =
    "address_families = ['unix', 'inet']\nnamespaces = false\nmemory_deny_write_execute = true\n"
    "suid_sgid = false\nrealtime = false\npersonality = false\narchitectures = ['native']\n";
constexpr std::string_view nothing = "default = 'allow'\n";

// The program that the kernel has for a process: it must stand still to be asked.
BpfProgram installed_filter(pid_t process) {
    REQUIRE(ptrace(PTRACE_SEIZE, process, 0, 0) == 0);
    REQUIRE(ptrace(PTRACE_INTERRUPT, process, 0, 0) == 0);
    int status = 0;
    REQUIRE(waitpid(process, &status, __WALL) == process);
    BpfProgram program;
    const long size = ptrace(PTRACE_SECCOMP_GET_FILTER, process, 0, nullptr);
    if (size > 0) {
        program.resize(static_cast<std::size_t>(size));
        (void)ptrace(PTRACE_SECCOMP_GET_FILTER, process, 0, program.data());
    }
    REQUIRE(ptrace(PTRACE_DETACH, process, 0, 0) == 0);
    return program;
}

bool is_equal(const sock_filter& one, const sock_filter& other) {
    return one.code == other.code && one.jt == other.jt && one.jf == other.jf && one.k == other.k;
}

}  // namespace

TEST_CASE("families that are not listed cannot be had in any way", "[launch][X16]") {
    const std::vector<std::string> commands = {"socket:1", "socket:2", "socket:17", "socket:16"};
    const Finding free{commands, nothing};
    const Finding confined{commands, "address_families = ['unix', 'inet']\n"};
    const Finding but_packet{commands, "address_families = ['~AF_PACKET']\n"};

    CHECK(free["socket:16"] == "ESOCKTNOSUPPORT");
    CHECK(free["socket:17"] == "ESOCKTNOSUPPORT");
    // The attack: a socket without socket(2).
    CHECK(free["socket:2.ring"] == "ok");
    CHECK(confined["socket:1"] == "ok");
    CHECK(confined["socket:2"] == "ok");
    CHECK(confined["socket:16"] == "EAFNOSUPPORT");
    CHECK(confined["socket:17"] == "EAFNOSUPPORT");
    CHECK(confined["socket:17.ring"] == "ENOSYS");
    CHECK(but_packet["socket:17"] == "EAFNOSUPPORT");
    CHECK(but_packet["socket:16"] == "ESOCKTNOSUPPORT");
}

TEST_CASE("a nested user namespace does not give the bounding set back", "[launch][S1][X16]") {
    constexpr std::string_view nobody =
        "user = '65534'\ngroup = '65534'\n"
        "[capabilities]\nbounding = []\n";
    const std::string try_user = "namespaces:" + std::to_string(CLONE_NEWUSER);
    const std::string directly = call(SYS_unshare, {CLONE_NEWUSER});
    const std::vector<std::string> commands = {try_user, "threads", directly, "capabilities"};
    const Finding free{commands, nothing, nobody};
    const Finding confined{commands, "namespaces = ['net']\n", nobody};

    // This is the attack: all capabilities, in a namespace of its own.
    CHECK(free[try_user + ".unshare"] == "ok");
    CHECK(free["CapEff"] != "0000000000000000");
    CHECK(confined[try_user + ".unshare"] == "EPERM");
    CHECK(confined[try_user + ".clone"] == "EPERM");
    CHECK(confined[try_user + ".clone3"] == "ENOSYS");
    CHECK(confined[try_user + ".setns"] == "EPERM");
    CHECK(confined[directly] == "EPERM");
    CHECK(confined["CapEff"] == "0000000000000000");
    // clone3(2) is away, and threads and programs start all the same.
    CHECK(confined["thread"] == "ok");
    CHECK(confined["spawn"] == "ok");
}

TEST_CASE("memory does not become code, in a child neither", "[launch][H14]") {
    const Finding free{{"code"}, nothing};
    const Finding confined{{"code"}, "memory_deny_write_execute = true\n"};

    for (const std::string key : {"code.mapped", "code.later", "code.shared", "code.child"}) {
        CAPTURE(key);
        CHECK(free[key] == "ok");
        CHECK(confined[key] == "EPERM");
    }
}

TEST_CASE("no file with a set-user-ID bit is made", "[launch]") {
    const TestDirectory here;
    here.make_directory("free");
    here.make_directory("confined");
    const Finding free{{"set-id:" + (here / "free")}, nothing};
    const std::string prefix = "set-id:" + (here / "confined");
    const Finding confined{{prefix}, "suid_sgid = false\n"};

    for (const std::string name : {".openat", ".tmpfile", ".openat2", ".chmod", ".mknod"}) {
        CAPTURE(name);
        CHECK(free["set-id:" + (here / "free") + name] == "ok");
        CHECK(confined[prefix + name] == (name == ".openat2" ? "ENOSYS" : "EPERM"));
    }
    CHECK(confined[prefix + ".mkdir"] == "EPERM");
    CHECK(confined[prefix + ".plain"] == "ok");
    struct stat made{};
    CHECK(stat((here / "free/a").c_str(), &made) == 0);
    CHECK((made.st_mode & S_ISUID) != 0);
    CHECK_FALSE(exists(here / "confined/a"));
}

TEST_CASE("no realtime policy, by capability or by limit", "[launch]") {
    const std::string limit = "rlimit." + std::to_string(RLIMIT_RTPRIO);
    const Finding confined{{"realtime", "limits"}, "realtime = false\n"};

    CHECK(confined["realtime.fifo"] == "EPERM");
    CHECK(confined["realtime.attributes"] == "ENOSYS");
    CHECK(confined["realtime.batch"] == "ok");
    CHECK(confined[limit] == "0:0");
    // Where the scheduler of this machine lets root be realtime at all, the key is what forbids it.
    const Finding free{{"realtime", "limits"}, nothing};
    CHECK(free["realtime.attributes"] == free["realtime.fifo"]);
}

TEST_CASE("the personality stays", "[launch]") {
    const std::string change = call(SYS_personality, {ADDR_NO_RANDOMIZE});
    const std::string ask = call(SYS_personality, {0xffffffff});
    const Finding free{{change, ask}, nothing};
    const Finding confined{{change, ask}, "personality = false\n"};

    CHECK(free[change] == "ok");
    CHECK(confined[change] == "EPERM");
    CHECK(confined[ask] == "ok");
}

#if defined(__x86_64__)

TEST_CASE("the way of 32-bit programs is closed, or filtered where it is declared",
          "[launch][S2][S3][X16]") {
    constexpr std::uint64_t above = std::uint64_t{1} << 32;
    const auto interrupt = [](int number, std::uint64_t first, std::uint64_t second) {
        return "int80:" + std::to_string(number) + "," + std::to_string(first) + "," +
               std::to_string(second);
    };
    // socket(2), socketcall(2), personality(2) and unshare(2) by their 32-bit numbers.
    const std::string inet = interrupt(359, AF_INET | above, SOCK_STREAM);
    const std::string unix = interrupt(359, AF_UNIX, SOCK_STREAM);
    const std::string multiplexed = interrupt(102, 1, 0);
    const std::string personality = interrupt(136, ADDR_NO_RANDOMIZE | above, 0);
    const std::string nested = interrupt(310, CLONE_NEWUSER | above, 0);
    const std::vector<std::string> commands = {inet, unix, multiplexed, personality, nested};
    const std::string declared = "architectures = ['native', 'x86']\n";
    const Finding free{commands, declared};
    const Finding confined{commands, declared +
                                         "address_families = ['unix']\npersonality = false\n"
                                         "namespaces = false\n"};
    const Finding killed{{inet}, "address_families = ['unix']\n"};

    if (!has_32_bit_way()) {
        CHECK((free.status() & 0x7f) == SIGSEGV);
        CHECK((killed.status() & 0x7f) == SIGSEGV);
        return;
    }
    CHECK(free[inet] == "ok");
    CHECK(free[multiplexed] == "EFAULT");
    CHECK(free[personality] == "ok");
    CHECK(free[nested] == "ok");
    CHECK(confined[unix] == "ok");
    CHECK(confined[inet] == "EAFNOSUPPORT");
    CHECK(confined[multiplexed] == "ENOSYS");
    CHECK(confined[personality] == "EPERM");
    CHECK(confined[nested] == "EPERM");
    CHECK(killed[inet] == "(absent)");
    CHECK(WIFSIGNALED(killed.status()));
    CHECK(WTERMSIG(killed.status()) == SIGSYS);
}

TEST_CASE("an x32 number is no way around", "[launch][S2][X16]") {
    const std::string x32_socket = call(0x40000000 | SYS_socket, {AF_INET, SOCK_STREAM});
    const std::string x32_unshare = call(0x40000000 | SYS_unshare, {CLONE_NEWUSER});
    const Finding confined{{x32_socket, x32_unshare}, everything};

    CHECK(confined[x32_socket] == "ENOSYS");
    CHECK(confined[x32_unshare] == "ENOSYS");
}

#endif

TEST_CASE("all restrictions are one filter, and the kernel has it byte for byte", "[launch][H7]") {
    const FilteredProbe probe{{"pause"}, everything};
    Launch launch{probe.plan()};
    launch.wait_for_execution();
    launch.wait_for_line("pausing=ready");

    const BpfProgram installed = installed_filter(launch.main.pid());
    const auto items = verify(probe.unit(), probe.plan(), launch.main.pid(), nullptr);
    launch.signal(SIGKILL);
    launch.finish();

    CHECK(std::ranges::equal(installed, probe.plan()->child.filter, is_equal));
    for (const std::string key :
         {"seccomp", "seccomp.address_families", "seccomp.namespaces",
          "seccomp.memory_deny_write_execute", "seccomp.suid_sgid", "seccomp.realtime",
          "seccomp.personality", "seccomp.architectures"}) {
        CAPTURE(key);
        const auto item = std::ranges::find(items, key, &VerifyItem::key);
        REQUIRE(item != items.end());
        CHECK(item->result == VerifyResult::same);
    }
}

TEST_CASE("a filter or a limit that the kernel refuses is told by its key, and nothing runs",
          "[launch][H3][H4]") {
    struct Step {
        Fault fault;
        std::string key;
        std::string call;
    };
    const Step steps[] = {
        {{.call = SYS_seccomp, .action = SECCOMP_RET_ERRNO | EIO}, "seccomp", "seccomp"},
        {{.call = SYS_prlimit64,
          .action = SECCOMP_RET_ERRNO | EIO,
          .argument = 1,
          .value = RLIMIT_RTPRIO},
         "seccomp.realtime",
         "prlimit64"},
    };
    for (const Step& step : steps) {
        const FilteredProbe probe{{"ids"}, everything};
        std::unique_ptr<Launch> launch;
        run_with_fault(step.fault,
                       [&](const Fd&) { launch = std::make_unique<Launch>(probe.plan()); });
        launch->finish();

        REQUIRE(launch->failed);
        const Error failure = explain(probe.plan(), *launch->failed);
        CHECK(failure.key == step.key);
        CHECK(failure.call == step.call);
        CHECK(failure.error == EIO);
        CHECK(launch->output.empty());
    }
}
