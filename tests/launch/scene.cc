// SPDX-License-Identifier: Apache-2.0
// The scene of a launch test: a plan made by hand, the launch of it, and what came of that.
#include "scene.h"

#include "base/file.h"
#include "base/text.h"
#include "by_launcher.h"
#include "kernel/procfs.h"
#include "launch/plan/witnesses.h"
#include "test_programs.h"

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto patience = std::chrono::seconds{30};

std::string path_from(const char* variable, const char* fallback) {
    const char* value = std::getenv(variable);
    return value != nullptr ? value : fallback;
}

std::string probe_file() {
    return path_from("CONFINIT_PROBE", CONFINIT_TEST_PROBE);
}

Fd must(Result<Fd> result) {
    if (!result) FAIL(result.error().text());
    return std::move(*result);
}

// The exit status of a process, once it has ended.
int wait_status_of(const Process& process) {
    const auto end = process.wait();
    if (!end) return -1;
    return end->si_code == CLD_EXITED ? end->si_status << 8 : end->si_status;
}

std::string read_proc(pid_t process, std::string_view file) {
    const std::string path = "/proc/" + std::to_string(process) + "/" + std::string{file};
    return read_file(AT_FDCWD, path).value_or("");
}

}  // namespace

const Fd& reaper_program() {
    static const Fd program = must(load_helper(path_from("CONFINIT_REAPER", CONFINIT_TEST_REAPER)));
    return program;
}

int last_capability() {
    const auto text = read_file(AT_FDCWD, "/proc/sys/kernel/cap_last_cap");
    return text ? std::atoi(text->c_str()) : 40;
}

CapabilityMask own_capabilities() {
    CapabilityMask mask = 0;
    for (int i = 0; i <= last_capability(); ++i) {
        if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1) mask |= CapabilityMask{1} << i;
    }
    return mask;
}

TestDirectory::TestDirectory() {
    std::string name = path_from("CONFINIT_TEST_DIRECTORY", "/var/lib") + "/launch-test-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) FAIL("mkdtemp " << name << ": " << errno_text(errno));
    path_ = name;
    (void)chmod(path_.c_str(), 0755);
}

TestDirectory::~TestDirectory() {
    std::error_code ignored;  // What is left is seen in the directory's parent.
    std::filesystem::remove_all(path_, ignored);
}

void TestDirectory::make_file(std::string_view name, std::string_view text, unsigned mode) const {
    const std::string path = *this / name;
    const Fd file = must(open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    REQUIRE(write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    REQUIRE(fchmod(file.get(), mode) == 0);
}

void TestDirectory::make_directory(std::string_view name, unsigned mode) const {
    const std::string path = *this / name;
    REQUIRE(make_directories(path).has_value());
    REQUIRE(chmod(path.c_str(), mode) == 0);
}

void TestDirectory::copy_probe(std::string_view name) const {
    const auto program = read_file(AT_FDCWD, probe_file(), std::size_t{64} << 20);
    REQUIRE(program.has_value());
    make_file(name, *program, 0755);
}

namespace {

// One copy of the probe for all scenes, where every user can execute it and no test mounts.
const std::string& shared_probe() {
    static const TestDirectory directory;
    static const std::string path = [] {
        directory.copy_probe("probe");
        return directory / "probe";
    }();
    return path;
}

}  // namespace

Scene::Scene(std::vector<std::string> commands) {
    plan.unit = "test";
    plan.executable = shared_probe();
    plan.arguments = std::move(commands);
    plan.arguments.insert(plan.arguments.begin(), "probe");
    plan.environment = {"PATH=/usr/bin:/bin"};
    child.bounding = own_capabilities();
    child.last_capability = last_capability();
}

void use_own_mounts() {
    static bool has_own = false;
    if (has_own) return;
    REQUIRE(unshare(CLONE_NEWNS) == 0);
    constexpr unsigned long slave = 1UL << 19 | 1UL << 14;  // MS_SLAVE | MS_REC
    REQUIRE(syscall(SYS_mount, nullptr, "/", nullptr, slave, nullptr) == 0);
    has_own = true;
    forget_procfs();
}

HostMount::HostMount(const std::string& source, std::string target, unsigned long flags)
    : target_(std::move(target)) {
    constexpr unsigned long bind = 4096;   // MS_BIND
    constexpr unsigned long remount = 32;  // MS_REMOUNT
    const bool is_bind = !source.empty();
    REQUIRE(syscall(SYS_mount, is_bind ? source.c_str() : "tmpfs", target_.c_str(), "tmpfs",
                    is_bind ? bind : flags, nullptr) == 0);
    forget_procfs();
    if (!is_bind || flags == 0) return;
    REQUIRE(syscall(SYS_mount, nullptr, target_.c_str(), nullptr, bind | remount | flags,
                    nullptr) == 0);
}

HostMount::~HostMount() {
    (void)syscall(SYS_umount2, target_.c_str(), 2);  // MNT_DETACH
    forget_procfs();
}

void Scene::mount(const MountDraft& op, std::string key) {
    if (plan.child.mounts.empty()) {
        plan.clone_flags |= CLONE_NEWNS;
        plan.child.mounts.push_back({.kind = MountOpKind::propagation});
        plan.mount_keys.emplace_back("mounts");
    }
    plan.child.mounts.push_back(op);
    plan.mount_keys.push_back(std::move(key));
}

void Scene::limit(int resource, std::uint64_t soft, std::uint64_t hard) {
    plan.child.rlimit_resources.push_back(resource);
    plan.child.rlimit_values.push_back({.rlim_cur = soft, .rlim_max = hard});
    plan.rlimit_keys.emplace_back("process.rlimits.test");
}

void Scene::deny(long number, std::uint32_t action) {
    plan.child.filter = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<std::uint32_t>(number)},
        {BPF_RET | BPF_K, 0, 0, action},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    child.no_new_privs = true;
}

void Scene::with_reaper() {
    plan.clone_flags |= CLONE_NEWPID;
    plan.child.has_reaper = true;
    plan.reaper_program = reaper_program().get();
}

void Scene::enter(const Process& process, int namespaces) {
    plan.join_pidfd = process.pidfd().get();
    child.join_flags = namespaces;
    child.fork_into_pid_namespace = (namespaces & CLONE_NEWPID) != 0;
}

void Scene::join(std::uint64_t flag, const Fd& file) {
    plan.joins.push_back({.key = "namespaces.test", .flag = flag});
    plan.join_files.push_back(must(duplicate(file)));
}

void Scene::see(const std::vector<std::string>& paths) {
    // The time of the last change does not tell what follows it at once.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    for (plan.witnesses.clear(); plan.witnesses.empty();) {
        if (std::chrono::steady_clock::now() > until) FAIL("these paths change without end");
        PlanWitnesses witnesses;
        for (const std::string& path : paths) {
            struct statx seen{};
            const bool is_there =
                statx(AT_FDCWD, path.c_str(), witness_look, witness_mask, &seen) == 0;
            witness(path, is_there ? 0 : errno, seen);
            if (is_there && S_ISREG(seen.stx_mode)) witness_content(path);
        }
        if (witnesses.may_serve_again()) plan.witnesses = witnesses.seal();
    }
}

LaunchPlan Scene::sealed() const {
    PlanDraft copy;
    static_cast<PlanIn<Drafted>&>(copy) = plan;
    for (const Fd& file : plan.join_files)
        copy.join_files.push_back(must(duplicate(file)));
    copy.join_pidfd = plan.join_pidfd;
    copy.reaper_program = plan.reaper_program;
    copy.witnesses = plan.witnesses;
    return LaunchPlan{std::move(copy)};
}

Launch::Launch(const LaunchPlan& plan, Streams streams, int node, CloneMethod method) {
    Pipe pipe = [] {
        auto made = make_pipe();
        REQUIRE(made.has_value());
        return std::move(*made);
    }();
    if (!streams.output) streams.output = must(duplicate(pipe.write_end));
    if (!streams.error) streams.error = std::move(pipe.write_end);
    pipe.write_end.reset();
    output_ = std::move(pipe.read_end);
    joins_pid_namespace_ = plan->child.fork_into_pid_namespace;

    auto result = spawn_either_way(plan, node, std::move(streams), method);
    if (!result) FAIL("spawn: " << result.error().text());
    spawned = std::move(*result);
}

Launch::Launch(Spawned started) : spawned(std::move(started)), output_ended_(true) {}

Launch::~Launch() {
    for (const Process* process : {&main, &spawned.first}) {
        if (*process) process->signal(SIGKILL);
    }
    if (spawned.first && status < 0) (void)wait_status_of(spawned.first);
    wait_for_preparer();
    if (joins_pid_namespace_ && main && entered_status < 0) (void)wait_status_of(main);
}

bool Launch::ended() const {
    return has_hung_up && output_ended_ && exit_ended_;
}

void Launch::finish() {
    exit_ended_ = !spawned.exit_socket;
    while (!ended())
        step();
    status = wait_status_of(spawned.first);
    wait_for_preparer();
    if (joins_pid_namespace_ && main) entered_status = wait_status_of(main);
}

void Launch::wait_for_preparer() {
    if (!spawned.preparer) return;
    (void)wait_status_of(spawned.preparer);
    spawned.preparer = {};
}

void Launch::wait_for_hang_up() {
    while (!has_hung_up)
        step();
}

void Launch::wait_for_execution() {
    wait_for_hang_up();
    if (failed) FAIL("the launch failed in stage " << static_cast<int>(failed->stage));
    REQUIRE(is_executing);
}

void Launch::wait_for_line(std::string_view line) {
    const std::string whole = std::string{line} + "\n";
    while (!output.starts_with(whole) && output.find("\n" + whole) == std::string::npos) {
        if (output_ended_) FAIL("the probe ended without '" << line << "': " << output);
        step();
    }
}

void Launch::signal(int number) const {
    REQUIRE(spawned.first.signal(number));
}

// Waits for whatever comes next, but not for ever.
void Launch::step() {
    std::array<pollfd, 3> waits{{
        {has_hung_up ? -1 : spawned.report_socket.get(), POLLIN, 0},
        {exit_ended_ ? -1 : spawned.exit_socket.get(), POLLIN, 0},
        {output_ended_ ? -1 : output_.get(), POLLIN, 0},
    }};
    constexpr int limit = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
    if (poll(waits.data(), waits.size(), limit) <= 0) FAIL("nothing happens; so far: " << output);
    if (waits[0].revents != 0) read_report();
    if (waits[1].revents != 0) read_exit();
    if (waits[2].revents != 0) read_output();
}

void Launch::read_report() {
    auto received = receive_report(spawned.report_socket, &spawned.last_words);
    if (!received) FAIL(received.error().text());
    if (std::holds_alternative<HungUp>(*received)) has_hung_up = true;
    auto* report = std::get_if<ReceivedReport>(&*received);
    if (report == nullptr) return;
    if (report->report.kind == LaunchReport::Kind::executing) {
        is_executing = true;
        main = std::move(report->sender);
    } else if (!failed) {
        failed = report->report;
    }
}

void Launch::read_exit() {
    auto received = receive_report(spawned.exit_socket);
    if (!received) FAIL(received.error().text());
    if (std::holds_alternative<HungUp>(*received)) exit_ended_ = true;
    const auto* report = std::get_if<ReceivedReport>(&*received);
    if (report == nullptr) return;
    if (report->report.kind == LaunchReport::Kind::main_exited) main_status = report->report.status;
    if (report->report.kind == LaunchReport::Kind::failed) failed = report->report;
}

void Launch::read_output() {
    std::array<char, 65536> chunk;
    const ssize_t count = read(output_.get(), chunk.data(), chunk.size());
    if (count <= 0)
        output_ended_ = true;
    else
        output.append(chunk.data(), static_cast<std::size_t>(count));
}

std::string Launch::operator[](std::string_view key) const {
    const std::string start = std::string{key} + "=";
    std::size_t begin = output.starts_with(start) ? 0 : output.find("\n" + start);
    if (begin == std::string::npos) return "(absent)";
    if (begin != 0) ++begin;
    begin += start.size();
    return output.substr(begin, output.find('\n', begin) - begin);
}

std::string namespace_of(pid_t process, std::string_view name) {
    std::array<char, 64> target{};
    const std::string path = "/proc/" + std::to_string(process) + "/ns/" + std::string{name};
    if (readlink(path.c_str(), target.data(), target.size() - 1) < 0) return "";
    return target.data();
}

std::string status_of(pid_t process, std::string_view key) {
    const std::string text = read_proc(process, "status");
    const std::string start = std::string{key} + ":\t";
    for (const std::string_view line : split(text, '\n')) {
        if (line.starts_with(start)) return std::string{line.substr(start.size())};
    }
    return "(absent)";
}

bool exists(const std::string& path) {
    return access(path.c_str(), F_OK) == 0;
}

}  // namespace confinit::testing
