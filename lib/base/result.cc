// SPDX-License-Identifier: Apache-2.0
// Result<T>, Error and TRY: how a failure travels from the call that met it to the one that acts.
#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace confinit {

Error Error::in(std::string_view context) && {
    what.insert(0, ": ").insert(0, context);
    return std::move(*this);
}

Error system_error(int code, std::string_view call, std::string_view object) {
    std::string what{call};
    if (!object.empty()) {
        what.append(" '").append(object).append("'");
    }
    what.append(": ").append(errno_text(code));
    return Error{code, std::move(what)};
}

std::unexpected<Error> errno_failure(std::string_view call, std::string_view object) {
    return std::unexpected(system_error(errno, call, object));
}

std::unexpected<Error> failure(std::string what) {
    return std::unexpected(Error{0, std::move(what)});
}

std::string_view errno_text(int code) {
    const char* text = strerrordesc_np(code);
    return text != nullptr ? text : "Unknown error";
}

std::string_view errno_name(int code) {
    const char* name = strerrorname_np(code);
    return name != nullptr ? name : "E?";
}

}  // namespace confinit
