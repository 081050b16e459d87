// SPDX-License-Identifier: Apache-2.0
// The control protocol's names and bounds, shared by the server in the supervisor and by svctl.
//
// The protocol is Varlink: JSON objects, each ended by one NUL byte, over a unix stream socket.
// manager_interface.varlink describes every method, type and error.
#pragma once

#include "base/name_table.h"
#include "control/methods.h"

#include <cstddef>
#include <string_view>

namespace confinit {

// `control` is for operators; `status` lies beside it and answers questions only.
inline constexpr std::string_view control_socket_path = "/run/confinit/control";
inline constexpr std::string_view status_socket_path = "/run/confinit/status";
inline constexpr std::string_view status_socket_name = "status";

// Bytes of one message without its NUL. A request is small, so that no caller can make the
// supervisor hold much; a reply may carry a whole log ring.
inline constexpr std::size_t request_limit = std::size_t{64} << 10;
inline constexpr std::size_t reply_limit = std::size_t{8} << 20;

// Deeper nested JSON is refused before it is parsed. The protocol itself needs 5.
inline constexpr std::size_t nesting_limit = 16;

// Why a call was refused or failed. The parameters of every error hold a "message", one line for
// a person, beside what the interface description names.
enum class ControlError {
    no_such_unit,
    invalid_unit,
    denied,
    busy,
    not_running,
    job_failed,
    operation_failed,
    interface_not_found,
    method_not_found,
    method_not_implemented,
    invalid_parameter,
    expected_more,
};

inline constexpr auto control_error_names = make_name_table<ControlError>({
    {ControlError::no_such_unit, "org.confinit.Manager.NoSuchUnit"},
    {ControlError::invalid_unit, "org.confinit.Manager.InvalidUnit"},
    {ControlError::denied, "org.varlink.service.PermissionDenied"},
    {ControlError::busy, "org.confinit.Manager.Busy"},
    {ControlError::not_running, "org.confinit.Manager.NotRunning"},
    {ControlError::job_failed, "org.confinit.Manager.JobFailed"},
    {ControlError::operation_failed, "org.confinit.Manager.OperationFailed"},
    {ControlError::interface_not_found, "org.varlink.service.InterfaceNotFound"},
    {ControlError::method_not_found, "org.varlink.service.MethodNotFound"},
    {ControlError::method_not_implemented, "org.varlink.service.MethodNotImplemented"},
    {ControlError::invalid_parameter, "org.varlink.service.InvalidParameter"},
    {ControlError::expected_more, "org.varlink.service.ExpectedMore"},
});

}  // namespace confinit
