// SPDX-License-Identifier: Apache-2.0
// Face: the objects of confinit on one connection to the bus: org.confinit, as long as it stands.
//
// It translates and decides nothing. A call is made to the supervisor in the name of the client
// that made it, with what polkit has said; the answer goes back. Calls wait without holding
// anybody else.
#pragma once

#include "bus/authorization.h"
#include "bus/bus_connection.h"
#include "bus/interfaces.h"
#include "bus/name_owners.h"
#include "bus/supervisor_calls.h"
#include "bus/unit_facts.h"
#include "bus/unit_list.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

class Face {
public:
    // Has its name on the bus when it returns.
    // `progress` is called after each unit, of which there may be very many, and each message.
    static Result<std::unique_ptr<Face>> show(std::unique_ptr<BusConnection> bus,
                                              const UnitList& list, SupervisorCalls& calls,
                                              std::string socket, std::function<void()> progress);
    Face(const Face&) = delete;
    Face& operator=(const Face&) = delete;
    ~Face();

    BusConnection& bus() { return *bus_; }

    // As BusConnection::process.
    Result<bool> process();

    // News of the list, as signals and objects.
    void add_unit(const UnitRecord& unit);
    void change_unit(const UnitRecord& before, const UnitRecord& now);
    void remove_unit(const UnitRecord& unit);
    void begin_job(std::uint64_t job, const std::string& unit);
    void end_job(const JobOver& over);
    // Nobody will hear of the ends of jobs that came meanwhile.
    void miss_jobs(const std::string& why);
    void tell_drift(const std::string& unit, const std::string& text);
    void tell_reloading(bool active);
    // The supervisor may have begun anew.
    void tell_owners() { owners_.tell_all(); }

private:
    Face(std::unique_ptr<BusConnection> bus, const UnitList& list, SupervisorCalls& calls,
         std::string socket);

    // How many calls wait for an answer: in all, of each connection, and of each user, who may have
    // many connections. A seat is one of them.
    struct OpenCalls {
        std::map<std::string, unsigned> of;  // ":1.42" or "uid 1000"
        unsigned all = 0;

        unsigned count(const std::string& who) const;
    };
    class Seat {
    public:
        Seat(std::shared_ptr<OpenCalls> calls, std::string sender);
        Seat(const Seat&) = delete;
        Seat& operator=(const Seat&) = delete;
        ~Seat();

        // False, and nothing is counted, where the user has as many as he may have.
        bool take_for_user(std::string user);

    private:
        std::shared_ptr<OpenCalls> calls_;
        std::vector<std::string> owners_;
    };

    struct PendingCall {
        sdbus::MethodCall message;
        const MethodInfo* method = nullptr;
        const BusMethod* bus = nullptr;
        Json parameters;
        std::string sender = {};
        std::string unit = {};
        std::unique_ptr<Seat> seat = nullptr;
        bool may_interact = false;
        bool is_varlink = false;  // the call and its reply are Varlink messages
        bool waits = false;       // for the end of the job
    };
    using Pending = std::shared_ptr<PendingCall>;

    // A call that is answered at the end of its job.
    struct WaitingCall {
        Pending call;
        Json notes;
    };

    void register_manager();
    void register_method(const BusMethod& method, std::function<void(sdbus::MethodCall)> handler);
    // There may be ten thousand of them.
    struct UnitObject {
        Face* face;
        std::string unit;
        std::unique_ptr<sdbus::IObject> object;
    };

    static void register_properties(UnitObject& object, const InterfaceTable& table);
    const Json& facts_for(Source source, const std::string& unit, const std::string& sender);
    const Json& answer_about(const std::string& unit, Method method, const std::string& sender);
    Json value_of(const PropertyRow& row, const std::string& unit, const std::string& sender);
    void show_unit(const UnitRecord& unit);
    void emit(const char* name, const Json& values);
    void tell_end(std::uint64_t job, const std::string& unit, std::string_view result);

    void on_call(const MethodInfo& method, const BusMethod& bus, sdbus::MethodCall message);
    void on_varlink_call(const sdbus::MethodCall& message);
    void admit(PendingCall call);
    bool has_room_for(const std::string& sender) const;
    void answer_locally(const BusMethod& method, const sdbus::MethodCall& message,
                        const Json& values);
    void on_identified(const Pending& call, const std::expected<Principal, BusError>& who);
    void on_authorized(const Pending& call, Principal principal,
                       const std::expected<void, BusError>& allowed);
    void pass_on(const Pending& call, Principal principal);
    void on_reply(const Pending& call, const Result<Reply>& reply);
    void answer_at_end(std::uint64_t job, WaitingCall waiting);
    static void answer_job_over(const PendingCall& call, const Json& notes, const JobOver& over);

    std::unique_ptr<BusConnection> bus_;
    const UnitList& list_;
    SupervisorCalls& calls_;
    UnitFacts facts_;
    std::function<void()> progress_;
    Authorization authorization_;
    NameOwners owners_;
    std::unique_ptr<sdbus::IObject> manager_;
    std::map<std::string, UnitObject, std::less<>> units_;
    std::map<std::uint64_t, std::string> jobs_;  // begun, and not over, with their units
    std::map<std::uint64_t, WaitingCall> waiting_for_job_;
    std::deque<JobOver> last_over_;  // a job may be over before the reply that tells its number
    std::shared_ptr<OpenCalls> open_calls_ = std::make_shared<OpenCalls>();
};

}  // namespace confinit
