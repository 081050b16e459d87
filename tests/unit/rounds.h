// SPDX-License-Identifier: Apache-2.0
// How often a random test tries. A sanitizer looks at each line, some ten times slower; the
// ordinary build has compared by the hundred already what comes out.
#pragma once

namespace confinit {

#if defined(__SANITIZE_ADDRESS__)
constexpr int sanitizer_divisor = 10;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr int sanitizer_divisor = 10;
#else
constexpr int sanitizer_divisor = 1;
#endif
#else
constexpr int sanitizer_divisor = 1;
#endif

constexpr int rounds(int in_ordinary_build) {
    return in_ordinary_build / sanitizer_divisor;
}

}  // namespace confinit
