// SPDX-License-Identifier: Apache-2.0
// BusConnection: all that differs between the versions of sdbus-c++ that Debian has had.
#include "bus/bus_connection.h"

#include "bus/sdbus_values.h"

#include <systemd/sd-bus.h>

namespace confinit {
namespace {

constexpr unsigned most_each_turn = 64;

std::unexpected<Error> bus_failure(const char* what, const sdbus::Error& error) {
    return failure(std::string{what} + ": " + error.getMessage() + " (" + error.getName() + ")");
}

// sdbus-c++ 1.2 has no word for a flag of the message that libsystemd knows.
struct RawMessage : sdbus::Message {
    static sd_bus_message* of(const sdbus::Message& message) {
        return static_cast<sd_bus_message*>(message.*&RawMessage::msg_);
    }
};

}  // namespace

Result<std::unique_ptr<BusConnection>> BusConnection::open() {
    try {
        auto connection = sdbus::createSystemBusConnection();
        connection->setMethodCallTimeout(broker_time);
        return std::unique_ptr<BusConnection>{new BusConnection{std::move(connection)}};
    } catch (const sdbus::Error& error) {
        return bus_failure("no system bus", error);
    }
}

Status BusConnection::own(const std::string& name) {
    try {
        connection_->requestName(name);
        return {};
    } catch (const sdbus::Error& error) {
        return bus_failure("the bus does not give the name", error);
    }
}

std::unique_ptr<sdbus::IObject> BusConnection::make_object(const std::string& path) {
    return sdbus::createObject(*connection_, path);
}

sdbus::IProxy& BusConnection::proxy_of(const Destination& destination) {
    auto& proxy = proxies_[destination.name];
    if (!proxy) proxy = sdbus::createProxy(*connection_, destination.name, destination.path);
    return *proxy;
}

Status BusConnection::call(const Destination& destination, const char* method,
                           std::string_view signature, const Json& values,
                           std::chrono::microseconds timeout, Answer answer,
                           Interaction interaction) {
    try {
        sdbus::IProxy& proxy = proxy_of(destination);
        auto message = proxy.createMethodCall(destination.interface, method);
        const bool may_ask = interaction == Interaction::allowed;
        (void)sd_bus_message_set_allow_interactive_authorization(RawMessage::of(message),
                                                                 may_ask ? 1 : 0);
        append_values(message, signature, values);
        proxy.callMethod(
            message,
            [answer = std::move(answer)](sdbus::MethodReply& reply, const sdbus::Error* error) {
                guarded([&] {
                    if (error == nullptr) return answer(reply, nullptr);
                    const BusError told{error->getName(), error->getMessage()};
                    answer(reply, &told);
                });
            },
            timeout);
        return {};
    } catch (const sdbus::Error& error) {
        return bus_failure(method, error);
    }
}

Status BusConnection::watch_vanishing_names(std::function<void(const std::string& name)> handler) {
    try {
        connection_->addMatch(
            "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
            "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg2=''",
            [handler = std::move(handler)](sdbus::Message& message) {
                guarded([&] {
                    std::string name;
                    message >> name;
                    handler(name);
                });
            },
            sdbus::floating_slot);
        return {};
    } catch (const sdbus::Error& error) {
        return bus_failure("the bus tells of no names", error);
    }
}

Result<sdbus::Slot> BusConnection::watch_owner(
    const std::string& name, std::function<void(const std::string& owner)> handler) {
    try {
        return connection_->addMatch(
            "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
            "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" +
                name + "'",
            [handler = std::move(handler)](sdbus::Message& message) {
                guarded([&] {
                    std::string changed;
                    std::string former;
                    std::string owner;
                    message >> changed >> former >> owner;
                    handler(owner);
                });
            });
    } catch (const sdbus::Error& error) {
        return bus_failure("the bus tells of no owners", error);
    }
}

pollfd BusConnection::poll_data() const {
    const auto data = connection_->getEventLoopPollData();
    return {data.fd, data.events, 0};
}

int BusConnection::poll_timeout() const {
    return connection_->getEventLoopPollData().getPollTimeout();
}

Result<bool> BusConnection::process(const std::function<void()>& begin,
                                    const std::function<void()>& end) {
    try {
        for (unsigned count = 0; count < most_each_turn; ++count) {
            begin();
            const bool has_worked = connection_->processPendingRequest();
            end();
            if (!has_worked) return true;
        }
        return false;
    } catch (const std::exception& error) {
        return failure(std::string{"the bus is lost: "} + error.what());
    }
}

std::string current_sender(const sdbus::Message& message) {
    sd_bus_message* const current =
        sd_bus_get_current_message(sd_bus_message_get_bus(RawMessage::of(message)));
    const char* const sender = current == nullptr ? nullptr : sd_bus_message_get_sender(current);
    return sender == nullptr ? "" : sender;
}

bool allows_interaction(const sdbus::Message& message) {
    return sd_bus_message_get_allow_interactive_authorization(RawMessage::of(message)) > 0;
}

void answer(const sdbus::MethodCall& call, std::string_view signature, const Json& values) {
    try {
        auto reply = call.createReply();
        append_values(reply, signature, values);
        reply.send();
    } catch (const std::exception& error) {
        answer_error(call, {bus_errors::failed, error.what()});
    }
}

void answer_error(const sdbus::MethodCall& call, const BusError& error) {
    try {
        call.createErrorReply(sdbus::Error{error.name, error.message}).send();
    } catch (const sdbus::Error&) {
        // The connection is gone, which its next use tells.
        return;
    }
}

}  // namespace confinit
