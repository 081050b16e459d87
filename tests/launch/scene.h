// SPDX-License-Identifier: Apache-2.0
// The scene of a launch test: a plan made by hand, the launch of it, and what came of that.
#pragma once

#include "../spawn.h"
#include "base/fd.h"

#include <linux/mount.h>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit::testing {

// The sealed memfd of the reaper under test: CONFINIT_REAPER, or the one of this build.
const Fd& reaper_program();

// The number of the last capability that the kernel knows, and the mask of those that we have.
int last_capability();
CapabilityMask own_capabilities();

// A directory that goes with the test. It lies where no test mounts anything.
class TestDirectory {
public:
    TestDirectory();
    TestDirectory(const TestDirectory&) = delete;
    TestDirectory& operator=(const TestDirectory&) = delete;
    ~TestDirectory();

    const std::string& path() const { return path_; }
    std::string operator/(std::string_view name) const { return path_ + "/" + std::string{name}; }

    void make_file(std::string_view name, std::string_view text, unsigned mode = 0644) const;
    void make_directory(std::string_view name, unsigned mode = 0755) const;
    // The probe under this name, for a root of its own.
    void copy_probe(std::string_view name) const;

private:
    std::string path_;
};

// From now on this process has mounts of its own, which a test may add to.
void use_own_mounts();

// A mount of the host's for the time of a test, which has called use_own_mounts().
class HostMount {
public:
    // A bind of `source`, or a tmpfs without one, with these MS_* flags.
    HostMount(const std::string& source, std::string target, unsigned long flags = 0);
    HostMount(const HostMount&) = delete;
    HostMount& operator=(const HostMount&) = delete;
    ~HostMount();

private:
    std::string target_;
};

// A plan whose program is the probe with these commands, and nothing else: user 0, all
// capabilities, no new namespaces.
class Scene {
public:
    explicit Scene(std::vector<std::string> commands);
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    PlanDraft plan;
    ChildDraft& child = plan.child;

    // In the order of the calls. The mount namespace and the propagation op come with the first.
    void mount(const MountDraft& op, std::string key = "mounts.test");
    void limit(int resource, std::uint64_t soft, std::uint64_t hard);
    // A filter that answers one system call with this SECCOMP_RET_* value and allows all others.
    void deny(long number, std::uint32_t action);
    // A new pid namespace with our reaper in it.
    void with_reaper();
    // Joins a process's namespaces in place of new ones.
    void enter(const Process& process, int namespaces);

    // Joins the namespace of a file.
    void join(std::uint64_t flag, const Fd& file);

    // The launch looks again at these paths, which are as they are now, and at the content of the
    // files among them.
    void see(const std::vector<std::string>& paths);

    // The plan as it is now. Texts are borrowed from the scene.
    LaunchPlan sealed() const;
};

// A launch under way. What still runs at the end is killed.
class Launch {
public:
    // The test fails when spawn() does. The probe's output comes to us, unless streams say else.
    explicit Launch(const LaunchPlan& plan, Streams streams = {}, int node = -1,
                    CloneMethod method = CloneMethod::clone3_into_node);
    explicit Launch(Scene& scene, Streams streams = {})
        : Launch(scene.sealed(), std::move(streams)) {}
    // One that has been started already, whose output is not ours.
    explicit Launch(Spawned started);
    Launch(const Launch&) = delete;
    Launch& operator=(const Launch&) = delete;
    ~Launch();

    // Reads until this line has come; the test fails when it does not.
    void wait_for_line(std::string_view line);
    // Reads records until the hang-up, and all output until its end, and waits for the end of the
    // first process.
    void finish();
    // Reads records until the hang-up; the second fails unless the program was executed.
    void wait_for_hang_up();
    void wait_for_execution();

    void signal(int number) const;

    Spawned spawned;
    std::optional<LaunchReport> failed;
    bool is_executing = false;
    bool has_hung_up = false;
    Process main;                    // the sender of the `executing` record
    std::optional<int> main_status;  // by the reaper's record
    int status = -1;                 // wait status of the first process
    int entered_status = -1;         // of the main process where a pid namespace was joined
    std::string output;

    // The value of a key of the probe's output; "(absent)" when it has not said it.
    std::string operator[](std::string_view key) const;

private:
    void step();
    void read_report();
    void read_exit();
    void read_output();
    bool ended() const;
    void wait_for_preparer();

    Fd output_;
    bool output_ended_ = false;
    bool exit_ended_ = false;
    bool joins_pid_namespace_ = false;
};

// "/proc/PID/ns/mnt" of another process.
std::string namespace_of(pid_t process, std::string_view name);
// A line of /proc/PID/status.
std::string status_of(pid_t process, std::string_view key);
bool exists(const std::string& path);

}  // namespace confinit::testing
