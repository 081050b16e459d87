// SPDX-License-Identifier: Apache-2.0
// The way over the system bus, for those whom the sockets refuse: svctl-bus, a program of its own,
// because svctl is linked without a D-Bus library.
#pragma once

#include "svctl/request.h"

#include <span>
#include <vector>

namespace confinit {

// Whether polkit could let this caller do what the socket has refused.
bool may_go_by_bus(const Context& context, Method method, const Refusal& refusal);

// A user's connection may wait for so many answers.
inline constexpr std::size_t calls_by_bus = 8;

// Makes calls of one method, all at once, up to calls_by_bus. Each answer to one that the bus
// refuses as well tells both reasons; `refusals` are those of the socket.
std::vector<Answer<Json>> request_by_bus(const Context& context, Method method,
                                         std::span<const Json> parameters,
                                         std::span<const Refusal> refusals);

}  // namespace confinit
