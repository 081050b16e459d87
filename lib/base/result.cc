// SPDX-License-Identifier: Apache-2.0
// Result<T>, Error and TRY: how a failure travels from the call that met it to the one that acts.
#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace confinit {

std::string Error::text() const {
    std::string line = key;
    const auto separate = [&line](std::string_view separator) {
        if (!line.empty()) line += separator;
    };
    if (!call.empty() || !object.empty()) separate(": ");
    line += call;
    if (!call.empty() && !object.empty()) line += ' ';
    if (!object.empty()) line.append("'").append(object).append("'");
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

Error Error::in(std::string_view context) && {
    key.insert(0, key.empty() ? "" : ": ").insert(0, context);
    return std::move(*this);
}

void Error::advise(std::string_view more) {
    if (!hint.empty()) hint += "; ";
    hint += more;
}

Error system_error(int error, std::string_view call, std::string_view object) {
    return {.object = std::string{object}, .call = std::string{call}, .error = error};
}

std::unexpected<Error> errno_failure(std::string_view call, std::string_view object) {
    return std::unexpected(system_error(errno, call, object));
}

std::unexpected<Error> failure(std::string hint) {
    return std::unexpected(Error{.hint = std::move(hint)});
}

std::string_view errno_text(int error) {
    const char* text = strerrordesc_np(error);
    return text != nullptr ? text : "Unknown error";
}

std::string_view errno_name(int error) {
    const char* name = strerrorname_np(error);
    return name != nullptr ? name : "E?";
}

}  // namespace confinit
