// SPDX-License-Identifier: Apache-2.0
// Face: the objects of confinit on one connection to the bus: org.confinit, as long as it stands.
#include "bus/face.h"

#include "bus/object_path.h"
#include "bus/sdbus_values.h"
#include "bus/translation.h"
#include "control/fields.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>
#include <vector>

namespace confinit {
namespace {

std::vector<std::string> names_of(std::span<const BusArgument> arguments) {
    std::vector<std::string> names;
    for (const BusArgument& argument : arguments)
        names.emplace_back(argument.name);
    return names;
}

sdbus::Flags flags_of(const PropertyRow& row) {
    sdbus::Flags flags;
    if (row.source == Source::fixed) {
        flags.set(sdbus::Flags::CONST_PROPERTY_VALUE);
    } else if (row.is_signalled()) {
        flags.set(sdbus::Flags::EMITS_CHANGE_SIGNAL);
    } else {
        flags.set(sdbus::Flags::EMITS_NO_SIGNAL);
    }
    return flags;
}

const Json no_facts;

constexpr std::size_t most_over = 256;

// systemd's names of the results that have another one here.
constexpr std::pair<std::string_view, std::string_view> other_results[]{
    {"dependency-failed", "dependency"}, {"timed-out", "timeout"}};

std::string_view bus_result(std::string_view result) {
    for (const auto& [ours, systemds] : other_results) {
        if (result == ours) return systemds;
    }
    return result;
}

}  // namespace

Face::Face(std::unique_ptr<BusConnection> bus, const UnitList& list, SupervisorCalls& calls,
           std::string socket)
    : bus_(std::move(bus)),
      list_(list),
      calls_(calls),
      facts_(std::move(socket)),
      authorization_(*bus_),
      owners_(*bus_, authorization_, calls_) {}

Face::~Face() {
    calls_.forget_clients();
}

Result<std::unique_ptr<Face>> Face::show(std::unique_ptr<BusConnection> bus, const UnitList& list,
                                         SupervisorCalls& calls, std::string socket,
                                         std::function<void()> progress) {
    std::unique_ptr<Face> face{new Face{std::move(bus), list, calls, std::move(socket)}};
    face->progress_ = std::move(progress);
    try {
        face->bus_->connection().addObjectManager(std::string{root_path}, sdbus::floating_slot);
        face->register_manager();
        for (const auto& [name, unit] : list.units()) {
            face->show_unit(unit);
            face->progress_();
        }
    } catch (const sdbus::Error& error) {
        return failure("the objects are refused: " + error.getMessage());
    }
    TRY(face->bus_->watch_vanishing_names([self = face.get()](const std::string& name) {
        self->calls_.forget(name);
        self->authorization_.forget(name);
        std::erase_if(self->waiting_for_job_,
                      [&](const auto& entry) { return entry.second.call->sender == name; });
    }));
    TRY(face->bus_->own(std::string{bus_name}));
    return face;
}

Result<bool> Face::process() {
    return bus_->process([this] { facts_.begin_message(); },
                         [this] {
                             facts_.end_message();
                             progress_();
                         });
}

void Face::register_method(const BusMethod& method,
                           std::function<void(sdbus::MethodCall)> handler) {
    manager_->registerMethod(manager_interface, std::string{method.name}, signature_of(method.in),
                             names_of(method.in), signature_of(method.out), names_of(method.out),
                             [handler = std::move(handler)](sdbus::MethodCall message) {
                                 guarded([&] { handler(std::move(message)); });
                             });
}

void Face::register_manager() {
    manager_ = bus_->make_object(std::string{manager_path});
    for (const MethodInfo& method : method_table) {
        for (const BusMethod& bus : method.bus) {
            register_method(bus, [this, &method, &bus](sdbus::MethodCall message) {
                on_call(method, bus, std::move(message));
            });
        }
    }
    register_method(varlink_call, [this](sdbus::MethodCall message) { on_varlink_call(message); });
    for (const SignalRow& signal : manager_signals()) {
        manager_->registerSignal(manager_interface, signal.name, signature_of(signal.arguments),
                                 names_of(signal.arguments));
    }
    sdbus::Flags constant;
    constant.set(sdbus::Flags::CONST_PROPERTY_VALUE);
    manager_->registerProperty(
        manager_interface, "Version", "s",
        [](sdbus::PropertyGetReply& reply) { reply << std::string{CONFINIT_VERSION}; }, constant);
    manager_->finishRegistration();
}

// Two pointers fit into a std::function, so that a getter takes no memory of its own.
void Face::register_properties(UnitObject& object, const InterfaceTable& table) {
    for (const PropertyRow& row : table.properties) {
        object.object->registerProperty(
            table.name, row.name, row.signature,
            [shown = &object, &row](sdbus::PropertyGetReply& reply) {
                guarded([&] {
                    const std::string sender = current_sender(reply);
                    append_value(reply, row.signature,
                                 shown->face->value_of(row, shown->unit, sender));
                });
            },
            flags_of(row));
    }
}

const Json& Face::facts_for(Source source, const std::string& unit, const std::string& sender) {
    switch (source) {
    case Source::fixed:
    case Source::list:
        break;
    case Source::status:
        return answer_about(unit, Method::status, sender);
    case Source::verify:
        return answer_about(unit, Method::verify, sender);
    case Source::declared: {
        const Json& verified = answer_about(unit, Method::verify, sender);
        return verified.is_null() ? answer_about(unit, Method::show, sender) : verified;
    }
    }
    return no_facts;
}

// Everybody else waits for the answer too, so that a user may ask for so much only.
const Json& Face::answer_about(const std::string& unit, Method method, const std::string& sender) {
    const std::string asker = sender.empty() ? "" : authorization_.user_of(sender);
    const Json* answer = facts_.of(unit, method, asker);
    if (answer != nullptr) return *answer;
    throw sdbus::Error(bus_errors::limits_exceeded,
                       "too many questions at a time; try again later");
}

Json Face::value_of(const PropertyRow& row, const std::string& unit, const std::string& sender) {
    static const UnitRecord none;
    const auto record = list_.units().find(unit);
    const UnitRecord& known = record == list_.units().end() ? none : record->second;
    const Json value = row.value(known, facts_for(row.source, unit, sender));
    return shaped(row.signature, &value);
}

// Its getters refer to the entry of the map, which stays where it is.
void Face::show_unit(const UnitRecord& unit) {
    if (units_.contains(unit.name)) return;
    auto object = bus_->make_object(unit_path(unit.name));
    UnitObject& shown = units_[unit.name];
    shown = {this, unit.name, std::move(object)};
    for (const InterfaceTable* table : interfaces_of(unit.kind))
        register_properties(shown, *table);
    shown.object->finishRegistration();
    if (!unit.bus_name.empty()) owners_.follow(unit.bus_name);
}

void Face::emit(const char* name, const Json& values) {
    const auto row = std::ranges::find(manager_signals(), std::string_view{name}, &SignalRow::name);
    try {
        auto signal = manager_->createSignal(manager_interface, name);
        append_values(signal, signature_of(row->arguments), values);
        manager_->emitSignal(signal);
    } catch (const sdbus::Error&) {
        // The connection is gone, which its next use tells.
        return;
    }
}

void Face::add_unit(const UnitRecord& unit) {
    try {
        show_unit(unit);
        units_.find(unit.name)->second.object->emitInterfacesAddedSignal();
    } catch (const sdbus::Error&) {
        return;
    }
    emit("UnitNew", Json::array({unit.name, unit_path(unit.name)}));
}

void Face::remove_unit(const UnitRecord& unit) {
    const auto object = units_.find(unit.name);
    if (object == units_.end()) return;
    try {
        object->second.object->emitInterfacesRemovedSignal();
    } catch (const sdbus::Error&) {
        // It goes all the same.
    }
    units_.erase(object);
    if (!unit.bus_name.empty()) owners_.leave(unit.bus_name);
    emit("UnitRemoved", Json::array({unit.name, unit_path(unit.name)}));
}

void Face::change_unit(const UnitRecord& before, const UnitRecord& now) {
    if (before.kind != now.kind) {
        remove_unit(before);
        return add_unit(now);
    }
    const auto object = units_.find(now.name);
    if (object == units_.end()) return;
    if (before.bus_name != now.bus_name) {
        if (!before.bus_name.empty()) owners_.leave(before.bus_name);
        if (!now.bus_name.empty()) owners_.follow(now.bus_name);
    } else if (!now.bus_name.empty() && before.pid != now.pid) {
        // A new run has not heard of an owner who was there before.
        owners_.tell_again(now.bus_name);
    }
    for (const InterfaceTable* table : interfaces_of(now.kind)) {
        std::vector<std::string> changed;
        for (const PropertyRow& row : table->properties) {
            if (!row.is_signalled()) continue;
            if (row.value(before, no_facts) != row.value(now, no_facts))
                changed.emplace_back(row.name);
        }
        if (changed.empty()) continue;
        try {
            object->second.object->emitPropertiesChangedSignal(table->name, changed);
        } catch (const sdbus::Error&) {
            return;
        }
    }
    if (before.active != now.active || before.sub != now.sub) {
        emit("StateChanged", Json::array({now.name, now.active, now.sub, now.reason}));
    }
}

void Face::begin_job(std::uint64_t job, const std::string& unit) {
    if (!jobs_.emplace(job, unit).second) return;
    emit("JobNew", Json::array({static_cast<std::uint32_t>(job), job_path(job), unit}));
}

// Nobody has heard of one that began before this face was shown.
void Face::tell_end(std::uint64_t job, const std::string& unit, std::string_view result) {
    if (jobs_.erase(job) == 0) return;
    emit("JobRemoved", Json::array({static_cast<std::uint32_t>(job), job_path(job), unit, result}));
}

void Face::end_job(const JobOver& over) {
    last_over_.push_back(over);
    if (last_over_.size() > most_over) last_over_.pop_front();
    tell_end(over.job, over.unit, bus_result(over.result));
    auto waiting = waiting_for_job_.extract(over.job);
    if (waiting) answer_job_over(*waiting.mapped().call, waiting.mapped().notes, over);
}

void Face::miss_jobs(const std::string& why) {
    for (const auto& [job, waiting] : std::exchange(waiting_for_job_, {})) {
        answer_error(waiting.call->message,
                     {"org.confinit.Error.NotReachable",
                      fmt::format("whether job {} is done is not known: {}; svctl status {} tells",
                                  job, why, waiting.call->unit)});
    }
    while (!jobs_.empty())
        tell_end(jobs_.begin()->first, std::string{jobs_.begin()->second}, "unknown");
    // Another supervisor numbers its jobs anew.
    last_over_.clear();
}

void Face::tell_drift(const std::string& unit, const std::string& text) {
    emit("DriftFound", Json::array({unit, text}));
}

void Face::tell_reloading(bool active) {
    emit("Reloading", Json::array({active}));
}

}  // namespace confinit
