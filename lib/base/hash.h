// SPDX-License-Identifier: Apache-2.0
// FNV-1a: a hash of bytes that is the same in every build and on every machine. It tells what is
// different by chance, not what somebody made to look the same.
#pragma once

#include <cstdint>
#include <string_view>

namespace confinit {

constexpr std::uint64_t fnv1a(std::string_view bytes) {
    std::uint64_t value = 0xcbf29ce484222325;
    for (const char byte : bytes) {
        value ^= static_cast<unsigned char>(byte);
        value *= 0x100000001b3;
    }
    return value;
}

}  // namespace confinit
