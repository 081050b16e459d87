// SPDX-License-Identifier: Apache-2.0
// ExitCode: what svctl's exit status means; scripts rely on these numbers.
#pragma once

#include "control/protocol.h"
#include "unit/loader.h"

#include <cerrno>
#include <span>

namespace confinit {

enum class ExitCode {
    done = 0,
    error = 1,
    not_running_or_differs = 3,
    no_such_unit = 4,
    denied = 5,
    refused_by_check = 6,
};

constexpr ExitCode exit_code_of(ControlError error) {
    switch (error) {
    case ControlError::no_such_unit:
        return ExitCode::no_such_unit;
    case ControlError::invalid_unit:
        return ExitCode::refused_by_check;
    case ControlError::denied:
        return ExitCode::denied;
    case ControlError::not_running:
        return ExitCode::not_running_or_differs;
    case ControlError::busy:
    case ControlError::job_failed:
    case ControlError::operation_failed:
    case ControlError::interface_not_found:
    case ControlError::method_not_found:
    case ControlError::method_not_implemented:
    case ControlError::invalid_parameter:
    case ControlError::expected_more:
        return ExitCode::error;
    }
    return ExitCode::error;
}

// For a unit with these problems: check refuses no file that is not there or not for its caller.
inline ExitCode exit_code_of(std::span<const Problem> problems) {
    const bool is_unknown = !problems.empty() && problems.front().key == not_found_key;
    if (is_unknown) return ExitCode::no_such_unit;
    for (const Problem& problem : problems) {
        if (problem.error == EACCES || problem.error == EPERM) return ExitCode::denied;
        if (problem.error == ENOENT) return ExitCode::error;
    }
    return ExitCode::refused_by_check;
}

}  // namespace confinit
