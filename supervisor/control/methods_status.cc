// SPDX-License-Identifier: Apache-2.0
// Control methods that look at one unit: status, cat, show, logs, verify.
#include "base/text.h"
#include "control/fields.h"
#include "supervisor/control/disclosure.h"
#include "supervisor/control/log_lines.h"
#include "supervisor/control/methods.h"
#include "supervisor/control/unit_summary.h"
#include "supervisor/jobs/absent_units.h"
#include "unit/origins.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace confinit {
namespace {

constexpr std::size_t lines_in_status = 10;

using Texts = std::vector<std::string>;

// Those whose node is, or would be, below this group's.
Json members_of(const Manager& manager, const std::string& group) {
    Json members = Json::array();
    for (const auto& [name, service] : manager.units().all()) {
        if (group_of(*service) == group) members.push_back(name);
    }
    return members;
}

// Limits that the unit does not set itself, and how often it met any.
void add_limits(Json& status, const Manager& manager, const Service& service) {
    const UnitNode* node = unit_node_of(service);
    const CgroupTree* tree = manager.machinery().tree;
    if (node != nullptr && tree != nullptr) {
        status["limits_above"] = limits_from_above(limit_levels(*node, *tree));
    }
    if (service.run && service.run->limit_events() != nullptr) {
        status["limits_met"] = service.run->limit_events()->texts();
    }
}

void add_node_facts(Json& status, const Cgroup& node) {
    status["cgroup"] = node.path();
    if (const auto processes = node.read("pids.current")) add_number(status, "tasks", processes);
    if (const auto limit = node.read("memory.max")) status["memory_max"] = *limit;
    if (const auto limit = node.read("pids.max")) status["pids_max"] = *limit;
    add_number(status, "memory_peak", node.read("memory.peak"));
    if (const auto used = node.read_field("cpu.stat", "usage_usec")) status["cpu_usec"] = *used;
    if (const auto refused = node.read_field("pids.events", "max")) {
        status["pids_refused"] = *refused;
    }
    if (const auto frozen = node.read_field("cgroup.events", "frozen")) {
        status["frozen"] = *frozen != 0;
    }
}

// The request that keeps its processes frozen, and the command that ends it.
void add_freezer(Json& status, const Service& service) {
    std::optional<FreezeRequest> request;
    if (service.run) request = service.run->freeze_request();
    if (service.group) request = service.group->freeze_request();
    status["frozen_by"] = request ? request->place : "";
    if (request) status["thaw"] = request->way_out();
    if (!request && service.run) status["frozen_by"] = service.run->frozen_by();
}

void add_last_end(Json& status, const RunEnd& end) {
    status["last_exit"] = end.text;
    status["pids_refused"] = end.forks_refused;
    status["limits_met"] = end.limits_met;
    if (!end.setup_failure) return;
    const Error& failure = *end.setup_failure;
    status["setup_failure"] = {
        {"key", failure.key},
        {"object", failure.object},
        {"call", failure.call},
        {"errno", failure.error == 0 ? "" : std::string{errno_name(failure.error)}},
        {"hint", failure.hint},
    };
}

// The service's own words about itself.
void add_self_report(Json& status, const Run& run) {
    const SelfReport& report = run.self_report();
    status["status_text"] = report.status;
    status["self_state"] = report.state;
    status["self_errno"] = report.error == 0 ? "" : std::string{errno_name(report.error)};
}

std::vector<std::string> not_heard_of(const Service& service) {
    if (service.run) return service.run->not_heard();
    return service.last_end ? service.last_end->not_heard : std::vector<std::string>{};
}

// They are about the unit as it is written, files that lie beside it in vain, and what its launch
// has found on this machine.
std::vector<std::string> warnings_of(const Manager& manager, const Service& service) {
    std::vector<std::string> warnings = service.unit.warnings;
    std::ranges::copy(service.disk.not_read.value_or(Texts{}), std::back_inserter(warnings));
    std::ranges::move(absent_dependencies(manager, service.unit), std::back_inserter(warnings));
    if (!service.run) return warnings;
    const std::vector<std::string>& found = service.run->plan().warnings;
    warnings.insert(warnings.end(), found.begin(), found.end());
    return warnings;
}

// Whether the unit itself says so.
std::string_view source_of(const Unit& unit, std::string_view key) {
    return unit.declared.contains(key) ? "unit" : "default";
}

// When the present state times out, whose timeout that is, and what happens then.
void add_deadline(Json& status, const engine::UnitState& state, const Unit& unit) {
    if (!state.deadline) return;
    const std::int64_t time = boot_time_microseconds(*state.deadline);
    if (state.sub == engine::SubState::auto_restart) status["next_try_us"] = time;
    const bool is_start = state.sub == engine::SubState::start;
    if (!is_start && state.sub != engine::SubState::stop_sigterm) return;
    status["deadline_us"] = time;
    status["deadline_source"] =
        state.is_cut_short
            ? "end of everything"
            : source_of(unit, is_start ? "service.start_timeout" : "service.stop_timeout");
}

// The processes that are left of a unit that is to end.
void add_leftovers(Json& status, const engine::UnitState& state, const Service& service) {
    const bool is_stuck = state.sub == engine::SubState::stuck;
    if (!is_stuck && state.active != engine::ActiveState::deactivating) return;
    Json processes = Json::array();
    for (const Leftover& one : leftovers_of(service)) {
        processes.push_back({{"pid", one.pid},
                             {"name", escape_control_characters(one.process.name)},
                             {"state", std::string{one.process.state}},
                             {"waits_in", one.waits_in},
                             {"text", sleep_text(one.pid, one.process, one.waits_in)}});
    }
    status["leftovers"] = std::move(processes);
}

Json full_status(Manager& manager, Service& service) {
    const engine::UnitState state = manager.state(service.unit.name);
    const DiskLook& look = manager.units().look_at_disk(service);
    Json status = unit_summary(manager, service, look.state);
    status["files"] = service.unit.files;
    status["operator"] = service.unit.service && service.unit.service->is_operator;
    status["disk_changes"] = look.keys;
    status["cgroup"] = "";
    status["attempt"] = state.restarts;
    add_deadline(status, state, service.unit);
    add_leftovers(status, state, service);
    status["last_exit"] = "";
    status["pids_refused"] = 0;
    status["warnings"] = warnings_of(manager, service);
    status["overridden"] = overridden_values(service.unit);
    status["notify_not_heard"] = not_heard_of(service);
    if (service.run) add_self_report(status, *service.run);
    status["log"] = last_lines(service.log, lines_in_status);
    status["limits_above"] = Json::array();
    status["limits_met"] = Json::array();
    if (is_group(service.unit)) status["members"] = members_of(manager, service.unit.name);
    if (service.last_end) add_last_end(status, *service.last_end);
    if (const Cgroup* node = node_of(service)) add_node_facts(status, *node);
    add_freezer(status, service);
    add_limits(status, manager, service);
    return status;
}

constexpr std::string_view log_is_hidden =
    "log lines are for user 0 and the group of --log-group or confinit.log_group";

void status(ControlContext& context, const Call& call, Responder responder) {
    const auto service = looked_at_unit(context, call, responder);
    if (service == nullptr) return;
    Json status = full_status(context.manager, *service);
    Disclosure{context, responder}.limit(status, *service);
    if (!context.visibility.shows_log_to(responder.caller())) {
        status["log"] = Json::array();
        status["log_hidden"] = log_is_hidden;
    }
    responder.reply({{"status", status}});
}

void cat(ControlContext& context, const Call& call, Responder responder) {
    const auto service = looked_at_unit(context, call, responder);
    if (service == nullptr) return;
    responder.reply({{"files", service->unit.files}});
}

void show(ControlContext& context, const Call& call, Responder responder) {
    const auto service = looked_at_unit(context, call, responder);
    if (service == nullptr) return;
    Json properties = Json::object();
    Disclosure disclosure{context, responder};
    const auto& hidden = disclosure.hidden(*service);
    if (!hidden) properties = Json(service->unit.declared);
    Json facts = full_status(context.manager, *service);
    disclosure.limit(facts, *service);
    for (const char* fact : {"active", "sub", "pid", "cgroup", "last_exit", "attempt"}) {
        const Json& value = facts[fact];
        properties[fmt::format("run.{}", fact)] =
            value.is_string() ? value.get_ref<const std::string&>() : dump(value);
    }
    Json reply = {{"properties", properties}, {"origins", Json::object()}};
    if (hidden) reply["hidden"] = *hidden;
    if (!hidden) reply["origins"] = Json(origins_in_drop_ins(service->unit));
    responder.reply(reply);
}

void logs(ControlContext& context, const Call& call, Responder responder) {
    const auto service = looked_at_unit(context, call, responder);
    if (service == nullptr) return;
    if (!context.visibility.shows_log_to(responder.caller())) {
        return responder.error(ControlError::denied, log_is_hidden);
    }
    const auto wanted =
        std::clamp<std::int64_t>(integer_or(call.parameters, "lines", 1000), 0, 1'000'000);
    const Json lines = last_lines(service->log, static_cast<std::size_t>(wanted));
    const Json reply = {{"lines", lines}, {"dropped", service->log.dropped()}};
    if (!call.more) return responder.reply(reply);
    const bool follows = context.server.follow(
        responder,
        [&manager = context.manager, unit = service->unit.name,
         next = service->log.next_number()]() mutable -> std::optional<Json> {
            const auto found = manager.units().all().find(unit);
            if (found == manager.units().all().end()) return std::nullopt;
            const LogRing& log = found->second->log;
            // A unit that was forgotten and is back has a log of its own.
            if (log.next_number() < next) next = 1;
            if (log.next_number() == next) return std::nullopt;
            const Json newer = lines_from(log, std::exchange(next, log.next_number()));
            return Json{{"lines", newer}};
        });
    if (follows) responder.reply_more(reply);
}

Result<Json> verify_reply(const Service& service, Disclosure& disclosure) {
    Json items = Json::array();
    bool all_same = true;
    for (const VerifyItem& item : TRY(verify_service(service))) {
        items.push_back({{"key", item.key},
                         {"declared", item.declared},
                         {"in_force", item.in_force},
                         {"result", verify_result_names.name(item.result)},
                         {"same", !item.differs()},
                         {"seen", item.result != VerifyResult::unseen}});
        all_same = all_same && !item.differs();
    }
    for (const SkippedKey& skipped : service.skipped) {
        items.push_back({{"key", skipped.key},
                         {"declared", "optional"},
                         {"in_force", "left out: " + skipped.reason},
                         {"result", verify_result_names.name(VerifyResult::left_out)},
                         {"same", true},
                         {"seen", true}});
    }
    for (Json& item : items)
        disclosure.limit_item(item, service);
    Json reply{{"unit", service.unit.name},
               {"same", all_same},
               {"items", items},
               {"outdated", outdated_keys(service)}};
    if (const auto& hidden = disclosure.hidden(service)) reply["hidden"] = *hidden;
    return reply;
}

// It takes as long as the service has mounts.
void verify_unit(ControlContext& context, const Call& call, Responder responder) {
    const auto service = looked_at_unit(context, call, responder);
    if (service == nullptr) return;
    if (!service->group && running(*service, responder) == nullptr) return;
    const UnitLook look{context.manager, service};
    answer_by_worker(
        context, responder, fmt::format("verify of '{}'", service->unit.name),
        [look, disclosure = Disclosure{context, responder}]() mutable -> Result<Json> {
            return verify_reply(*TRY(look.service()), disclosure);
        },
        [look] {
            const auto found = look.service();
            return found ? verify_descriptors(**found) : std::vector<int>{};
        });
}

constexpr std::array status_rows{
    MethodRow{Method::status, status, Reads::unit},
    MethodRow{Method::cat, cat, Reads::new_unit},
    MethodRow{Method::show, show, Reads::unit},
    MethodRow{Method::logs, logs, Reads::new_unit},
    MethodRow{Method::verify, verify_unit, Reads::new_unit},
};

}  // namespace

std::span<const MethodRow> status_methods() {
    return status_rows;
}

}  // namespace confinit
