// SPDX-License-Identifier: Apache-2.0
// Spawning: one clone3(2) into the node, and what the parent gets to watch it by.
#include "launch/spawn/spawn.h"

#include "base/file.h"
#include "kernel/pidfd.h"
#include "launch/spawn/parent_part.h"
#include "launch/spawn/process_limits.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <tuple>
#include <unistd.h>
#include <utility>
#include <vector>

namespace confinit {

namespace {

// The child's descriptors lie above those that become the service's own, so that its dup3(2) can
// neither collide nor be a no-op.
constexpr int lowest_child_descriptor = 10;

Result<Fd> child_stream(const Fd& stream, int lowest) {
    if (stream) return duplicate(stream, lowest);
    return duplicate(TRY(open_at(AT_FDCWD, "/dev/null", O_RDWR)), lowest);
}

// What the child works with. All but the parent's ends and the page goes when spawn() returns.
struct LentDescriptors {
    ReportChannel report;
    ReportChannel exit;
    Fd prepared;  // the child's end of what the preparer tells it
    Fd preparer;
    std::array<Fd, 3> streams;
    Fd ready;
    std::vector<int> mount_sources;
    std::vector<int> joins;
    std::vector<char*> arguments;
    std::vector<std::string> environment;
    std::vector<char*> environment_texts;
    LastWordsPage last_words;
};

// execve(2) writes to none of them.
char* argument(const char* text) {
    return const_cast<char*>(text);
}

void lend_texts(const LaunchPlan& plan, std::string_view notify_name, LentDescriptors& lent) {
    for (const ImageString& text : plan->arguments)
        lent.arguments.push_back(argument(text.c_str()));
    lent.arguments.push_back(nullptr);
    for (const ImageString& variable : plan->environment)
        lent.environment.emplace_back(variable);
    set_notify_name(lent.environment, notify_name);
    for (const std::string& variable : lent.environment)
        lent.environment_texts.push_back(argument(variable.c_str()));
    lent.environment_texts.push_back(nullptr);
}

Result<LentDescriptors> lend(const LaunchPlan& plan, const Streams& streams) {
    LentDescriptors lent;
    const int lowest = std::max(lowest_child_descriptor, plan->child.ready_number + 1);
    lent.report = TRY(make_report_channel(lowest));
    if (plan->child.has_reaper) lent.exit = TRY(make_report_channel(lowest));
    if (!plan->child.preparations.empty()) {
        auto [child, preparer] = TRY(make_seqpacket_pair());
        lent.prepared = TRY(duplicate(child, lowest));
        lent.preparer = TRY(duplicate(preparer, lowest));
    }
    lent.streams[0] = TRY(child_stream(streams.input, lowest));
    lent.streams[1] = TRY(child_stream(streams.output, lowest));
    lent.streams[2] = TRY(child_stream(streams.error, lowest));
    if (streams.ready) lent.ready = TRY(duplicate(streams.ready, lowest));
    lent.mount_sources.assign(plan->child.mounts.size(), -1);
    for (std::size_t i = 0; i < plan->joins.size(); ++i) {
        if (plan->joins[i].flag != CLONE_NEWUSER) lent.joins.push_back(plan.join_files[i].get());
    }
    lend_texts(plan, streams.notify_name, lent);
    lent.last_words = TRY(LastWordsPage::make());
    return lent;
}

// Where the process belongs, and how it gets there.
struct Place {
    int node;
    CloneMethod method;

    bool is_moved_to() const { return node >= 0 && method != CloneMethod::clone3_into_node; }
};

bool has_parent_part(const LaunchPlan& plan, const Place& place) {
    return place.is_moved_to() || !plan->uid_map.empty() || plan->child.limits_by_parent;
}

// The forms have the same parts in the same order.
template <std::size_t... I>
void bind_parts(const ChildPlanIn<Sealed>& image, ChildPlanIn<Bound>& child,
                std::index_sequence<I...>) {
    const auto from = ChildPlanIn<Sealed>::references(image);
    const auto to = ChildPlanIn<Bound>::references(child);
    ((std::get<I>(to) = std::get<I>(from)), ...);
}

int user_namespace_file(const LaunchPlan& plan) {
    for (std::size_t i = 0; i < plan->joins.size(); ++i) {
        if (plan->joins[i].flag == CLONE_NEWUSER) return plan.join_files[i].get();
    }
    return -1;
}

ChildPlan complete(const LaunchPlan& plan, const Place& place, const Streams& streams,
                   LentDescriptors& lent) {
    ChildPlan child;
    static_cast<ChildNumbers&>(child) = plan->child;
    bind_parts(plan->child, child,
               std::make_index_sequence<std::tuple_size_v<decltype(ChildPlanIn<Bound>::references(
                   std::declval<ChildPlan&>()))>>{});
    child.executable = plan->executable.c_str();
    child.argv = lent.arguments.data();
    child.envp = lent.environment_texts.data();
    child.report_socket = lent.report.child.get();
    child.exit_socket = lent.exit.child.get();
    for (std::size_t i = 0; i < lent.streams.size(); ++i)
        child.streams[i] = lent.streams[i].get();
    child.tty_is_stream = streams.input_is_tty;
    child.preparation_socket = lent.prepared.get();
    child.preparer_socket = lent.preparer.get();
    child.ready_pipe = lent.ready.get();
    child.wait_for_parent = has_parent_part(plan, place);
    // Those of a process that cannot be traced belong to root.
    child.owns_proc_files = geteuid() != 0;
    child.mount_sources = lent.mount_sources.data();
    child.last_words = lent.last_words.get();
    if (plan.checks_witnesses) child.witnesses = witnesses_in(plan.witnesses);
    child.join_pidfd = plan.join_pidfd;
    child.joins = lent.joins;
    child.join_user = user_namespace_file(plan);
    if (plan->child.has_reaper) child.reaper_program = plan.reaper_program;
    return child;
}

// The child begins with every signal blocked: none that is meant for it gets lost before it can
// take effect, and none ends it halfway through a step.
class BlockedSignals {
public:
    BlockedSignals() {
        sigset_t all;
        (void)sigfillset(&all);
        (void)sigprocmask(SIG_SETMASK, &all, &previous_);
    }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;
    ~BlockedSignals() { (void)sigprocmask(SIG_SETMASK, &previous_, nullptr); }

private:
    sigset_t previous_;
};

struct Cloned {
    pid_t pid = 0;
    Fd pidfd;
};

// Where setgroups(2) is denied in a new user namespace, the child could not get rid of groups that
// it inherits; and we have no use for any of our own.
LaunchStatus drop_own_groups(const LaunchPlan& plan) {
    if (plan->child.set_groups || plan->keeps_own_groups || getgroups(0, nullptr) == 0) return {};
    if (setgroups(0, nullptr) == 0) return {};
    return std::unexpected(LaunchFailure{.key = "service.supplementary_groups",
                                         .call = "setgroups",
                                         .error = errno,
                                         .hint = "the supervisor lacks CAP_SETGID to drop its own "
                                                 "groups, which the service would keep: start it "
                                                 "without any (setpriv --clear-groups as root)"});
}

// A plain copy of this process: no memory is shared but the last words.
LaunchResult<Cloned> clone_child(const LaunchPlan& plan, const Place& place,
                                 const ChildPlan& child) {
    int pidfd = -1;
    // The cgroup namespace is left to the child: from here it would have our own node as its root.
    constexpr std::uint64_t made_by_child = CLONE_NEWCGROUP;
    const std::uint64_t namespaces = plan->clone_flags & ~made_by_child;
    const BlockedSignals blocked;
    const long pid = clone_process(place.method, namespaces, place.node, pidfd);
    if (pid < 0) {
        // One that is moved later counts against our own node until then.
        const int charged = place.is_moved_to() ? -1 : place.node;
        LaunchFailure failure = explain_clone(plan, charged, static_cast<int>(-pid));
        if (place.method == CloneMethod::clone_then_move) failure.call = "clone";
        return std::unexpected(std::move(failure));
    }
    if (pid == 0) run_child(child);
    return Cloned{static_cast<pid_t>(pid), Fd{pidfd}};
}

// Outside of the node: it counts against no limit of the service.
LaunchResult<Cloned> clone_preparer(const Place& place, const ChildPlan& child) {
    if (child.preparations.empty()) return Cloned{};
    int pidfd = -1;
    const BlockedSignals blocked;
    const long pid = clone_process(place.method, 0, -1, pidfd);
    if (pid == -EAGAIN) return std::unexpected(explain_no_process(-1));
    if (pid < 0) {
        return std::unexpected(
            LaunchFailure{.call = "clone3",
                          .error = static_cast<int>(-pid),
                          .hint = "no process can be made that prepares the launch"});
    }
    if (pid == 0) run_preparer(child);
    return Cloned{static_cast<pid_t>(pid), Fd{pidfd}};
}

LaunchStatus finish_parent_part(const LaunchPlan& plan, const Place& place, pid_t child,
                                const Fd& report_socket) {
    if (!has_parent_part(plan, place)) return {};
    if (place.is_moved_to()) TRY(move_into_node(plan, place.node, child));
    TRY(do_parent_part(plan, child));
    const char go = 1;
    if (send(report_socket.get(), &go, sizeof go, MSG_NOSIGNAL) == sizeof go) return {};
    // A child that has ended meanwhile has reported why, or is seen to have died.
    if (errno == EPIPE || errno == ECONNRESET) return {};
    return std::unexpected(LaunchFailure{.call = "send", .error = errno});
}

}  // namespace

LaunchResult<Spawned> spawn(const LaunchPlan& plan, int node, Streams streams, CloneMethod method) {
    const Place place{node, method};
    auto lent = lend(plan, streams);
    if (!lent) return std::unexpected(to_launch_failure(std::move(lent).error()));
    TRY(drop_own_groups(plan));
    const ChildPlan child = complete(plan, place, streams, *lent);
    Cloned cloned = TRY(clone_child(plan, place, child));

    auto preparer = clone_preparer(place, child);
    LaunchStatus done = preparer ? LaunchStatus{} : std::unexpected(std::move(preparer).error());
    if (done) done = finish_parent_part(plan, place, cloned.pid, lent->report.parent);
    if (!done) {
        // It fails only for a child that has ended already.
        signal_process(cloned.pidfd, SIGKILL);
        return std::unexpected(std::move(done).error());
    }
    return Spawned{
        .pid = cloned.pid,
        .pidfd = std::move(cloned.pidfd),
        .report_socket = std::move(lent->report.parent),
        .exit_socket = std::move(lent->exit.parent),
        .preparer = preparer->pid,
        .preparer_pidfd = std::move(preparer->pidfd),
        .last_words = std::move(lent->last_words),
    };
}

}  // namespace confinit
