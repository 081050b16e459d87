// SPDX-License-Identifier: Apache-2.0
// UnitSummary of manager_interface.varlink: a unit in a few facts.
#pragma once

#include "supervisor/jobs/manager.h"

#include "base/json_text.h"

#include <string>

namespace confinit {

Json unit_summary(const Manager& manager, const Service& service, OnDisk on_disk);

// Adds what the kernel tells as a number, where it tells one.
void add_number(Json& object, const char* name, const Result<std::string>& value);

}  // namespace confinit
