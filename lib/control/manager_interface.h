// SPDX-License-Identifier: Apache-2.0
// The Varlink interface descriptions that the control server gives to whoever asks for them.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace confinit {

// "org.confinit.Manager" and "org.varlink.service".
std::span<const std::string_view> interface_names();

// The text of the .varlink file of an interface, compiled into the program.
std::optional<std::string_view> find_interface_description(std::string_view name);

}  // namespace confinit
