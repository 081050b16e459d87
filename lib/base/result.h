// SPDX-License-Identifier: Apache-2.0
// Result<T>, Error and TRY: how a failure travels from the call that met it to the one that acts.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace confinit {

// A failure in the words of promise two: which key, which object, which call, which errno, and one
// hint. It is made where the cause is known, and becomes a text at the end.
struct [[nodiscard]] Error {
    std::string key;     // "mounts.read_only[1]", or the operation under way; may be empty
    std::string object;  // "/var/lib/tomcat9"
    std::string call;    // "open_tree", empty when no system call failed
    int error = 0;       // an errno value, or 0 when the cause is not a system call
    std::string hint;

    // "mounts.read_only[1]: open_tree '/var/lib/tomcat9': No such file or directory (ENOENT); HINT"
    std::string text() const;

    // Puts the operation that was under way in front: "start 'web': open ...".
    Error in(std::string_view context) &&;
    // One more hint, after those that are there.
    void advise(std::string_view more);
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// A system call that has failed; the object may be empty.
Error system_error(int error, std::string_view call, std::string_view object = {});

// The same, from the present errno, ready to be returned from a Result function.
std::unexpected<Error> errno_failure(std::string_view call, std::string_view object = {});

// A failure that no system call caused.
std::unexpected<Error> failure(std::string hint);

// The text of an errno value, without locale and thread-safe: "No such file or directory".
std::string_view errno_text(int error);

// The name of an errno value, "ENOENT"; "E?" for a number that has none.
std::string_view errno_name(int error);

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
