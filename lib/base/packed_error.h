// SPDX-License-Identifier: Apache-2.0
// An Error as bytes, for another process of this program.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace confinit {

std::string pack(const Error& error);
Error unpack_error(std::string_view bytes);

}  // namespace confinit
