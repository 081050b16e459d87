// SPDX-License-Identifier: Apache-2.0
// The D-Bus interfaces beside the methods of control/methods.h: properties and signals as tables.
#include "bus/interfaces.h"

#include "bus/confinement.h"
#include "bus/object_path.h"
#include "control/fields.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace confinit {
namespace {

// In place of a number that the kernel does not tell.
constexpr std::uint64_t unknown_number = std::numeric_limits<std::uint64_t>::max();

// A member of Status; null where there is none.
const Json* status_field(const Json& facts, std::string_view name) {
    const Json* status = find_object(facts, "status");
    return status == nullptr ? nullptr : find_field(*status, name);
}

Json status_number(const Json& facts, std::string_view name) {
    const Json* value = status_field(facts, name);
    return value == nullptr || !value->is_number() ? Json(unknown_number) : *value;
}

Json status_text(const Json& facts, std::string_view name) {
    const Json* value = status_field(facts, name);
    return value == nullptr ? Json("") : *value;
}

Json status_texts(const Json& facts, std::string_view name) {
    const Json* value = status_field(facts, name);
    return value == nullptr ? Json::array() : *value;
}

std::string_view last_result(const UnitRecord& unit) {
    return unit.active == "failed" ? "failed" : "success";
}

template <auto Member>
Json listed(const UnitRecord& unit, const Json& /*facts*/) {
    return unit.*Member;
}

// Properties that a service and a group both have.
constexpr PropertyRow control_group{"ControlGroup", "s", Source::status,
                                    "The directory of its control group.",
                                    [](const UnitRecord&, const Json& facts) {
                                        return status_text(facts, "cgroup");
                                    }};
constexpr PropertyRow memory_current{"MemoryCurrent", "t", Source::status,
                                     "memory.current in bytes; 2^64-1 where it is unknown.",
                                     [](const UnitRecord&, const Json& facts) {
                                         return status_number(facts, "memory_bytes");
                                     }};
constexpr PropertyRow tasks_current{"TasksCurrent", "t", Source::status,
                                    "pids.current; 2^64-1 where it is unknown.",
                                    [](const UnitRecord&, const Json& facts) {
                                        return status_number(facts, "tasks");
                                    }};

constexpr PropertyRow unit_rows[] = {
    {"Id", "s", Source::fixed, "The name of the unit.", listed<&UnitRecord::name>},
    {"Description", "s", Source::list, "unit.description of its file.",
     listed<&UnitRecord::description>},
    {"Kind", "s", Source::fixed, "service, group, target, or unknown where no file is loaded.",
     listed<&UnitRecord::kind>},
    {"LoadState", "s", Source::list, "loaded, bad-setting or not-loaded.",
     [](const UnitRecord& unit, const Json&) -> Json {
         return unit.load_state();
     }},
    {"LoadError", "s", Source::list, "Why its file does not load, or an empty text.",
     listed<&UnitRecord::load_problem>},
    {"ActiveState", "s", Source::list, "inactive, activating, active, deactivating or failed.",
     listed<&UnitRecord::active>},
    {"SubState", "s", Source::list, "The detail of ActiveState, such as running or auto-restart.",
     listed<&UnitRecord::sub>},
    {"Reason", "s", Source::list, "Why it is in this state, or an empty text.",
     listed<&UnitRecord::reason>},
    {"StateChangeBoottimeUSec", "t", Source::list, "When the state began, in CLOCK_BOOTTIME.",
     listed<&UnitRecord::since_us>},
    {"UnitFileState", "s", Source::list, "enabled, disabled or static.",
     listed<&UnitRecord::enabled>},
    {"NeedDaemonReload", "b", Source::list, "Whether its files are newer than what is loaded.",
     [](const UnitRecord& unit, const Json&) -> Json {
         return unit.on_disk != "same";
     }},
    {"OutdatedKeys", "as", Source::list, "Keys in which what runs is older than what is loaded.",
     listed<&UnitRecord::outdated>},
    {"Files", "as", Source::status, "The unit file and its drop-ins.",
     [](const UnitRecord&, const Json& facts) {
         return status_texts(facts, "files");
     }},
    {"Warnings", "as", Source::status, "What is allowed and hardly meant.",
     [](const UnitRecord&, const Json& facts) {
         return status_texts(facts, "warnings");
     }},
};

constexpr PropertyRow service_rows[] = {
    {"MainPID", "u", Source::list, "The main process, or 0.", listed<&UnitRecord::pid>},
    {"Result", "s", Source::list, "success, or failed.",
     [](const UnitRecord& unit, const Json&) -> Json {
         return last_result(unit);
     }},
    {"StatusText", "s", Source::status, "What the service says of itself by sd_notify(3).",
     [](const UnitRecord&, const Json& facts) {
         return status_text(facts, "status_text");
     }},
    {"LastExit", "s", Source::status, "How its main process ended last, or an empty text.",
     [](const UnitRecord&, const Json& facts) {
         return status_text(facts, "last_exit");
     }},
    {"NRestarts", "u", Source::status, "Automatic restarts in a row.",
     [](const UnitRecord&, const Json& facts) {
         return status_number(facts, "attempt");
     }},
    control_group,
    memory_current,
    {"MemoryPeak", "t", Source::status, "memory.peak in bytes; 2^64-1 where it is unknown.",
     [](const UnitRecord&, const Json& facts) {
         return status_number(facts, "memory_peak");
     }},
    {"CPUUsageUSec", "t", Source::status, "usage_usec of cpu.stat; 2^64-1 where it is unknown.",
     [](const UnitRecord&, const Json& facts) {
         return status_number(facts, "cpu_usec");
     }},
    tasks_current,
};

constexpr PropertyRow group_rows[] = {
    {"Members", "as", Source::status, "The units that are in the group.",
     [](const UnitRecord&, const Json& facts) {
         return status_texts(facts, "members");
     }},
    control_group,
    memory_current,
    tasks_current,
};

// In the answer of GetManagedObjects, and while the supervisor gives no answer, nothing is read.
constexpr PropertyRow confinement_rows[] = {
    {"Known", "b", Source::verify,
     "Whether InForce and the lists of keys were read. They are not, and are empty, of a service "
     "that does not run, in GetManagedObjects and InterfacesAdded, and while the supervisor is "
     "silent.",
     [](const UnitRecord&, const Json& facts) -> Json {
         return facts.is_object() && find_field(facts, "hidden") == nullptr;
     }},
    {"Declared", "a{sv}", Source::declared,
     "Each key of the unit's confinement as the unit declares it: sizes in bytes, names of "
     "capabilities, and text for what has no other type.",
     [](const UnitRecord&, const Json& facts) {
         return declared_values(facts);
     }},
    {"InForce", "a{sv}", Source::verify,
     "The same keys as the kernel has them in force. A namespace is its text and its inode.",
     [](const UnitRecord&, const Json& facts) {
         return values_in_force(facts);
     }},
    {"Differing", "as", Source::verify, "Keys that are in force otherwise than declared.",
     [](const UnitRecord&, const Json& facts) {
         return keys_with_result(facts, "differs");
     }},
    {"Narrower", "as", Source::verify, "Keys in which the program has confined itself further.",
     [](const UnitRecord&, const Json& facts) {
         return keys_with_result(facts, "narrower");
     }},
    {"Unseen", "as", Source::verify, "Keys that the kernel shows to the process alone.",
     [](const UnitRecord&, const Json& facts) {
         return keys_with_result(facts, "unseen");
     }},
    {"Skipped", "as", Source::list, "Optional keys that are not in force: \"KEY: REASON\".",
     listed<&UnitRecord::skipped>},
    {"Drift", "as", Source::list, "What the last check has found to differ.",
     listed<&UnitRecord::drift>},
    {"Group", "s", Source::list, "The group that the unit is in, or an empty text.",
     listed<&UnitRecord::group>},
};

constexpr BusArgument unit_and_path[]{{"unit", "s"}, {"path", "o"}};
constexpr BusArgument job_begun[]{{"id", "u"}, {"job", "o"}, {"unit", "s"}};
constexpr BusArgument job_over[]{{"id", "u"}, {"job", "o"}, {"unit", "s"}, {"result", "s"}};
constexpr BusArgument new_state[]{{"unit", "s"}, {"active", "s"}, {"sub", "s"}, {"reason", "s"}};
constexpr BusArgument unit_and_text[]{{"unit", "s"}, {"text", "s"}};
constexpr BusArgument begins[]{{"active", "b"}};

constexpr BusArgument call_in[]{{"call", "s"}};
constexpr BusArgument reply_out[]{{"reply", "s"}};

constexpr SignalRow signals[] = {
    {"UnitNew", unit_and_path, "A unit is in the list now."},
    {"UnitRemoved", unit_and_path, "A unit is not in the list any more."},
    {"JobNew", job_begun, "A request to start, stop, restart or reload a unit has begun."},
    {"JobRemoved", job_over,
     "Such a request is over: done, failed, canceled, timeout, dependency or not-found; or "
     "unknown, where confinit-bus has missed the end."},
    {"StateChanged", new_state, "A unit has come into another state."},
    {"DriftFound", unit_and_text,
     "A unit's confinement is not as declared any more, or is so again."},
    {"Reloading", begins, "The list of units is read anew, or has been."},
};

}  // namespace

const InterfaceTable unit_interface{"org.confinit.Unit1", "What every unit has.", unit_rows};
const InterfaceTable service_interface{"org.confinit.Service1", "A unit that is a process.",
                                       service_rows};
const InterfaceTable group_interface{"org.confinit.Group1", "A unit that holds limits of others.",
                                     group_rows};
const InterfaceTable confinement_interface{
    "org.confinit.Confinement1", "How a unit is confined: as declared, and as it is in force.",
    confinement_rows};

const BusMethod varlink_call{
    "VarlinkCall", call_in, reply_out, false,
    "Makes a call of the Varlink interface org.confinit.Manager that changes something; the call "
    "and its reply, also one with an error, are JSON as on the control socket. Start, Stop, "
    "Restart and Reload answer when the job is over. It takes the polkit action of the method. "
    "svctl asks by it for users who may not use the control socket."};

namespace {

constexpr const InterfaceTable* of_service[]{&unit_interface, &service_interface,
                                             &confinement_interface};
constexpr const InterfaceTable* of_group[]{&unit_interface, &group_interface,
                                           &confinement_interface};
constexpr const InterfaceTable* of_others[]{&unit_interface};

struct KindRow {
    std::string_view kind;
    std::span<const InterfaceTable* const> interfaces;
};

constexpr KindRow kinds[]{{"service", of_service}, {"group", of_group}};

}  // namespace

std::span<const InterfaceTable* const> interfaces_of(std::string_view kind) {
    const auto row = std::ranges::find(kinds, kind, &KindRow::kind);
    return row == std::ranges::end(kinds) ? of_others : row->interfaces;
}

std::span<const SignalRow> manager_signals() {
    return signals;
}

}  // namespace confinit
