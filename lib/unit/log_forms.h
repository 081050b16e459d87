// SPDX-License-Identifier: Apache-2.0
// The words for the forms in which lines are passed on, of log.forward and of --log.
#pragma once

#include "base/name_table.h"
#include "unit/unit.h"

namespace confinit {

inline constexpr auto log_form_names = make_name_table<LogForm>({
    {LogForm::none, "none"},
    {LogForm::plain, "plain"},
    {LogForm::json, "json"},
    {LogForm::raw, "raw"},
});

}  // namespace confinit
