// SPDX-License-Identifier: Apache-2.0
// The engine's words: the names of states and results, and what a sub state means to others.
#include "engine/types.h"

#include "base/name_table.h"

namespace confinit::engine {
namespace {

constexpr auto sub_state_names = make_name_table<SubState>({
    {SubState::dead, "dead"},
    {SubState::waiting, "waiting"},
    {SubState::start, "start"},
    {SubState::running, "running"},
    {SubState::exited, "exited"},
    {SubState::stop_sigterm, "stop-sigterm"},
    {SubState::stop_sigkill, "stop-sigkill"},
    {SubState::release, "release"},
    {SubState::stuck, "stuck"},
    {SubState::auto_restart, "auto-restart"},
    {SubState::failed, "failed"},
});

constexpr auto active_state_names = make_name_table<ActiveState>({
    {ActiveState::inactive, "inactive"},
    {ActiveState::activating, "activating"},
    {ActiveState::active, "active"},
    {ActiveState::deactivating, "deactivating"},
    {ActiveState::failed, "failed"},
});

constexpr auto job_result_names = make_name_table<JobResult>({
    {JobResult::done, "done"},
    {JobResult::failed, "failed"},
    {JobResult::dependency_failed, "dependency-failed"},
    {JobResult::canceled, "canceled"},
    {JobResult::timed_out, "timed-out"},
    {JobResult::not_found, "not-found"},
});

}  // namespace

ActiveState active_state(SubState state) {
    switch (state) {
    case SubState::dead:
        return ActiveState::inactive;
    case SubState::waiting:
    case SubState::start:
    case SubState::auto_restart:
        return ActiveState::activating;
    case SubState::running:
    case SubState::exited:
        return ActiveState::active;
    case SubState::stop_sigterm:
    case SubState::stop_sigkill:
    case SubState::release:
        return ActiveState::deactivating;
    case SubState::stuck:
    case SubState::failed:
        return ActiveState::failed;
    }
    return ActiveState::inactive;
}

std::string_view name(SubState state) {
    return sub_state_names.name(state);
}

std::string_view name(ActiveState state) {
    return active_state_names.name(state);
}

std::string_view name(JobResult result) {
    return job_result_names.name(result);
}

}  // namespace confinit::engine
