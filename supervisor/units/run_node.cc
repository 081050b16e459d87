// SPDX-License-Identifier: Apache-2.0
// The run's part about its node: made, watched, changed, frozen, and where the main process is in
// it.
#include "supervisor/units/run.h"

#include "kernel/mount_table.h"
#include "kernel/proc_status.h"
#include "kernel/process_state.h"
#include "kernel/procfs.h"
#include "launch/plan/id_maps.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

namespace confinit {

// The service's user and group on this side of its user namespace.
NodeOwner Run::owner() const {
    const uid_t uid = plan()->child.uid;
    const gid_t gid = plan()->child.gid;
    return {outside_id(unit_.namespaces.uid_map, uid).value_or(uid),
            outside_id(unit_.namespaces.gid_map, gid).value_or(gid)};
}

std::string Run::cgroup_path() const {
    return node_ ? node_->entrance().path().substr(machinery_.tree->mount().size()) : "";
}

Status Run::make_node(GroupNodes groups) {
    if (machinery_.tree == nullptr) {
        if (plan_->limits.empty() && !unit_.cgroup_place.delegate) return {};
        return std::unexpected(
            Error{.key = plan_->limits.empty() ? "cgroup" : plan_->limits.front().key(),
                  .object = "/sys/fs/cgroup",
                  .call = "",
                  .error = 0,
                  .hint = machinery_.why_no_tree + ", so that no limit can be set"});
    }
    // When the memory of a group is used up, one service goes as a whole, not a process of it.
    const bool is_said = std::ranges::find(plan_->limits, "memory.oom.group",
                                           &CgroupSetting::file) != plan_->limits.end();
    if (!is_said && std::ranges::any_of(groups, &GroupNode::limits_memory)) {
        plan_->limits.push_back({"memory.oom.group", "1"});
    }
    node_ = TRY(UnitNode::make(*machinery_.tree, unit_, std::move(groups), plan_->limits));
    limit_events_.emplace(limit_levels(*node_, *machinery_.tree));
    if (!unit_.cgroup_place.delegate) return {};
    auto delegated = node_->delegate(unit_.cgroup_place, owner());
    if (!delegated) (void)release();
    return delegated;
}

// Anything that happened in the node before these watches stood is read when the first process is
// reaped.
Status Run::watch_node() {
    CgroupEvents& events = machinery_.cgroup_events;
    // No exception may leave a watch that calls a run which is gone.
    node_watches_.reserve(3);
    node_watches_.push_back(
        TRY(events.watch(node_->node(), "cgroup.events", [this] { on_node_event(); })));
    // A kernel without the controller has no such file, and then nothing to tell of.
    if (limit_events_->may_kill_others_only()) {
        const auto memory =
            events.watch(node_->node(), "memory.events", [this] { on_memory_event(); });
        if (memory) node_watches_.push_back(*memory);
    }
    const auto pids =
        events.watch(node_->node(), "pids.events", [this] { limit_events_->note_refused_fork(); });
    if (pids) node_watches_.push_back(*pids);
    if (unit_.cgroup_place.memory_stall_timeout) watch_stall();
    // Below a frozen group it stands still from the outset.
    if (!node_->groups().empty()) check_frozen();
    return {};
}

// A request, a group above, or somebody by hand may have frozen or thawed it.
void Run::check_frozen() {
    if (!node_) return;
    const auto frozen = node_->node().read_field("cgroup.events", "frozen");
    if (!frozen || (*frozen != 0) == is_frozen_) return;
    is_frozen_ = *frozen != 0;
    readiness_->set_frozen(is_frozen_);
    listener_.emit(is_frozen_ ? engine::Event::frozen : engine::Event::thawed);
    end_frozen_reaper();
}

std::optional<FreezeRequest> Run::freeze_request() const {
    return node_ ? node_->freeze_request(unit_.name) : std::nullopt;
}

std::string Run::frozen_by() const {
    if (!node_ || !is_frozen_) return {};
    const auto request = freeze_request();
    return request ? request->place : "a node above";
}

// A reaper that is not frozen reports the end of the main process as well.
void Run::watch_main() {
    auto watch = machinery_.loop.on_fd(main_process().pidfd(), EPOLLIN, [this](std::uint32_t) {
        is_main_zombie_ = true;
        main_watch_.reset();
        end_frozen_reaper();
    });
    if (watch) main_watch_ = std::move(*watch);
}

// SIGKILL ends a frozen process, and a frozen reaper of its pid namespace does not reap it: nobody
// would hear of the end. The reaper always ends with the main process, so PID 1 may end it.
void Run::end_frozen_reaper() {
    if (!is_main_zombie_ || launch_.has_ended() || !freeze_request()) return;
    const auto procfs = open_procfs();
    const auto main = procfs ? read_process_state(*procfs, main_pid())
                             : Result<ProcessState>{std::unexpected(procfs.error())};
    const bool is_told = main && main->wait_status != 0;
    launch_.end_reaper(is_told ? std::optional{exit_status_of_wait(main->wait_status)}
                               : std::nullopt);
}

// A node that a group above makes stand still stays so.
void Run::thaw() {
    if (node_) (void)node_->node().freeze(false);
}

// Said once for all services: none of them can be watched then.
void Run::watch_stall() {
    auto stall =
        MemoryStall::watch(machinery_.loop, node_->node(), *unit_.cgroup_place.memory_stall_timeout,
                           [this] { on_stall(); });
    if (stall) {
        stall_ = std::move(*stall);
    } else if (!std::exchange(machinery_.told_of_pressure, true)) {
        const std::string text =
            fmt::format("{}; cgroup.memory_stall_timeout has no effect here", stall.error().text());
        machinery_.console.warning(text);
        log_.append(LogStream::standard_error, "confinit: " + text + "\n");
    }
}

void Run::on_stall() {
    is_stalled_ = true;
    kill_all();
}

void Run::forget_node() {
    stall_.reset();
    forget_stop_walk();
    for (const int watch : std::exchange(node_watches_, {}))
        machinery_.cgroup_events.forget(watch);
}

// The kernel tells at once, so that a main process that was killed is dying or dead by now.
void Run::on_memory_event() {
    if (main_pid() == 0 || launch_.has_ended()) return;
    const auto process = open_process(main_pid());
    if (process && is_alive(*process)) limit_events_->note_main_survived();
}

std::optional<std::string> Run::set_name_owner(pid_t pid) {
    return is_stopping_ ? std::nullopt : readiness_->set_name_owner(pid);
}

void Run::freeze(bool frozen, Freezer::Done done) {
    if (!node_) return done(failure("a service without a cgroup node cannot be frozen"));
    if (is_stopping_) return done(failure("the service is being stopped"));
    if (frozen || !node_->freeze_request_above()) readiness_->set_frozen(frozen);
    freezer_.begin(unit_.name, *node_, frozen, std::move(done));
}

void Run::adopt_limits(const Unit& unit, const LimitChanges& changes,
                       const std::vector<std::string>& keys) {
    adopt_settings(unit_.cgroup, unit.cgroup, changes.settings);
    adopt_keys(unit_, unit, keys);
    adopt_settings(plan_->limits, changes.after, changes.settings);
}

// A service with a subtree may have moved on within it, and no process may be in a node that
// offers controllers: only where the main process is, another one can be.
Result<std::optional<Cgroup>> Run::node_of_main() const {
    if (!node_) return std::nullopt;
    const auto failed = [](Error error) {
        error.advise("the main process is there");
        return std::unexpected(std::move(error).in("cgroup.delegate"));
    };
    std::string directory = node_->node().path();
    if (unit_.cgroup_place.delegate) {
        const auto process = open_process(main_pid());
        if (!process) return failed(process.error());
        const auto path = read_cgroup_path(*process);
        if (!path) return failed(path.error());
        directory = machinery_.tree->mount() + *path;
        // Another process that moved it there has taken it out of its limits.
        const std::string top = node_->entrance().path();
        if (!is_within(directory, top)) {
            return failed(failure(directory + " is not below " + top).error());
        }
    }
    auto node = Cgroup::open(directory);
    if (!node) return failed(node.error());
    return std::move(*node);
}

}  // namespace confinit
