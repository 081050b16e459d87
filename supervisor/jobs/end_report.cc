// SPDX-License-Identifier: Apache-2.0
// EndReport: why everything ends, and the exit status that tells it outside.
#include "supervisor/jobs/end_report.h"

#include "base/name_table.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <vector>

namespace confinit {
namespace {

// The codes that shells and container runtimes give, and timeout(1).
constexpr int code_of_timeout = 124;
constexpr int code_of_failed_launch = 125;
constexpr int code_of_no_program = 126;
constexpr int code_of_absent_program = 127;
constexpr int code_of_signal = 128;

constexpr auto reason_names = make_name_table<EndReason>({
    {EndReason::requested, "requested"},
    {EndReason::exited, "exited"},
    {EndReason::crash, "crash"},
    {EndReason::start_limit, "start-limit"},
});

int code_of(const Error& failure) {
    if (!failure.key.starts_with("service.command")) return code_of_failed_launch;
    return failure.error == ENOENT ? code_of_absent_program : code_of_no_program;
}

int code_of(ExitStatus status) {
    return status.code == CLD_EXITED ? status.status : code_of_signal + status.status;
}

// One that never ran has failed for another unit, or could not be planned.
void describe(const Service& service, EndReport& report) {
    if (!service.last_end) {
        report.code = EXIT_FAILURE;
        return;
    }
    const RunEnd& end = *service.last_end;
    report.is_oom_kill = end.is_oom_kill;
    if (!end.status) {
        report.code = end.setup_failure ? code_of(*end.setup_failure) : code_of_failed_launch;
        return;
    }
    report.code = code_of(*end.status);
    if (end.status->code != CLD_EXITED) report.signal = end.status->status;
}

EndReport report_of(const Manager& manager, const Service& service, EndReason reason) {
    EndReport report{.reason = reason, .unit = service.unit.name};
    describe(service, report);
    const engine::UnitState state = manager.state(service.unit.name);
    if (state.has_timed_out) report.code = code_of_timeout;
    return report;
}

// Its stop signal ends a service as it was asked to. Of the one command that the supervisor stands
// for the code is passed on as it is.
bool has_ended_in_order(const Service& service) {
    const ExitStatus status = *service.last_end->status;
    const ServiceConfig& config = *service.unit.service;
    const bool is_by_stop_signal = status.code != CLD_EXITED && status.status == config.stop_signal;
    return status.is_clean() || (is_by_stop_signal && config.own_streams == OwnStreams::none);
}

// The unit that has failed first; those that have failed for another one have no run of their own.
const Service* find_first_failed(const Manager& manager, const std::vector<std::string>& units) {
    const Service* first = nullptr;
    std::optional<engine::Time> since;
    for (const std::string& name : units) {
        const Service* service = manager.units().loaded(name);
        const engine::UnitState state = manager.state(name);
        if (service == nullptr || !service->last_end) continue;
        if (state.sub != engine::SubState::failed || (since && *since <= state.since)) continue;
        first = service;
        since = state.since;
    }
    return first;
}

std::string signal_name(int signal) {
    const char* name = signal == 0 ? nullptr : sigabbrev_np(signal);
    return name == nullptr ? "-" : name;
}

}  // namespace

EndReport report_of_end(const Manager& manager, const std::string& unit) {
    const Service* service = manager.units().loaded(unit);
    if (service == nullptr) return {.reason = EndReason::crash, .unit = unit, .code = EXIT_FAILURE};
    const engine::UnitState state = manager.state(unit);
    if (state.sub != engine::SubState::failed)
        return report_of(manager, *service, EndReason::exited);
    const bool is_own = service->last_end.has_value();
    const Service* cause =
        is_own ? service : find_first_failed(manager, manager.started_with(unit));
    if (cause == nullptr) cause = service;
    const unsigned limit = cause->unit.service ? cause->unit.service->restart_limit : 0;
    const bool is_at_limit = is_own && limit != 0 && state.restarts >= limit;
    return report_of(manager, *cause, is_at_limit ? EndReason::start_limit : EndReason::crash);
}

EndReport report_of_request(const Manager& manager) {
    const std::string& boot_unit = manager.machinery().boot_unit;
    const Service* failed = find_first_failed(manager, manager.started_with(boot_unit));
    return failed == nullptr ? EndReport{} : report_of(manager, *failed, EndReason::requested);
}

void add_essential_ends(const Manager& manager, EndReport& report) {
    if (report.code != 0) return;
    for (const auto& [name, service] : manager.units().all()) {
        if (!manager.units().is_essential(service->unit)) continue;
        if (!service->last_end || !service->last_end->status) continue;
        if (has_ended_in_order(*service)) continue;
        report = report_of(manager, *service, report.reason);
        return;
    }
}

std::string exit_line(const EndReport& report) {
    return fmt::format("CONFINIT-EXIT v=1 unit={} code={} signal={} oom={} reason={}",
                       report.unit.empty() ? "-" : report.unit, report.code,
                       signal_name(report.signal), report.is_oom_kill ? 1 : 0,
                       reason_names.name(report.reason));
}

}  // namespace confinit
