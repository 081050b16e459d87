// SPDX-License-Identifier: Apache-2.0
// ControlServer: whether the caller may make a call, judged anew for each.
#include "base/letter_case.h"
#include "control/unit_parameter.h"
#include "supervisor/control/deputy.h"
#include "supervisor/control/server.h"

#include <fmt/format.h>
#include <unistd.h>

namespace confinit {
namespace {

// "reset-failed" of "org.confinit.Manager.ResetFailed": what people call it.
std::string verb_of(std::string_view method) {
    std::string verb;
    for (const char byte : method.substr(method.rfind('.') + 1)) {
        if (is_capital(byte) && !verb.empty()) verb += '-';
        verb += to_lower(byte);
    }
    return verb == "power-off" ? "poweroff" : verb;
}

// The event shows later who has asked.
void note_asker(Manager& manager, const MethodInfo& method, const Call& call) {
    if (method.callers == Callers::anyone) return;
    manager.note(unit_parameter(call.parameters), EventKind::asked,
                 fmt::format("{} asked by {}", verb_of(method.name), asker_of(call)));
}

// `repeat`: the same call once more on this connection may be allowed.
void deny(const Responder& responder, std::string_view message, bool repeat) {
    responder.error(ControlError::denied, message,
                    repeat ? Json{{"repeat", true}} : Json::object());
}

}  // namespace

// Otherwise the error is sent.
bool ControlServer::is_admitted(const MethodInfo& method, const Call& call, Peer& peer,
                                const Responder& responder) {
    if (call.on_behalf_of) return is_allowed_for_deputy(method, call, peer, responder);
    switch (method.callers) {
    case Callers::anyone:
        (void)is_operator(peer);
        return true;
    case Callers::operators:
        return is_allowed(call, peer, responder);
    case Callers::deputy:
        return is_from_deputy("only a deputy tells it", call, peer, responder);
    }
    return false;
}

bool ControlServer::is_allowed(const Call& call, Peer& peer, const Responder& responder) {
    const bool is_at_status = peer.connection.caller().door == DoorKind::status;
    std::string why = "run it as root (user 0)";
    bool repeat = false;
    if (!is_at_status || peer.connection.caller().uid == 0) {
        const auto allowed = peer.caller.check_operator(
            peer.connection.socket(), peer.connection.has_bytes(), context_.manager);
        repeat = !allowed && allowed.error().repeat;
        if (!repeat && peer.connection.caller().may_be_operator)
            peer.connection.set_operator(allowed.has_value());
        if (allowed && !is_at_status) return true;
        why = allowed ? "this is the status socket, which answers questions only; ask through the "
                        "control socket beside it, which takes cap_dac_override"
                      : allowed.error().text;
    }
    deny(responder, fmt::format("{} is for operators: {}", verb_of(call.method), why), repeat);
    return false;
}

// Otherwise the error is sent, with what it takes to be a deputy.
bool ControlServer::is_from_deputy(std::string_view rule, const Call& call, Peer& peer,
                                   const Responder& responder) {
    const auto process =
        peer.caller.identify(peer.connection.socket(), peer.connection.has_bytes());
    if (process && is_deputy(*process, context_.manager)) return true;
    const std::string why =
        process ? fmt::format("{}: service.deputy = true in its unit", rule) : process.error().text;
    deny(responder, fmt::format("{}: {}", verb_of(call.method), why),
         !process && process.error().repeat);
    return false;
}

// For a call in the name of another; otherwise the error is sent.
bool ControlServer::is_allowed_for_deputy(const MethodInfo& method, const Call& call, Peer& peer,
                                          const Responder& responder) {
    if (!is_from_deputy("only a deputy calls in the name of others", call, peer, responder)) {
        return false;
    }
    const auto allowed = check_deputy_call(method, *call.on_behalf_of, geteuid());
    if (!allowed) {
        deny(responder, fmt::format("{}: {}", verb_of(call.method), allowed.error()), false);
        return false;
    }
    note_asker(context_.manager, method, call);
    return true;
}

}  // namespace confinit
