// SPDX-License-Identifier: Apache-2.0
// The presets of mounts.protect: each a name for paths, capabilities and system calls that belong
// together, as data.
//
// A preset covers what exists: a path of its own that is not there is left out, unlike a path that
// the unit names.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace confinit {

struct ProtectPreset {
    std::string_view name;
    std::span<const std::string_view> read_only;
    std::span<const std::string_view> read_write;    // left as they are within a read_only path
    std::span<const std::string_view> inaccessible;  // "/dev/rtc*": all names that begin so
    std::span<const std::string_view> tmpfs;         // empty and read-only
    std::span<const std::string_view> capabilities;  // taken from every set: "sys_module"
    std::span<const std::string_view> denied_calls;  // they answer EPERM
};

std::span<const ProtectPreset> protect_presets();
const ProtectPreset* find_protect_preset(std::string_view name);
std::vector<std::string_view> protect_preset_names();

}  // namespace confinit
