// SPDX-License-Identifier: Apache-2.0
// BusConnection: all that differs between the versions of sdbus-c++ that Debian has had: how a bus
// is opened, polled and asked. The rest of confinit-bus uses objects, messages and errors only.
//
// Two facts of version 1.2 shape it. Opening a bus waits for the broker's answer for ever; the
// watchdog of the unit ends that. And an exception that is no sdbus::Error, thrown through a
// callback, leaves the connection unable to work: guarded() lets none through.
#pragma once

#include "base/json_text.h"
#include "base/result.h"

#include <sdbus-c++/sdbus-c++.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>

namespace confinit {

// The name and the text of a D-Bus error.
struct BusError {
    std::string name;
    std::string message;
};

// For an answer that takes as long as it takes: libsystemd's largest number.
inline constexpr std::chrono::microseconds no_timeout{-1};

namespace bus_errors {
inline constexpr const char* failed = "org.freedesktop.DBus.Error.Failed";
inline constexpr const char* access_denied = "org.freedesktop.DBus.Error.AccessDenied";
inline constexpr const char* invalid_arguments = "org.freedesktop.DBus.Error.InvalidArgs";
inline constexpr const char* limits_exceeded = "org.freedesktop.DBus.Error.LimitsExceeded";
inline constexpr const char* not_supported = "org.freedesktop.DBus.Error.NotSupported";
}  // namespace bus_errors

class BusConnection {
public:
    // The answer's values, or the error.
    using Answer = std::function<void(sdbus::MethodReply& reply, const BusError* error)>;

    struct Destination {
        const char* name;
        const char* path;
        const char* interface;
    };

    // The system bus, at $DBUS_SYSTEM_BUS_ADDRESS or at its usual place.
    static Result<std::unique_ptr<BusConnection>> open();

    Status own(const std::string& name);

    sdbus::IConnection& connection() { return *connection_; }
    std::unique_ptr<sdbus::IObject> make_object(const std::string& path);

    // Whether who is called may have a person asked for a password.
    enum class Interaction { refused, allowed };

    // Calls somebody on the bus without waiting.
    Status call(const Destination& destination, const char* method, std::string_view signature,
                const Json& values, std::chrono::microseconds timeout, Answer answer,
                Interaction interaction = Interaction::refused);

    // Calls `handler` with the first argument of each such signal of the broker.
    Status watch_vanishing_names(std::function<void(const std::string& name)> handler);

    // Calls `handler` with each new owner of a name, or with an empty text, while the slot lives.
    Result<sdbus::Slot> watch_owner(const std::string& name,
                                    std::function<void(const std::string& owner)> handler);

    pollfd poll_data() const;
    // In milliseconds, or -1.
    int poll_timeout() const;
    // Works off what has come, up to a bound; `begin` and `end` are called around each message.
    // False when there is more. An error ends the connection.
    Result<bool> process(const std::function<void()>& begin, const std::function<void()>& end);

private:
    explicit BusConnection(std::unique_ptr<sdbus::IConnection> connection)
        : connection_(std::move(connection)) {}
    sdbus::IProxy& proxy_of(const Destination& destination);

    std::unique_ptr<sdbus::IConnection> connection_;
    std::map<std::string, std::unique_ptr<sdbus::IProxy>> proxies_;
};

// The bus itself, and the time that it has for an answer.
inline constexpr BusConnection::Destination broker{"org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                   "org.freedesktop.DBus"};
inline constexpr std::chrono::seconds broker_time{10};

// The sender of the message that the connection of this one works on now; empty where it is none.
std::string current_sender(const sdbus::Message& message);

// Whether the caller lets somebody be asked for a password.
bool allows_interaction(const sdbus::Message& message);

// Answers a call. A caller that is gone or wants no answer is no error.
void answer(const sdbus::MethodCall& call, std::string_view signature, const Json& values);
void answer_error(const sdbus::MethodCall& call, const BusError& error);

// Runs work of a callback; what it throws becomes an sdbus::Error, which sdbus-c++ can handle.
template <class Work>
void guarded(Work&& work) {
    try {
        std::forward<Work>(work)();
    } catch (const sdbus::Error&) {
        throw;
    } catch (const std::exception& error) {
        throw sdbus::Error(bus_errors::failed, error.what());
    } catch (...) {
        throw sdbus::Error(bus_errors::failed, "an unknown exception");
    }
}

}  // namespace confinit
