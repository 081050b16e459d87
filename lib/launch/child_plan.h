// SPDX-License-Identifier: Apache-2.0
// ChildPlan: everything the child does between clone3(2) and execve(2), as plain data.
//
// Every name, id, path and program is resolved before the clone; the child only walks this. It
// borrows all memory from the image of the plan and from its parent.
#pragma once

#include "launch/plan_forms.h"
#include "launch/witness.h"

#include <cstddef>
#include <cstdint>
#include <linux/filter.h>
#include <span>
#include <sys/resource.h>
#include <sys/types.h>
#include <tuple>
#include <type_traits>

namespace confinit {

// The steps of a launch, in their order. The table in child/child.cc and the texts in
// spawn/explain_report.cc are indexed by it, and the compiler counts all three. Each step needs a
// privilege, a path or a descriptor that a later one takes away.
enum class LaunchStage : std::uint32_t {
    separation,        // not traceable, and without PID 1's descriptors
    witnesses,         // all that the plan was made from is as it was
    id_maps,           // wait until the parent has written the id maps and lifted the limits
    preparation,       // wait until the preparer has made the directories and mounted the image
    scheduling,        // policy, nice, CPUs, I/O priority; oom_score_adj, by the host's /proc
    terminal,          // open the declared tty, by the host's /dev
    streams,           // descriptors 0, 1, 2
    time_namespace,    // its offsets written before anybody is in it, by the host's /proc
    proc_files,        // not traceable from here on, where it had to own its files of /proc
    join_namespaces,   // setns(2): of the service for `svctl enter`, else what the unit joins
    pid_namespace,     // fork into the joined pid namespace
    cgroup_namespace,  // unshare(2) inside of the node, so that the node is its root
    mounts,            // MountOps, then the new root
    hostname,
    network,  // lo up
    reaper,   // fork below our own PID 1 of the new pid namespace
    session,  // signal dispositions, setsid(2), controlling terminal, signal mask
    keyring,  // as the supervisor's user, whose quota has room for all services
    rlimits,
    join_user,  // setns(2) into the user namespace that the unit joins: the host's rights end
    bounding,   // the inheritable set, the bounding set and securebits
    groups,     // setgroups(2), setresgid(2)
    user,       // setresuid(2)
    ambient,    // the permitted and effective sets trimmed, the ambient set raised
    working_directory,  // as the user
    umask,
    descriptors,  // everything but 0, 1, 2 and the ready pipe is closed on exec; RLIMIT_NOFILE
    no_new_privs,
    reaper_ready,  // wait until our reaper has locked itself
    announce,      // the `executing` record: the filter may forbid to send it later
    seccomp,       // last: it would forbid the rest
    exec,
};
inline constexpr std::size_t launch_stage_count = static_cast<std::size_t>(LaunchStage::exec) + 1;

enum class MountOpKind : std::uint32_t {
    propagation,  // always the first: the whole tree a slave, so that nothing we mount leaks
                  // out; then the sources of all other ops are opened
    bind,
    tmpfs,
    proc,
    device_node,  // a bind of one of the host's device nodes, checked by device number
    devpts,
    mqueue,
    cgroup,         // cgroup2 as the new cgroup namespace sees it
    overlay_layer,  // a directory that the next `overlay` lays over those after it
    overlay,        // of the layers that stand right before it
    directory,      // mkdir(2) on a file system that an earlier op mounted
    symlink,        // symlink(2), likewise
    seal,           // a tmpfs becomes read-only, once all that lies in it has been made
    read_only,
    read_write,  // the path as writable as it is on the host, inside of a read_only one
    inaccessible,
    no_exec,
    exec,         // the path as executable as it is on the host, inside of a no_exec one
    change_root,  // pivot_root(2) to ChildPlan::root; after all that a target is resolved for
    change_propagation,  // of the finished tree; always the last
};

// The part of a layer in its overlay, in MountOp::mode.
inline constexpr std::uint32_t lower_layer = 0;
inline constexpr std::uint32_t upper_layer = 1;
inline constexpr std::uint32_t work_layer = 2;
inline constexpr std::uint32_t memory_layer = 3;  // upper and work, in a tmpfs

// Paths are absolute. Targets are resolved inside of the new root with openat2(2)
// (RESOLVE_IN_ROOT) and must exist, unless the op makes them. Sources are resolved on the host,
// before any op has covered a part of it.
template <class Form>
struct MountOpIn {
    using Text = typename Form::Text;

    MountOpKind kind{};
    Text source{};  // bind, device_node, overlay_layer: host path; symlink: its text
                    // tmpfs, overlay_layer in memory: "size=..."
                    // inaccessible: the file that covers a target which is no directory
                    // mqueue: the host's, which is bound; null: a new one
                    // read_write, exec within a bind: the path on the host
    Text target{};
    Text options{};  // tmpfs: the mode, "0755"; proc: "hidepid=..."; overlay: "userxattr"
    std::uint64_t attributes = 0;  // MOUNT_ATTR_* of mount_setattr(2) that are added, never taken
                                   // away
                                   // change_propagation: MS_PRIVATE, MS_SHARED or MS_UNBINDABLE
    bool recursive = false;        // bind, and what is copied: with all that is mounted below
    std::uint32_t mode = 0;     // directory; overlay_layer: which; overlay: how many layers it has
    std::uint64_t device = 0;   // device_node: the expected st_rdev
    Text place{};               // the target without symbolic links, where the plan could tell; the
                                // launch follows none then, for it could be another one now
    std::uint32_t inside = 0;   // the op, by its index, of whose tmpfs `place` is a path; what does
                                // not exist is made there, and nowhere else
    bool exact_source = false;  // bind: no symbolic link is followed on the way to the source
    bool may_be_absent = false;  // nothing is done where the target does not exist
};

using MountOp = MountOpIn<Sealed>;
using MountDraft = MountOpIn<Drafted>;

// Done for the child with the rights of the host's root, by a process of its own: the
// child may be in a user namespace, and the parent may not wait for a file system.
// procfs: of the host's processes, where the child has no rights over their pid namespace.
enum class PreparationKind : std::uint32_t { directory, image, procfs };

template <class Form>
struct PreparationIn {
    using Kind = PreparationKind;
    using Text = typename Form::Text;

    Kind kind{};
    Text base{};     // directory: where it is made, "/var/lib", which may be a link of the host's
    Text path{};     // directory: below `base`; image: of its file; procfs: where it will be
    Text options{};  // procfs: as of the MountOp
    std::uint32_t mode = 0;
    uid_t uid = 0;
    gid_t gid = 0;
    bool gives_over = false;  // whatever is in a directory of another owner is given to this one
};

using Preparation = PreparationIn<Sealed>;
using PreparationDraft = PreparationIn<Drafted>;

// The child's words to the parent: one datagram of the report socket each.
struct LaunchReport {
    enum class Kind : std::uint32_t {
        failed,       // stage, item, object, error and syscall tell what
        executing,    // written just before execve: a hang-up after it means that it succeeded
        prepared,     // the preparer's, of `item`; a detached mount goes along
        main_exited,  // from our reaper: `status` is the wait status of the main process
    };
    // Which of an item's two paths a failure is about.
    enum class Object : std::uint32_t { target, source };

    Kind kind = Kind::failed;
    LaunchStage stage = LaunchStage::exec;
    std::int32_t item = -1;  // index within the stage: a MountOp, an rlimit, a capability
    Object object = Object::target;
    std::int32_t error = 0;    // errno
    std::int32_t syscall = 0;  // number of the system call that failed
    std::int32_t status = 0;
    // Of a directory that is there already and is another's: st_mode, st_uid and st_gid.
    std::uint32_t found[3] = {};
};

// `item` of a main_exited record: other processes are left in the pid namespace.
constexpr std::int32_t left_others = 1;

// The child's last words, in memory shared with the parent: a filter that forbids sendmsg(2) or
// exit_group(2) must not turn a failed execve(2) into a service that seems to have run.
struct LastWords {
    LaunchReport report;
    std::uint32_t spoken = 0;  // 1 while `report` has not been delivered by the socket
};

// A session keyring of its own; `if_offered` where nobody asked for it by name.
enum class ChildKeyring : std::uint32_t { inherited, separate_if_offered, separate };

// The numbers of a plan for its child. The order leaves no gaps: equal plans are equal bytes.
struct ChildNumbers {
    std::uint64_t signal_mask = 0;  // the kernel's sigset_t; all is blocked until `session`
    std::uint64_t bounding = ~0ULL;
    std::uint64_t ambient = 0;
    std::uint64_t inheritable = 0;

    unsigned securebits = 0;
    int last_capability = 40;
    gid_t gid = 0;
    uid_t uid = 0;
    // With a new user namespace: the ids, inside of it, that what the mounts create belongs to. The
    // child itself comes with an id that the namespace does not know, and could create nothing.
    uid_t builder_uid = 0;
    gid_t builder_gid = 0;
    mode_t umask = 022;
    int ready_number = -1;  // the descriptor that the service writes a newline to, or -1
    int nice = 0;
    int scheduling_policy = -1;  // SCHED_*, or -1: as it is
    int scheduling_priority = 0;
    int io_priority = -1;  // for ioprio_set(2), or -1: as it is
    int join_flags = 0;    // CLONE_NEW* for setns(2), of what `svctl enter` joins
    ChildKeyring keyring = ChildKeyring::inherited;

    bool builds_as_mapped = false;
    bool sets_nice = false;
    bool limits_by_parent = false;  // a user namespace takes the right to raise them away
    bool has_reaper = false;
    bool fork_into_pid_namespace = false;
    bool new_cgroup_namespace = false;
    bool new_network = false;
    bool new_user_namespace = false;
    bool keep_all_capabilities = false;  // enter --privileged
    bool set_groups = true;              // false where setgroups is denied in the user namespace
    bool no_new_privs = false;
    bool lets_mounts_in = false;  // the host's later ones, also where they will be looser
    bool gap[4] = {};
};

static_assert(std::has_unique_object_representations_v<ChildNumbers>);

// A plan for the child, in any of its forms.
template <class Form>
struct ChildPlanIn : ChildNumbers {
    using Text = typename Form::Text;
    template <class T>
    using List = typename Form::template List<T>;

    Text tty{};  // becomes 0, 1, 2 and the controlling terminal
    Text oom_score_adj{};
    Text time_offsets{};  // the text of timens_offsets, for a new time namespace
    Text hostname{};
    Text root{};               // mounts.root, or null
    Text image_mount_point{};  // where the image becomes a part of the tree
    Text working_directory{};
    List<rlimit64> rlimit_values{};
    List<int> rlimit_resources{};
    List<std::uint64_t> cpu_affinity{};
    List<typename Form::MountOp> mounts{};
    List<typename Form::Preparation> preparations{};
    List<gid_t> groups{};
    List<sock_filter> filter{};

    // All that is no number, for whoever brings a plan from one form to another.
    static auto references(auto& plan) {
        return std::tie(plan.tty, plan.oom_score_adj, plan.time_offsets, plan.hostname, plan.root,
                        plan.image_mount_point, plan.working_directory, plan.rlimit_values,
                        plan.rlimit_resources, plan.cpu_affinity, plan.mounts, plan.preparations,
                        plan.groups, plan.filter);
    }
};

// The values that each run has of its own. All descriptors are above the range of 0, 1, 2.
struct ChildRun {
    const char* executable = nullptr;  // absolute, inside of the new root
    char* const* argv = nullptr;
    char* const* envp = nullptr;
    int report_socket = -1;            // SOCK_SEQPACKET: LaunchReport records to the parent
    int exit_socket = -1;              // SOCK_SEQPACKET: the reaper's record, or -1
    int streams[3] = {-1, -1, -1};     // what becomes 0, 1, 2
    bool tty_is_stream = false;        // stream 0 is a pty slave that becomes the controlling tty
    int preparation_socket = -1;       // SOCK_SEQPACKET: from the preparer, or -1
    int preparer_socket = -1;          // the preparer's end of it
    int ready_pipe = -1;               // what becomes ready_number, or -1; above that number
    bool owns_proc_files = false;      // only while it can be traced: else they are root's
    bool has_default_signals = false;  // the maker ignores none
    bool wait_for_parent = false;  // one byte on the report socket when the parent's part is done
    int* mount_sources = nullptr;  // the child's own notes: a descriptor for each MountOp
    LastWords* last_words = nullptr;
    std::span<const Witness> witnesses = {};  // those to look at again
    int join_pidfd = -1;                      // enter: the process whose namespaces are joined
    std::span<const int> joins = {};  // files of namespaces other than the user one, in their order
    int join_user = -1;               // the file of the user namespace
    int reaper_program = -1;          // sealed memfd of confinit-reaper, or -1: no reaper
};

using ChildDraft = ChildPlanIn<Drafted>;

struct ChildPlan : ChildPlanIn<Bound>, ChildRun {};

static_assert(std::is_trivially_copyable_v<ChildPlan>, "the child must not own anything");

// The exit status of a child that could not finish its steps; nobody reads it as the service's.
inline constexpr int exit_setup_failed = 126;

// Runs every step in order and executes the program; returns never.
[[noreturn]] void run_child(const ChildPlan& plan) noexcept;

// Does the plan's preparations, tells the child, and ends.
[[noreturn]] void run_preparer(const ChildPlan& plan) noexcept;

// Removes these directories of the host with all that is in them; absolute, without symbolic links.
// It ends with 0, or with the errno that kept one of them.
[[noreturn]] void run_remover(std::span<const char* const> paths) noexcept;

}  // namespace confinit
