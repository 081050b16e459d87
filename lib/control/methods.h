// SPDX-License-Identifier: Apache-2.0
// The methods of the control interface: one table for every door.
//
// A row tells a method's name, who may call it, the polkit action that lets others call it, whether
// a deputy may call it in somebody's name, and the methods of the D-Bus interface
// org.confinit.Manager1 that lead to it. The types and the documentation of the parameters stand in
// manager_interface.varlink; a test holds the two against each other.
#pragma once

#include "base/name_table.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace confinit {

enum class Method {
    get_info,
    get_interface_description,
    start,
    stop,
    restart,
    reload,
    reset_failed,
    kill,
    freeze,
    thaw,
    set,
    revert,
    list,
    status,
    readiness,
    cat,
    show,
    filter,
    logs,
    events,
    verify,
    enter,
    set_name_owner,
    daemon_reload,
    power_off,
    reboot,
    halt,
    probe,
    version,
};

// Those who may call a method: supervisor/control/authority.h says who is an operator,
// supervisor/control/deputy.h who is a deputy. `deputy`: in its own name, about what only it can
// know.
enum class Callers { anyone, operators, deputy };

// Polkit is asked for one of these when somebody calls by the bus. Each is an action of
// packaging/polkit/org.confinit.policy, also `enter`, which no deputy may ask for.
enum class Action { none, manage_units, reload, set_limits, enter, power };

inline constexpr auto action_names = make_name_table<Action>({
    {Action::none, ""},
    {Action::manage_units, "org.confinit.manage-units"},
    {Action::reload, "org.confinit.reload"},
    {Action::set_limits, "org.confinit.set-limits"},
    {Action::enter, "org.confinit.enter"},
    {Action::power, "org.confinit.power"},
});

// An argument of a D-Bus method. Its name is that of the Varlink parameter; in a list of objects
// `fields` names those members that make up the struct, in order.
struct BusArgument {
    std::string_view name;
    std::string_view signature;
    std::string_view fields = {};
    // An empty text, list or number is passed on, and answered as what it is. Where an argument is
    // not needed, an empty one counts as nothing said.
    bool is_needed = false;
};

struct BusMethod {
    std::string_view name;
    std::span<const BusArgument> in = {};
    std::span<const BusArgument> out = {};
    // confinit-bus answers it from the list of units that it follows.
    bool is_local = false;
    // In place of the comment of the Varlink method, where this one does something of its own.
    std::string_view documentation = {};
};

struct MethodInfo {
    Method method;
    std::string_view name;
    Callers callers = Callers::anyone;
    Action action = Action::none;
    bool for_deputy = false;
    std::span<const BusMethod> bus = {};
    bool upgrades = false;  // whether a call may ask it to take the connection over
};

namespace bus_methods {

inline constexpr BusArgument unit_argument{.name = "unit", .signature = "s", .is_needed = true};
inline constexpr BusArgument unit_in[]{unit_argument};
// A number of a job becomes its path.
inline constexpr BusArgument job_out[]{{"job", "o"}};
inline constexpr BusArgument notes_out[]{{"notes", "as"}};
inline constexpr BusArgument kill_in[]{
    unit_argument, {"whom", "s"}, {.name = "signal", .signature = "i", .is_needed = true}};
inline constexpr BusArgument set_in[]{unit_argument,
                                      {.name = "values", .signature = "a{ss}", .is_needed = true},
                                      {"runtime", "b"},
                                      {"force", "b"}};
inline constexpr BusArgument revert_in[]{unit_argument, {"keys", "as"}, {"force", "b"}};
inline constexpr BusArgument changed_out[]{{"values", "a(sssi)", "key value file line"},
                                           {"files", "as"},
                                           {"in_force", "b"},
                                           {"notes", "as"}};
inline constexpr BusArgument units_out[]{{"units", "a(ssssssouso)"}};
inline constexpr BusArgument patterns_in[]{{"states", "as"}, {"patterns", "as"}};
inline constexpr BusArgument path_out[]{{"path", "o"}};
inline constexpr BusArgument verify_out[]{{"same", "b"},
                                          {"items", "a(ssss)", "key declared in_force result"},
                                          {"outdated", "as"},
                                          {"hidden", "s"}};
inline constexpr BusArgument events_in[]{{"units", "as"}, {"all", "b"}};
inline constexpr BusArgument events_out[]{
    {"events", "a(tsssts)", "time_us unit kind text job result"}};
inline constexpr BusArgument reload_out[]{{"problems", "as"}, {"notes", "as"}};

inline constexpr BusMethod start[]{{"StartUnit", unit_in, job_out}};
inline constexpr BusMethod stop[]{{"StopUnit", unit_in, job_out}};
inline constexpr BusMethod restart[]{{"RestartUnit", unit_in, job_out}};
inline constexpr BusMethod reload[]{{"ReloadUnit", unit_in, job_out}};
inline constexpr BusMethod reset_failed[]{{"ResetFailedUnit", unit_in}};
inline constexpr BusMethod kill[]{{"KillUnit", kill_in, notes_out}};
inline constexpr BusMethod freeze[]{{"FreezeUnit", unit_in}};
inline constexpr BusMethod thaw[]{{"ThawUnit", unit_in}};
inline constexpr BusMethod set[]{{"SetUnitProperties", set_in, changed_out}};
inline constexpr BusMethod revert[]{{"RevertUnit", revert_in, changed_out}};
inline constexpr BusMethod list[]{
    {"ListUnits",
     {},
     units_out,
     true,
     "The units as systemd lists them: name, description, whether it is loaded, active and sub "
     "state, an empty text, object path, then id, kind and path of a job (0, an empty text and "
     "\"/\": these jobs are told by signals)."},
    {"ListUnitsByPatterns", patterns_in, units_out, true,
     "Those units of ListUnits whose active, sub or load state is among the states, and whose name "
     "fits one of the patterns, in which * is any text and ? any byte; an empty list asks for "
     "nothing."},
    {"GetUnit", unit_in, path_out, true, "The object of a unit that is in the list."},
};
inline constexpr BusMethod events[]{
    {"ListEvents", events_in, events_out, false,
     "What has happened to units lately, the oldest first, without names to all of them; with "
     "`all` also jobs and changes of the list. Signals tell of the same as it happens. A number or "
     "text that an event has not is 0 or empty."}};
inline constexpr BusMethod verify[]{{"VerifyUnit", unit_in, verify_out}};
inline constexpr BusMethod daemon_reload[]{{"Reload", {}, reload_out}};
inline constexpr BusMethod power_off[]{{"PowerOff"}};
inline constexpr BusMethod reboot[]{{"Reboot"}};
inline constexpr BusMethod halt[]{{"Halt"}};

}  // namespace bus_methods

// A deputy may call neither enter nor a method that answers with a secret.
inline constexpr std::array method_table{
    MethodInfo{Method::get_info, "org.varlink.service.GetInfo"},
    MethodInfo{Method::get_interface_description, "org.varlink.service.GetInterfaceDescription"},
    MethodInfo{Method::start, "org.confinit.Manager.Start", Callers::operators,
               Action::manage_units, true, bus_methods::start},
    MethodInfo{Method::stop, "org.confinit.Manager.Stop", Callers::operators, Action::manage_units,
               true, bus_methods::stop},
    MethodInfo{Method::restart, "org.confinit.Manager.Restart", Callers::operators,
               Action::manage_units, true, bus_methods::restart},
    MethodInfo{Method::reload, "org.confinit.Manager.Reload", Callers::operators,
               Action::manage_units, true, bus_methods::reload},
    MethodInfo{Method::reset_failed, "org.confinit.Manager.ResetFailed", Callers::operators,
               Action::manage_units, true, bus_methods::reset_failed},
    MethodInfo{Method::kill, "org.confinit.Manager.Kill", Callers::operators, Action::manage_units,
               true, bus_methods::kill},
    MethodInfo{Method::freeze, "org.confinit.Manager.Freeze", Callers::operators,
               Action::manage_units, true, bus_methods::freeze},
    MethodInfo{Method::thaw, "org.confinit.Manager.Thaw", Callers::operators, Action::manage_units,
               true, bus_methods::thaw},
    MethodInfo{Method::set, "org.confinit.Manager.Set", Callers::operators, Action::set_limits,
               true, bus_methods::set},
    MethodInfo{Method::revert, "org.confinit.Manager.Revert", Callers::operators,
               Action::set_limits, true, bus_methods::revert},
    MethodInfo{Method::list, "org.confinit.Manager.List", Callers::anyone, Action::none, true,
               bus_methods::list},
    MethodInfo{Method::status, "org.confinit.Manager.Status", Callers::anyone, Action::none, true},
    MethodInfo{Method::readiness, "org.confinit.Manager.Readiness", Callers::anyone, Action::none,
               true},
    MethodInfo{Method::cat, "org.confinit.Manager.Cat", Callers::anyone, Action::none, true},
    MethodInfo{Method::show, "org.confinit.Manager.Show", Callers::anyone, Action::none, true},
    MethodInfo{Method::filter, "org.confinit.Manager.Filter"},
    MethodInfo{Method::logs, "org.confinit.Manager.Logs"},
    MethodInfo{Method::events, "org.confinit.Manager.Events", Callers::anyone, Action::none, true,
               bus_methods::events},
    MethodInfo{Method::verify, "org.confinit.Manager.Verify", Callers::anyone, Action::none, true,
               bus_methods::verify},
    MethodInfo{Method::enter,
               "org.confinit.Manager.Enter",
               Callers::operators,
               Action::enter,
               false,
               {},
               true},
    MethodInfo{Method::set_name_owner, "org.confinit.Manager.SetNameOwner", Callers::deputy},
    MethodInfo{Method::daemon_reload, "org.confinit.Manager.DaemonReload", Callers::operators,
               Action::reload, true, bus_methods::daemon_reload},
    MethodInfo{Method::power_off, "org.confinit.Manager.PowerOff", Callers::operators,
               Action::power, true, bus_methods::power_off},
    MethodInfo{Method::reboot, "org.confinit.Manager.Reboot", Callers::operators, Action::power,
               true, bus_methods::reboot},
    MethodInfo{Method::halt, "org.confinit.Manager.Halt", Callers::operators, Action::power, true,
               bus_methods::halt},
    MethodInfo{Method::probe, "org.confinit.Manager.Probe"},
    MethodInfo{Method::version, "org.confinit.Manager.Version"},
};

inline constexpr auto method_names = [] {
    NameTable<Method, method_table.size()> names{};
    std::ranges::transform(method_table, names.rows.begin(),
                           [](const MethodInfo& row) { return std::pair{row.method, row.name}; });
    return names;
}();

constexpr const MethodInfo& method_info(Method method) {
    return *std::ranges::find(method_table, method, &MethodInfo::method);
}

}  // namespace confinit
