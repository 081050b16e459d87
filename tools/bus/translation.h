// SPDX-License-Identifier: Apache-2.0
// Arguments of D-Bus methods as parameters of Varlink methods, and replies the other way; without
// any bus.
//
// A D-Bus value is held as JSON in the shape that its signature tells: a struct is an array, a
// dictionary an object, a variant the array of its signature and its value.
#pragma once

#include "base/json_text.h"
#include "base/result.h"
#include "control/methods.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// "sa{sv}(ii)" -> "s", "a{sv}", "(ii)". Empty for a text that is no signature.
std::vector<std::string_view> split_signature(std::string_view signature);

// The signature of all arguments in order.
std::string signature_of(std::span<const BusArgument> arguments);

// The parameters of the Varlink call. D-Bus knows no absent argument: an empty text or list, 0 and
// false stand for a parameter that is left out, as the description allows it; `arguments` has as
// many elements as the method.
Json varlink_parameters(std::span<const BusArgument> arguments, const Json& values);

// The values of the D-Bus reply. What the Varlink reply lacks is empty, 0 or false.
Json bus_values(std::span<const BusArgument> arguments, const Json& reply);

// The value in the shape of a signature of one complete type: what does not fit is as if it were
// absent, numbers are held within the range of their type, and a text loses what follows a NUL.
Json shaped(std::string_view type, const Json* value, std::string_view fields = {});

}  // namespace confinit
