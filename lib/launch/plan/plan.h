// SPDX-License-Identifier: Apache-2.0
// LaunchPlan: a Unit resolved against this machine, as one value.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "kernel/capability_set.h"
#include "kernel/process.h"
#include "kernel/syscall_filter.h"
#include "launch/child_plan.h"
#include "launch/seccomp/filter_cache.h"
#include "launch/witness.h"
#include "unit/unit.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <tuple>
#include <type_traits>
#include <vector>

namespace confinit {

// A user that cannot become another: its ids and its list of supplementary groups.
struct FixedIdentity {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;
};

// The supervisor lends this to every launch.
struct LaunchContext {
    const Fd& reaper_program;       // sealed memfd of confinit-reaper
    std::string inaccessible_file;  // a regular file of mode 000 for mounts.inaccessible; beside
                                    // it is an empty directory 'image', for mounts.root_image
    // Where the directories of the units' notify sockets are, see notify_directory(), and where a
    // service with a mount namespace of its own finds the one that is its own.
    std::string notify_root = "/run/confinit/notify";
    CapabilityMask capabilities;    // those that the supervisor itself has in its bounding set
    std::uint64_t memory_total;     // bytes, for percentages
    std::string cgroup_mount = {};  // where our own cgroup tree is mounted, if there is one

    // For "unit:NAME": the main process of a unit that runs, or null; it stays while the launch is
    // planned. Absent where there is no supervisor.
    std::function<const Process*(std::string_view unit)> find_running = {};
    // The first of a unit's own 65,536 ids. Absent where there is no supervisor.
    std::function<std::uint32_t(const std::string& unit)> separate_ids = {};

    // The supervisor's runtime directory, which a mount namespace of a service's own hides, and the
    // sockets in it that an operator or a deputy sees there nevertheless. Empty where there is no
    // supervisor.
    std::string runtime_directory = {};
    std::vector<std::string> operator_sockets = {};
    std::vector<std::string> deputy_sockets = {};

    FilterCache* filters = nullptr;  // absent: every plan compiles its own

    // The supervisor's own, where it cannot change its groups: an ordinary user's, or that of the
    // root of a user namespace which denies setgroups(2).
    std::optional<FixedIdentity> fixed_identity = {};
};

// The node below that of a unit with cgroup.delegate which the service may write, and runs in.
inline constexpr const char* delegated_node_name = "delegated";

// A namespace that the service joins.
template <class Form>
struct JoinIn {
    typename Form::String key{};       // "namespaces.net"
    typename Form::String identity{};  // "net:[4026531840]", as /proc/PID/ns shows it
    std::uint64_t flag = 0;            // CLONE_NEW*
};

template <class Form>
struct CgroupLineIn {
    typename Form::String file{};
    typename Form::String value{};
    typename Form::String key{};  // "cgroup.memory.max", "cgroup.raw.memory.peak"
};

// The order leaves no gaps: equal plans are equal bytes.
struct PlanNumbers {
    std::uint64_t clone_flags = 0;         // CLONE_NEW* for clone3(2)
    CapabilitySets expected_capabilities;  // of the running service, by capabilities(7)
    bool deny_setgroups = false;
    bool keeps_own_groups = false;  // the supervisor's, see fixed_identity
    bool gap[6] = {};
};

static_assert(std::has_unique_object_representations_v<PlanNumbers>);

// A unit resolved against this machine, in either of its forms.
template <class Form>
struct PlanIn : PlanNumbers {
    using String = typename Form::String;
    using Strings = typename Form::Strings;
    template <class T>
    using List = typename Form::template List<T>;

    String unit{};
    String executable{};
    Strings arguments{};
    Strings environment{};
    String uid_map{};  // the text of the map files, empty without a user namespace
    String gid_map{};
    List<CgroupLineIn<Form>> cgroup{};  // percentages resolved, the kernel's form, in order
    List<JoinIn<Form>> joins{};
    Strings runtime_directories{};  // on the host; removed when the service has ended

    // For `verify` and messages: the key of each mount op, rlimit and so on, by index.
    Strings mount_keys{};
    Strings mount_targets{};  // without symbolic links, as far as the plan could tell
    Strings rlimit_keys{};
    Strings preparation_keys{};

    ChildPlanIn<Form> child{};

    // All that is no number but the part for the child, for whoever brings a plan from one form to
    // another.
    static auto references(auto& plan) {
        return std::tie(plan.unit, plan.executable, plan.arguments, plan.environment, plan.uid_map,
                        plan.gid_map, plan.cgroup, plan.joins, plan.runtime_directories,
                        plan.mount_keys, plan.mount_targets, plan.rlimit_keys,
                        plan.preparation_keys);
    }
};

using Plan = PlanIn<Sealed>;

// The id maps of the unit that was planned, see settle_id_maps().
struct SettledIds {
    std::vector<IdMap> uid_map;
    std::vector<IdMap> gid_map;
    bool allow_setgroups = false;
};

// The company of a plan: a launch needs it beside the plan, of the machine as it is now.
struct PlanCompany {
    SettledIds ids;
    std::vector<std::string> warnings;  // what is allowed and hardly meant: "KEY: ..."
    CgroupConfig limits;                // Plan::cgroup, until a live change
    std::vector<Fd> join_files;         // of Plan::joins, held open while the plan lives
    // One block, see witnesses_in(): what the plan was made from, at which the child looks again.
    std::vector<std::byte> witnesses;
    bool serves_once = false;  // the witnesses do not tell of all that may change
    bool is_old = false;       // the launch comes some time after it, or is not its first
    int join_pidfd = -1;       // enter: the process whose namespaces are joined
    int reaper_program = -1;   // LaunchContext's
};

// A plan that is being made.
struct PlanDraft : PlanIn<Drafted>, PlanCompany {
    std::vector<std::unique_ptr<std::string>> texts;  // the memory behind each Text

    PlanDraft() { child.working_directory = "/"; }
};

// A plan that is made: one value in one block of bytes, and its company.
class LaunchPlan : public PlanCompany {
public:
    explicit LaunchPlan(PlanDraft draft);
    // One that was sealed before: `image` is the block of bytes of another LaunchPlan.
    LaunchPlan(PlanCompany company, std::vector<std::byte> image);

    const Plan& operator*() const { return *reinterpret_cast<const Plan*>(image_.data()); }
    const Plan* operator->() const { return &**this; }
    std::span<const std::byte> image() const { return image_; }

    // The limits as the plan has them, for another launch.
    void take_limits();

private:
    std::vector<std::byte> image_;
};

// Resolves a unit: user and group ids from /etc/passwd and /etc/group of the service's root (no
// NSS), the executable's path, the filter, the mounts in order. Fails with the key at fault.
//
// A unit does not say this:
// - The kernel's group list is the declared supplementary groups and the primary group, nothing
//   else: the members that the group file lists give a service no group that its unit does not.
// - The environment is PATH, HOME, SHELL and, for a user with an entry, USER and LOGNAME; the
//   unit's own variables win. Nothing of the supervisor's is passed on.
// - A percentage of a memory key is of `memory_total`, one of pids.max is of kernel.pid_max.
// - Of the mounts the one with the longest path wins. At one path file systems come before
//   attributes, and of the attributes the strictest wins. A mount of the launch's own is writable
//   within a read_only path, which it was declared beside, but never executable within a no_exec
//   one.
// - private_tmp is a tmpfs on /tmp, which must be there, and on /var/tmp where it is there.
// - A new pid namespace with a new mount namespace has a /proc of its own.
// - Who has no entry in the passwd file has to name a group.
// - A unit that names neither user nor groups runs as root, and as the supervisor itself where that
//   has a fixed identity.
// - A unit that is ready by notify, or has a watchdog, has NOTIFY_SOCKET in its environment, whose
//   last part each run sets, see bind_order(). With a new mount namespace the socket's
//   directory is mounted on notify_root.
// - Of the supervisor's runtime directory a new mount namespace shows the notify socket, to an
//   operator (service.operator) the sockets by which it rules, and to a deputy (service.deputy) the
//   one by which it asks.
// - A new session keyring, where the kernel offers one.
Result<LaunchPlan> make_launch_plan(const Unit& unit, const LaunchContext& context);

// Whether the unit may send to a notify socket of its own.
bool has_notify_socket(const Unit& unit);
// The host's directory of the unit's notify socket, which only one run at a time uses.
std::string notify_directory(const Unit& unit, const LaunchContext& context);
inline constexpr std::string_view notify_socket_name = "socket";
// The socket's name is another one in each run, of this length. The plan has zeros in its place.
inline constexpr std::size_t notify_name_length = 22;
inline constexpr std::string_view notify_socket_variable = "NOTIFY_SOCKET";

// The key of the mounts that hide the supervisor's runtime directory.
inline constexpr std::string_view operator_key = "service.operator";
inline constexpr std::string_view deputy_key = "service.deputy";

// The unit's cgroup settings as they are to be written: percentages and devices resolved.
Result<CgroupConfig> make_cgroup_config(const Unit& unit, const LaunchContext& context);

// The plan of a command that enters a running service: the same ids, capabilities, filter and
// limits as `service`, but joining the namespaces of `pidfd` in place of making new ones.
// `privileged` is uid 0 with every capability, without the filter and no_new_privs. A command
// without a slash is looked up in the service's PATH, inside of its root; no command is /bin/sh.
// The working directory is "/" where the service's own cannot be told to exist.
struct EnterRequest {
    std::vector<std::string> command;
    std::string term;  // $TERM
    bool privileged = false;
};
Result<LaunchPlan> make_enter_plan(const Unit& unit, const LaunchContext& context, int pidfd,
                                   const EnterRequest& request);

}  // namespace confinit
