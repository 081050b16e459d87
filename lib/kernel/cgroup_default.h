// SPDX-License-Identifier: Apache-2.0
// The default values of cgroup files, as in a fresh node, so that a limit can be taken back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace confinit {

// The subject of one setting: the file, or, in a file with a line for each device, the file and the
// device: "io.max 8:0".
std::string setting_subject(std::string_view file, std::string_view value);

// The text to be written that takes `value` back: "max" for memory.max, "8:0 rbps=max ..." for a
// line of io.max. Absent for a file that is not known here.
std::optional<std::string> default_value(std::string_view file, std::string_view value);

// The file that tells how much is used now of what this one limits, such as "memory.current" of
// "memory.max" and "memory.high"; empty where a smaller value takes nothing from anybody.
std::string usage_file(std::string_view file);

}  // namespace confinit
