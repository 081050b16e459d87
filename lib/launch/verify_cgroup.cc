// SPDX-License-Identifier: Apache-2.0
// Verify: the files of the service's cgroup node against the plan.
#include "launch/verify_parts.h"

#include "base/text.h"

#include <cerrno>

namespace confinit {
namespace {

// A file with a line for each device becomes one line.
std::string in_one_line(std::string_view text) {
    std::string line;
    for (const std::string_view part : split(text, '\n')) {
        if (!line.empty()) line += "; ";
        line += trim(part);
    }
    return line.empty() ? "empty" : line;
}

std::string why_unreadable(const CgroupSetting& setting, const Error& error) {
    if (error.code != ENOENT) return error.what;
    const std::string_view controller = controller_of(setting.file);
    if (controller.empty()) return "no such file in the node";
    return "no such file: the controller '" + std::string{controller} +
           "' is not enabled for the node";
}

}  // namespace

VerifyItem verify_cgroup_file(const Unit& unit, const CgroupSetting& setting,
                              const Result<std::string>& text) {
    VerifyItem item;
    item.key = setting.key();
    item.declared = declared_text(unit, item.key, setting.value);
    if (!text) {
        item.in_force = why_unreadable(setting, text.error());
        return item;
    }
    item.in_force = in_one_line(*text);
    item.same = shows_value(*text, normal_value(setting.file, setting.value));
    return item;
}

bool is_cgroup_path_of(std::string_view path, std::string_view directory, const MountTable& own) {
    const Mount* mount = own.find_mount(directory);
    return mount != nullptr && mount->type == "cgroup2" &&
           object_at(*mount, directory).path == path;
}

}  // namespace confinit
