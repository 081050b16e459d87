// SPDX-License-Identifier: Apache-2.0
// Face: the calls of its clients, from the message to the answer.
#include "bus/face.h"

#include "bus/object_path.h"
#include "bus/sdbus_values.h"
#include "bus/translation.h"
#include "bus/unit_patterns.h"
#include "control/fields.h"
#include "control/unit_parameter.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace confinit {
namespace {

constexpr unsigned most_calls = 512;
constexpr unsigned most_calls_of_user = 64;
constexpr unsigned most_calls_of_sender = 16;

// The broker lets 32 MiB through, which would be many times that when they are parsed.
constexpr std::size_t longest_call = std::size_t{64} << 10;
constexpr std::size_t most_patterns = 64;

// An error that nobody reads waits in the bus.
constexpr std::size_t longest_told_name = 255;

// "org.confinit.Manager.NoSuchUnit" -> "org.confinit.Error.NoSuchUnit", and a standard error where
// D-Bus has one.
std::string error_name(std::string_view varlink) {
    const auto error = control_error_names.value(varlink);
    if (error == ControlError::denied) return bus_errors::access_denied;
    if (error == ControlError::busy) return bus_errors::limits_exceeded;
    if (error == ControlError::invalid_parameter) return bus_errors::invalid_arguments;
    return "org.confinit.Error." + std::string{varlink.substr(varlink.rfind('.') + 1)};
}

Json list_row(const UnitRecord& unit) {
    return Json::array({unit.name, unit.description, unit.load_state(), unit.active, unit.sub, "",
                        unit_path(unit.name), 0, "", "/"});
}

bool is_wanted(const UnitRecord& unit, const Json& states, const Json& patterns) {
    const auto is_state = [&](const Json& state) {
        return state == unit.active || state == unit.sub || state == unit.load_state();
    };
    const auto is_name = [&](const Json& pattern) {
        return fits_pattern(pattern.get_ref<const std::string&>(), unit.name);
    };
    return (states.empty() || std::ranges::any_of(states, is_state)) &&
           (patterns.empty() || std::ranges::any_of(patterns, is_name));
}

bool leads_to_job(const MethodInfo& method) {
    return std::ranges::any_of(method.bus, [](const BusMethod& bus) {
        return std::ranges::find(bus.out, "job", &BusArgument::name) != bus.out.end();
    });
}

BusError too_many() {
    return {bus_errors::limits_exceeded, "too many calls wait for an answer; try again later"};
}

// As on the socket.
std::string reply_text(const Reply& reply) {
    Json message{{"parameters", reply.parameters}};
    if (!reply.error.empty()) message["error"] = reply.error;
    return dump(message);
}

void answer_text(const sdbus::MethodCall& call, const Reply& reply) {
    answer(call, signature_of(varlink_call.out), Json::array({reply_text(reply)}));
}

}  // namespace

unsigned Face::OpenCalls::count(const std::string& who) const {
    const auto found = of.find(who);
    return found == of.end() ? 0 : found->second;
}

Face::Seat::Seat(std::shared_ptr<OpenCalls> calls, std::string sender)
    : calls_(std::move(calls)), owners_{std::move(sender)} {
    ++calls_->of[owners_.front()];
    ++calls_->all;
}

Face::Seat::~Seat() {
    --calls_->all;
    for (const std::string& owner : owners_) {
        const auto mine = calls_->of.find(owner);
        if (--mine->second == 0) calls_->of.erase(mine);
    }
}

bool Face::Seat::take_for_user(std::string user) {
    if (calls_->count(user) >= most_calls_of_user) return false;
    ++calls_->of[user];
    owners_.push_back(std::move(user));
    return true;
}

bool Face::has_room_for(const std::string& sender) const {
    return open_calls_->count(sender) < most_calls_of_sender && open_calls_->all < most_calls;
}

void Face::on_call(const MethodInfo& method, const BusMethod& bus, sdbus::MethodCall message) {
    Json values = read_values(message, signature_of(bus.in), longest_call);
    if (bus.is_local) return answer_locally(bus, message, values);
    admit({.message = std::move(message),
           .method = &method,
           .bus = &bus,
           .parameters = varlink_parameters(bus.in, values)});
}

// Strict: a call that rules, and nothing that only confinit-bus itself may say.
void Face::on_varlink_call(const sdbus::MethodCall& call) {
    auto message = call;
    const Json values = read_values(message, signature_of(varlink_call.in), longest_call);
    const auto& text = values[0].get_ref<const std::string&>();
    auto asked = parse_call(text);
    if (!asked) return answer_error(call, {bus_errors::invalid_arguments, asked.error().text()});
    const auto row = std::ranges::find(method_table, asked->method, &MethodInfo::name);
    const bool is_known = row != method_table.end() && row->for_deputy;
    if (!is_known || row->callers != Callers::operators) {
        return answer_error(call, {bus_errors::not_supported,
                                   "it is for methods that change something and that a deputy may "
                                   "call; others are for the sockets"});
    }
    if (asked->more || asked->oneway || asked->upgrade || asked->on_behalf_of) {
        return answer_error(call, {bus_errors::invalid_arguments,
                                   "a call over the bus has one reply, and is its sender's own"});
    }
    const bool waits = bool_or(asked->parameters, "wait", true);
    admit({.message = call,
           .method = &*row,
           .bus = &varlink_call,
           .parameters = std::move(asked->parameters),
           .is_varlink = true,
           .waits = waits});
}

void Face::admit(PendingCall asked) {
    asked.sender = asked.message.getSender();
    if (!has_room_for(asked.sender)) return answer_error(asked.message, too_many());
    asked.seat = std::make_unique<Seat>(open_calls_, asked.sender);
    asked.unit = unit_parameter(asked.parameters);
    // The supervisor acts on the very name that polkit has judged.
    if (!asked.unit.empty()) asked.parameters["unit"] = asked.unit;
    asked.may_interact = allows_interaction(asked.message);
    // One of another type is for the supervisor to refuse.
    const Json* wait = find_field(asked.parameters, "wait");
    if (leads_to_job(*asked.method) && (wait == nullptr || wait->is_boolean())) {
        asked.parameters["wait"] = false;
    }
    const auto call = std::make_shared<PendingCall>(std::move(asked));
    authorization_.identify(
        call->sender,
        [this, call](const std::expected<Principal, BusError>& who) { on_identified(call, who); });
}

void Face::answer_locally(const BusMethod& method, const sdbus::MethodCall& message,
                          const Json& values) {
    if (method.name == "GetUnit") {
        const std::string unit = values[0].get<std::string>();
        if (!list_.units().contains(unit)) {
            const std::string name = unit.size() <= longest_told_name ? "'" + unit + "'" : "of it";
            return answer_error(message, {"org.confinit.Error.NoSuchUnit",
                                          fmt::format("no unit {} is in the list", name)});
        }
        return answer(message, "o", Json::array({unit_path(unit)}));
    }
    const Json states = values.empty() ? Json::array() : values[0];
    const Json patterns = values.empty() ? Json::array() : values[1];
    if (states.size() > most_patterns || patterns.size() > most_patterns) {
        return answer_error(message,
                            {bus_errors::limits_exceeded,
                             fmt::format("at most {} states and patterns", most_patterns)});
    }
    Json rows = Json::array();
    for (const auto& [name, unit] : list_.units()) {
        if (is_wanted(unit, states, patterns)) rows.push_back(list_row(unit));
    }
    const std::string signature = signature_of(method.out);
    Json all = Json::array();
    all.push_back(std::move(rows));
    answer(message, signature, all);
}

void Face::on_identified(const Pending& call, const std::expected<Principal, BusError>& who) {
    if (!who) return answer_error(call->message, who.error());
    if (!call->seat->take_for_user(fmt::format("uid {}", who->uid))) {
        return answer_error(call->message, too_many());
    }
    // The supervisor refuses root by itself, with the reason; polkit would say yes to it.
    const bool asks_polkit = call->method->callers == Callers::operators && who->uid != 0;
    if (!asks_polkit) return pass_on(call, *who);
    authorization_.ask(*who, call->method->action, call->unit, call->may_interact,
                       [this, call, principal = *who](std::expected<void, BusError> allowed) {
                           on_authorized(call, principal, allowed);
                       });
}

void Face::on_authorized(const Pending& call, Principal principal,
                         const std::expected<void, BusError>& allowed) {
    if (!allowed) return answer_error(call->message, allowed.error());
    principal.authorized = action_names.name(call->method->action);
    pass_on(call, std::move(principal));
}

void Face::pass_on(const Pending& call, Principal principal) {
    Call asked{.method = std::string{call->method->name},
               .parameters = call->parameters,
               .on_behalf_of = std::move(principal)};
    const bool is_taken =
        calls_.make(call->sender, std::move(asked),
                    [this, call](const Result<Reply>& reply) { on_reply(call, reply); });
    if (!is_taken) {
        answer_error(call->message, {bus_errors::limits_exceeded,
                                     "the call is too long, or too many wait for the supervisor"});
    }
}

void Face::on_reply(const Pending& call, const Result<Reply>& reply) {
    if (!reply) {
        return answer_error(call->message,
                            {"org.confinit.Error.NotReachable",
                             "the supervisor gives no answer: " + reply.error().text()});
    }
    const Json* job = find_field(reply->parameters, "job");
    const bool has_job = reply->error.empty() && job != nullptr && job->is_number_integer();
    if (has_job) begin_job(*job, call->unit);
    if (has_job && call->waits) {
        const Json* notes = find_array(reply->parameters, "notes");
        return answer_at_end(*job, {call, notes == nullptr ? Json::array() : *notes});
    }
    if (call->is_varlink) return answer_text(call->message, *reply);
    if (!reply->error.empty()) {
        return answer_error(call->message, {error_name(reply->error),
                                            string_or(reply->parameters, "message", reply->error)});
    }
    answer(call->message, signature_of(call->bus->out),
           bus_values(call->bus->out, reply->parameters));
}

void Face::answer_at_end(std::uint64_t job, WaitingCall waiting) {
    const auto over = std::ranges::find(last_over_, job, &JobOver::job);
    if (over != last_over_.end()) return answer_job_over(*waiting.call, waiting.notes, *over);
    waiting_for_job_.emplace(job, std::move(waiting));
}

// The reply that the supervisor gives to one who waits.
void Face::answer_job_over(const PendingCall& call, const Json& notes, const JobOver& over) {
    if (over.result == "done") return answer_text(call.message, {.parameters = {{"notes", notes}}});
    const std::string& why = over.reason.empty() ? over.result : over.reason;
    answer_text(call.message,
                {.parameters = {{"message", fmt::format("{}: {}", over.unit, why)},
                                {"unit", over.unit},
                                {"result", over.result},
                                {"notes", notes}},
                 .error = std::string{control_error_names.name(ControlError::job_failed)}});
}

}  // namespace confinit
