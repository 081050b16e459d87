// SPDX-License-Identifier: Apache-2.0
// The child: one table of steps between clone3(2) and execve(2), and what it tells the parent.
#include "launch/child/record.h"
#include "launch/child/steps.h"

#include <array>
#include <fcntl.h>

namespace confinit {

namespace {

// The hot mark, with a pidfd of this process: the parent then names it without trusting a number
// that may be used again. Our reaper makes none: the main process speaks for the launch.
bool announce_execution(ChildContext& child) {
    if (child.is_reaper) return true;
    return send_record(child, child.plan.report_socket, {.kind = LaunchReport::Kind::executing},
                       child.process);
}

bool execute(ChildContext& child) {
    const ChildPlan& plan = child.plan;
    if (child.program >= 0) {
        (void)child.call(SYS_execveat, child.program, "", plan.argv, plan.envp, AT_EMPTY_PATH);
    } else {
        (void)child.call(SYS_execve, plan.executable, plan.argv, plan.envp);
    }
    return false;
}

struct Step {
    LaunchStage stage;
    bool (*apply)(ChildContext&);
};

// The order of confinement, in full.
constexpr std::array<Step, launch_stage_count> steps{{
    {LaunchStage::separation, separate},
    {LaunchStage::witnesses, look_at_witnesses},
    {LaunchStage::id_maps, wait_for_parent},
    {LaunchStage::preparation, wait_for_preparer},
    {LaunchStage::scheduling, set_scheduling},
    {LaunchStage::terminal, open_terminal},
    {LaunchStage::streams, place_streams},
    {LaunchStage::time_namespace, make_time_namespace},
    {LaunchStage::proc_files, end_ownership},
    {LaunchStage::join_namespaces, join_namespaces},
    {LaunchStage::pid_namespace, fork_into_pid_namespace},
    {LaunchStage::cgroup_namespace, make_cgroup_namespace},
    {LaunchStage::mounts, set_up_mounts},
    {LaunchStage::hostname, set_hostname},
    {LaunchStage::network, bring_up_loopback},
    {LaunchStage::reaper, fork_below_reaper},
    {LaunchStage::session, begin_session},
    {LaunchStage::keyring, make_keyring},
    {LaunchStage::rlimits, set_rlimits},
    {LaunchStage::join_user, join_user_namespace},
    {LaunchStage::bounding, limit_capabilities},
    {LaunchStage::groups, change_groups},
    {LaunchStage::user, change_user},
    {LaunchStage::ambient, set_final_capabilities},
    {LaunchStage::working_directory, enter_working_directory},
    {LaunchStage::umask, set_umask},
    {LaunchStage::descriptors, close_descriptors},
    {LaunchStage::no_new_privs, forbid_new_privileges},
    {LaunchStage::reaper_ready, wait_for_reaper},
    {LaunchStage::announce, announce_execution},
    {LaunchStage::seccomp, load_filter},
    {LaunchStage::exec, execute},
}};

consteval bool is_in_order() {
    for (std::size_t index = 0; index < steps.size(); ++index) {
        if (static_cast<std::size_t>(steps[index].stage) != index) return false;
    }
    return true;
}
static_assert(is_in_order(), "every stage has its row, in the order of LaunchStage");

// The last words stand before anything is sent: the filter may kill whoever sends.
void report_failure(ChildContext& child, LaunchStage stage) {
    const LaunchReport report{
        .kind = LaunchReport::Kind::failed,
        .stage = stage,
        .item = child.item,
        .object = child.object,
        .error = child.error,
        .syscall = child.failed_call,
        .found = {child.found[0], child.found[1], child.found[2]},
    };
    LastWords* last_words = child.plan.last_words;
    if (last_words != nullptr) {
        last_words->report = report;
        __atomic_store_n(&last_words->spoken, 1U, __ATOMIC_RELEASE);
    }
    const bool delivered = send_record(child, child.plan.report_socket, report, -1);
    if (delivered && last_words != nullptr) {
        __atomic_store_n(&last_words->spoken, 0U, __ATOMIC_RELEASE);
    }
}

}  // namespace

void run_child(const ChildPlan& plan) noexcept {
    ChildContext child{.plan = plan};
    for (const Step& step : steps) {
        child.item = -1;
        child.object = LaunchReport::Object::target;
        if (step.apply(child)) continue;
        report_failure(child, step.stage);
        break;
    }
    (void)syscall(SYS_exit_group, exit_setup_failed);
    // The filter may answer even that with an errno. An illegal instruction it cannot refuse.
    __builtin_trap();
}

}  // namespace confinit
