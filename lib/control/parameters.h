// SPDX-License-Identifier: Apache-2.0
// The parameters of a call, checked against the interface description that the caller can read.
#pragma once

#include "base/json_text.h"

#include <optional>
#include <string>
#include <string_view>

namespace confinit {

// A parameter that the description does not allow, and why: "command[0]", "must be a text".
struct BadParameter {
    std::string name;
    std::string fault;
};

// The first parameter of the call that is missing, of another type or unknown. `method` is a full
// name, such as "org.confinit.Manager.Enter"; one that no interface describes has no parameters.
std::optional<BadParameter> find_bad_parameter(std::string_view method, const Json& parameters);

// The same for an interface of this text.
std::optional<BadParameter> find_bad_parameter(std::string_view interface, std::string_view method,
                                               const Json& parameters);

}  // namespace confinit
