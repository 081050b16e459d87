// SPDX-License-Identifier: Apache-2.0
// The functions behind the methods of the control interface: control/methods.h says who may call.
#pragma once

#include "supervisor/control/server.h"

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// The files that a helper reads before the method runs: those of a unit that is not loaded; of the
// unit in any case; of all units.
enum class Reads { nothing, new_unit, unit, all };

struct MethodRow {
    Method method;
    void (*run)(ControlContext& context, const Call& call, Responder responder);
    Reads reads = Reads::nothing;
};

// Runs the method, once what it reads is read.
void run_method(ControlContext& context, const MethodRow& row, Call call, Responder responder);

// The row of a method, or null.
const MethodRow* find_method(std::string_view name);

// The error for a method that has no row: its interface is unknown, or the interface has none such.
void refuse_unknown_method(const Call& call, const Responder& responder);

// Rows, by theme.
std::span<const MethodRow> unit_methods();    // start stop reload kill freeze and so on
std::span<const MethodRow> status_methods();  // status cat show logs verify
std::span<const MethodRow> list_methods();
std::span<const MethodRow> readiness_methods();
std::span<const MethodRow> event_methods();
std::span<const MethodRow> machine_methods();  // reload, power off and so on, probe, version
std::span<const MethodRow> enter_methods();
std::span<const MethodRow> set_methods();
std::span<const MethodRow> filter_methods();
std::span<const MethodRow> name_methods();  // what confinit-bus tells of the bus

// The unit that the call names; otherwise the error is sent and the answer is null.
Service* named_unit(ControlContext& context, const Call& call, const Responder& responder);

// The same for a method that only looks: a unit that is not loaded is read for this call alone.
std::shared_ptr<Service> looked_at_unit(ControlContext& context, const Call& call,
                                        const Responder& responder);

// UnitLook: finds in a worker the unit that a call has looked at. It finds a loaded unit by its
// name, since that unit may have come to another end before the worker began.
class UnitLook {
public:
    UnitLook(const Manager& manager, std::shared_ptr<const Service> service);
    Result<const Service*> service() const;

private:
    const Manager* manager_;
    std::string name_;
    std::shared_ptr<const Service> own_;  // only of one that was read for the look
};

// The engine's time as the time since boot that others can compute with: CLOCK_BOOTTIME counts
// suspended time too, so the difference to now is what carries over.
std::int64_t boot_time_microseconds(engine::Time time);

// Answers the call from a worker, because the look takes long: the parameters of the reply, or what
// failed. The work finds in its copy of PID 1 everything that is there when it begins; what it
// borrows must live until then. The worker ends with the connection. `otherwise` makes the reply
// here where there is no worker, or none that answers in time.
using Look = std::move_only_function<Result<Json>()>;
void answer_by_worker(ControlContext& context, const Responder& responder, std::string name,
                      Look look, std::move_only_function<std::vector<int>()> descriptors = {},
                      std::function<Json()> otherwise = {},
                      Clock::duration patience = std::chrono::seconds{30});

// The name on the bus that makes a unit ready, where it has one. It is no secret: the bus tells
// everybody who owns what.
void add_bus_name(Json& summary, const Service& service);

// The run of a unit whose main process is up; otherwise NotRunning is sent and the answer is null.
const Run* running(const Service& service, const Responder& responder);
Run* running(Service& service, const Responder& responder);

}  // namespace confinit
