// SPDX-License-Identifier: Apache-2.0
// Signals by the names that signal(7) gives them.
#include "svctl/signal_name.h"

#include "base/text.h"

#include <csignal>
#include <cstring>
#include <string>
#include <strings.h>

namespace confinit {

std::optional<int> parse_signal(std::string_view text) {
    constexpr int last_signal = 64;
    if (const auto number = parse_unsigned(text)) {
        if (*number < 1 || *number > last_signal) return std::nullopt;
        return static_cast<int>(*number);
    }
    std::string name{text};
    if (strncasecmp(name.c_str(), "SIG", 3) == 0) name.erase(0, 3);
    for (int signal = 1; signal <= last_signal; ++signal) {
        const char* known = sigabbrev_np(signal);
        if (known != nullptr && strcasecmp(name.c_str(), known) == 0) return signal;
    }
    return std::nullopt;
}

}  // namespace confinit
