// SPDX-License-Identifier: Apache-2.0
// The owner of a file of the host, for people.
#pragma once

#include <cstdint>
#include <string>

namespace confinit {

// "redis:redis (101:101)", by the host's passwd and group files; of an id without an entry the
// number alone, so that "101:101" is one that has neither.
std::string owner_text(std::uint32_t uid, std::uint32_t gid);

}  // namespace confinit
