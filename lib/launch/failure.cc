// SPDX-License-Identifier: Apache-2.0
// LaunchFailure: why a launch does not happen or has failed.
#include "launch/failure.h"

#include <string_view>
#include <utility>

namespace confinit {

std::string LaunchFailure::text() const {
    std::string line = key;
    const auto separate = [&line](std::string_view separator) {
        if (!line.empty()) line += separator;
    };
    if (!call.empty() || !object.empty()) separate(": ");
    line += call;
    if (!call.empty() && !object.empty()) line += ' ';
    if (!object.empty()) line += "'" + object + "'";
    if (error != 0) {
        separate(": ");
        line.append(errno_text(error)).append(" (").append(errno_name(error)).append(")");
    }
    if (!hint.empty()) {
        separate(error != 0 ? "; " : ": ");
        line += hint;
    }
    return line;
}

LaunchFailure to_launch_failure(Error error) {
    // "open '/dev/null': Too many open files" carries the errno's text once more.
    const std::size_t colon = error.what.rfind(": ");
    if (error.code == 0 || colon == std::string::npos) return {.hint = std::move(error.what)};
    return {.call = error.what.substr(0, colon), .error = error.code};
}

}  // namespace confinit
