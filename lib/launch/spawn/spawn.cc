// SPDX-License-Identifier: Apache-2.0
// Spawning: one clone3(2) into the node, and the parent's own part of it.
#include "launch/spawn/spawn.h"

#include "base/file.h"
#include "launch/spawn/bind_order.h"
#include "launch/spawn/blocked_signals.h"
#include "launch/spawn/parent_part.h"
#include "launch/spawn/prepared_launch.h"
#include "launch/spawn/process_limits.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>
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

Status lend(const LaunchPlan& plan, const Streams& streams, PreparedLaunch& prepared) {
    LentDescriptors& lent = prepared.lent;
    const int lowest = std::max(lowest_child_descriptor, plan->child.ready_number + 1);
    ReportChannel report = TRY(make_report_channel(lowest));
    prepared.report_socket = std::move(report.parent);
    lent.report = std::move(report.child);
    if (plan->child.has_reaper) {
        ReportChannel exit = TRY(make_report_channel(lowest));
        prepared.exit_socket = std::move(exit.parent);
        lent.exit = std::move(exit.child);
    }
    if (!plan->child.preparations.empty()) {
        auto [child, preparer] = TRY(make_seqpacket_pair());
        lent.prepared = TRY(duplicate(child, lowest));
        lent.preparer = TRY(duplicate(preparer, lowest));
    }
    lent.streams[0] = TRY(child_stream(streams.input, lowest));
    lent.streams[1] = TRY(child_stream(streams.output, lowest));
    lent.streams[2] = TRY(child_stream(streams.error, lowest));
    if (streams.ready) lent.ready = TRY(duplicate(streams.ready, lowest));
    return {};
}

void write_joins(const LaunchPlan& plan, LaunchOrder& order) {
    std::size_t next = static_cast<std::size_t>(LentPlace::joins);
    for (std::size_t i = 0; i < plan->joins.size(); ++i) {
        const int file = plan.join_files[i].get();
        if (plan->joins[i].flag == CLONE_NEWUSER) {
            order[LentPlace::join_user] = file;
        } else if (next < lent_count) {
            order.lent[next++] = file;
        }
    }
}

void write_order(const LaunchPlan& plan, const Streams& streams, PreparedLaunch& prepared) {
    LaunchOrder& order = prepared.order;
    const LentDescriptors& lent = prepared.lent;
    if (!prepared.is_moved()) order[LentPlace::node] = prepared.node;
    order[LentPlace::report] = lent.report.get();
    order[LentPlace::exit] = lent.exit.get();
    order[LentPlace::prepared] = lent.prepared.get();
    order[LentPlace::preparer] = lent.preparer.get();
    order[LentPlace::input] = lent.streams[0].get();
    order[LentPlace::output] = lent.streams[1].get();
    order[LentPlace::error] = lent.streams[2].get();
    order[LentPlace::ready] = lent.ready.get();
    order[LentPlace::join_pidfd] = plan.join_pidfd;
    if (plan->child.has_reaper) order[LentPlace::reaper] = plan.reaper_program;
    write_joins(plan, order);
    order.uses_clone3 = prepared.method != CloneMethod::clone_then_move;
    order.tty_is_stream = streams.input_is_tty;
    order.wait_for_parent =
        prepared.is_moved() || !plan->uid_map.empty() || plan->child.limits_by_parent;
    // Those of a process that cannot be traced belong to root.
    order.owns_proc_files = geteuid() != 0;
    if (streams.notify_name.size() <= longest_notify_name)
        std::ranges::copy(streams.notify_name, order.notify_name);
}

// Where setgroups(2) is denied in a new user namespace, the child could not get rid of groups that
// it inherits; and we have no use for any of our own.
Status drop_own_groups(const LaunchPlan& plan) {
    if (plan->child.set_groups || plan->keeps_own_groups || getgroups(0, nullptr) == 0) return {};
    if (setgroups(0, nullptr) == 0) return {};
    return std::unexpected(Error{.key = "service.supplementary_groups",
                                 .call = "setgroups",
                                 .error = errno,
                                 .hint = "the supervisor lacks CAP_SETGID to drop its own "
                                         "groups, which the service would keep: start it "
                                         "without any (setpriv --clear-groups as root)"});
}

// A plain copy of this process: no memory is shared but the last words.
Status copy_child(const LaunchPlan& plan, const PreparedLaunch& prepared, const ChildPlan& child,
                  MadeProcesses& made) {
    // The cgroup namespace is left to the child: from here it would have our own node as its root.
    constexpr std::uint64_t made_by_child = CLONE_NEWCGROUP;
    const std::uint64_t namespaces = plan->clone_flags & ~made_by_child;
    const BlockedSignals blocked;
    auto process = clone_process(prepared.method, namespaces, prepared.node);
    if (!process)
        return std::unexpected(explain_child_clone(plan, prepared, process.error().error));
    if (process->pid() == 0) run_child(child);
    made.first = std::move(*process);
    return {};
}

// Outside of the node: it counts against no limit of the service.
void copy_preparer(const PreparedLaunch& prepared, const ChildPlan& child, MadeProcesses& made) {
    if (child.preparations.empty() || made.preparer.pid() != 0) return;
    const BlockedSignals blocked;
    auto process = clone_process(prepared.method);
    if (!process) {
        made.failure = explain_preparer_clone(process.error().error);
        return;
    }
    if (process->pid() == 0) run_preparer(child);
    made.preparer = std::move(*process);
}

Status finish_parent_part(const LaunchPlan& plan, const PreparedLaunch& prepared, pid_t child) {
    if (!prepared.order.wait_for_parent) return {};
    if (prepared.is_moved()) TRY(move_into_node(plan, prepared.node, child));
    TRY(do_parent_part(plan, child));
    const char go = 1;
    if (send(prepared.report_socket.get(), &go, sizeof go, MSG_NOSIGNAL) == sizeof go) return {};
    // A child that has ended meanwhile has reported why, or is seen to have died.
    if (errno == EPIPE || errno == ECONNRESET) return {};
    return std::unexpected(Error{.call = "send", .error = errno});
}

}  // namespace

Error explain_child_clone(const LaunchPlan& plan, const PreparedLaunch& prepared, int error) {
    // One that is moved later counts against our own node until then.
    Error failure = explain_clone(plan, prepared.is_moved() ? -1 : prepared.node, error);
    failure.call = clone_call(prepared.method);
    return failure;
}

Error explain_preparer_clone(int error) {
    if (error == EAGAIN) return explain_no_process(-1);
    return {.call = "clone3",
            .error = error,
            .hint = "no process can be made that prepares the launch"};
}

Result<PreparedLaunch> prepare_launch(const LaunchPlan& plan, int node, Streams streams,
                                      CloneMethod method) {
    PreparedLaunch prepared{.node = node, .method = method};
    TRY(lend(plan, streams, prepared));
    TRY(drop_own_groups(plan));
    write_order(plan, streams, prepared);
    return prepared;
}

Spawned finish_launch(const LaunchPlan& plan, PreparedLaunch prepared, MadeProcesses made,
                      LastWordsPage last_words) {
    if (!made.failure) {
        if (Status done = finish_parent_part(plan, prepared, made.first.pid()); !done)
            made.failure = std::move(done).error();
    }
    // It fails only for a child that has ended already.
    if (made.failure) made.first.signal(SIGKILL);
    return Spawned{
        .first = std::move(made.first),
        .report_socket = std::move(prepared.report_socket),
        .exit_socket = std::move(prepared.exit_socket),
        .preparer = std::move(made.preparer),
        .last_words = std::move(last_words),
        .failure = std::move(made.failure),
    };
}

Result<Spawned> spawn_prepared(const LaunchPlan& plan, PreparedLaunch prepared,
                               MadeProcesses& made) {
    LastWordsPage last_words = TRY(LastWordsPage::make());
    std::vector<char*> words(words_for(*plan));
    std::vector<int> mount_sources(plan->child.mounts.size());
    std::array<char, notify_variable_size> notify_variable{};
    const ChildPlan child = bind_order(*plan, plan.witnesses, prepared.order, last_words.get(),
                                       {words, mount_sources, notify_variable});
    TRY(copy_child(plan, prepared, child, made));
    copy_preparer(prepared, child, made);
    // Nobody but the child has its ends from here on.
    prepared.lent = {};
    return finish_launch(plan, std::move(prepared), std::move(made), std::move(last_words));
}

}  // namespace confinit
