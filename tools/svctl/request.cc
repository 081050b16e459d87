// SPDX-License-Identifier: Apache-2.0
// Requests of svctl to the supervisor: one answer each, or a refusal with its exit code.
#include "svctl/request.h"

#include "base/text.h"
#include "control/fields.h"
#include "control/runtime_places.h"
#include "svctl/by_bus.h"
#include "svctl/remote.h"

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace confinit {
namespace {

bool is_denied(const Error& error) {
    return error.error == EACCES || error.error == EPERM;
}

Refusal connect_refusal(Error error) {
    if (error.error == ENOENT || error.error == ECONNREFUSED) {
        return {.message = "confinit is not running here: " + error.text()};
    }
    if (!is_denied(error)) return {.message = error.text()};
    const std::string_view why =
        geteuid() == 0 ? "; user 0 without cap_dac_override is no operator, and may look only" : "";
    return {.code = ExitCode::denied, .message = error.text() + std::string{why}};
}

// To reach another machine takes long: a connection that has answered is kept for the next call.
Answer<Reply> call(const Context& context, Method method, Json parameters) {
    const auto idle = std::exchange(context.idle, nullptr);
    Client client = idle ? std::move(*idle) : TRY(connect_to_supervisor(context));
    auto reply = client.call(method, std::move(parameters));
    if (!reply) return refuse(std::move(reply.error()));
    if (!context.host.empty()) context.idle = std::make_shared<Client>(std::move(client));
    return std::move(*reply);
}

// The unit that may be meant by a name that no unit has, of those that the supervisor knows.
std::string nearest_unit(const Context& context, std::string_view name) {
    auto reply = call(context, Method::list, Json::object());
    if (!reply) return {};
    const auto answer = take_parameters(std::move(*reply));
    const Json* units = answer ? find_array(*answer, "units") : nullptr;
    if (units == nullptr) return {};
    std::vector<std::string> names;
    for (const Json& unit : *units)
        names.push_back(string_or(unit, "name"));
    const std::vector<std::string_view> words(names.begin(), names.end());
    return std::string{nearest_word(name, words).value_or("")};
}

Refusal reply_refusal(Reply reply) {
    const auto error = control_error_names.value(reply.error);
    return {.code = error ? exit_code_of(*error) : ExitCode::error,
            .name = reply.error,
            .message = string_or(reply.parameters, "message", reply.error),
            .parameters = std::move(reply.parameters)};
}

// A supervisor that runs as this user, and may not write to /run, has its sockets in another place.
// Where there is none, the first failure stays.
void connect_elsewhere(Result<Client>& client) {
    for (const std::string& place : runtime_places(geteuid())) {
        if (!is_own_place(place, geteuid())) continue;
        auto other = Client::connect(place + "/control");
        if (other) client = std::move(other);
        if (client) return;
    }
}

Answer<Json> request_by_socket(const Context& context, Method method, const Json& parameters) {
    return take_parameters(context, TRY(call(context, method, parameters)));
}

}  // namespace

std::unexpected<Refusal> refuse(Error error) {
    return std::unexpected(Refusal{.code = is_denied(error) ? ExitCode::denied : ExitCode::error,
                                   .message = error.text()});
}

Answer<Client> connect_to_supervisor(const Context& context) {
    if (!context.host.empty()) return connect_by_ssh(context);
    const bool is_chosen = !context.socket_path.empty();
    auto client =
        Client::connect(is_chosen ? context.socket_path : std::string{control_socket_path});
    // Those who may not change anything may still look.
    if (!client && !is_chosen && is_denied(client.error())) {
        client = Client::connect(std::string{status_socket_path});
    }
    if (!client && !is_chosen) connect_elsewhere(client);
    if (!client) return std::unexpected(connect_refusal(std::move(client.error())));
    return std::move(*client);
}

Answer<Json> take_parameters(Result<Reply> reply) {
    if (!reply) return refuse(std::move(reply.error()));
    if (!reply->error.empty()) return std::unexpected(reply_refusal(std::move(*reply)));
    return std::move(reply->parameters);
}

Answer<Json> take_parameters(const Context& context, Result<Reply> reply) {
    auto parameters = take_parameters(std::move(reply));
    if (parameters) return parameters;
    Refusal refusal = std::move(parameters).error();
    const bool is_unknown = refusal.code == ExitCode::no_such_unit;
    if (is_unknown && !refusal.message.contains("did you mean")) {
        const std::string nearest = nearest_unit(context, string_or(refusal.parameters, "unit"));
        if (!nearest.empty()) refusal.message += "; did you mean '" + nearest + "'?";
    }
    return std::unexpected(std::move(refusal));
}

Answer<Json> request(const Context& context, Method method, Json parameters) {
    auto answer = request_by_socket(context, method, parameters);
    if (answer || !may_go_by_bus(context, method, answer.error())) return answer;
    return request_by_bus(context, method, {&parameters, 1}, {&answer.error(), 1}).front();
}

}  // namespace confinit
