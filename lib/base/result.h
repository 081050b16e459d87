// SPDX-License-Identifier: Apache-2.0
// Result<T>, Error and TRY: how a failure travels from the call that met it to the one that acts.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace confinit {

// Error is made where the cause is known. `code` is an errno value, or 0 when the cause is not a
// system call (a bad unit file, a refused request); `what` is the whole text for a person, such as
// "open '/run/web.sock': Permission denied".
struct [[nodiscard]] Error {
    int code = 0;
    std::string what;

    // Puts the operation that was under way in front: "start 'web': open ...".
    Error in(std::string_view context) &&;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// An Error with the text "CALL 'OBJECT': STRERROR". An empty object is left out.
Error system_error(int code, std::string_view call, std::string_view object = {});

// The same, from the present errno, ready to be returned from a Result function.
std::unexpected<Error> errno_failure(std::string_view call, std::string_view object = {});

// A failure that no system call caused.
std::unexpected<Error> failure(std::string what);

// The text of an errno value, without locale and thread-safe: "No such file or directory".
std::string_view errno_text(int code);

// The name of an errno value, "ENOENT"; "E?" for a number that has none.
std::string_view errno_name(int code);

}  // namespace confinit

// Yields the value of a Result, or returns its error from the enclosing function.
#define TRY(expression)                                             \
    __extension__({                                                 \
        auto try_result_ = (expression);                            \
        if (!try_result_.has_value()) {                             \
            return std::unexpected(std::move(try_result_).error()); \
        }                                                           \
        std::move(try_result_).value();                             \
    })
