// SPDX-License-Identifier: Apache-2.0
// Requests of svctl to the supervisor: one answer each, or a refusal with its exit code.
#pragma once

#include "control/client.h"
#include "svctl/context.h"
#include "svctl/exit_code.h"

#include <expected>
#include <string>

namespace confinit {

// Why a request came to nothing. `name` is the Varlink error, or empty when no reply came;
// `parameters` is what came with it.
struct Refusal {
    ExitCode code = ExitCode::error;
    std::string name;
    std::string message;
    Json parameters = Json::object();
};

template <class T>
using Answer = std::expected<T, Refusal>;

// A failure of our own, without a reply. A right that is missing has an exit code of its own.
std::unexpected<Refusal> refuse(Error error);

Answer<Client> connect_to_supervisor(const Context& context);

// A reply's parameters, or the refusal that it is; with a context, that there is no such unit comes
// with the name that may be meant.
Answer<Json> take_parameters(Result<Reply> reply);
Answer<Json> take_parameters(const Context& context, Result<Reply> reply);

// Connects, calls, and waits for the one reply; by the system bus where the socket refuses.
Answer<Json> request(const Context& context, Method method, Json parameters = Json::object());

}  // namespace confinit
