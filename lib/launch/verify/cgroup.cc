// SPDX-License-Identifier: Apache-2.0
// Verify: the files of the service's cgroup node against the plan.
#include "launch/plan/parts.h"
#include "launch/verify/parts.h"

#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

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
    if (error.error != ENOENT) return error.text();
    const std::string_view controller = controller_of(setting.file);
    if (controller.empty()) return "no such file in the node";
    return "no such file: the controller '" + std::string{controller} +
           "' is not enabled for the node";
}

// Tells whose it is, and which of the declared controllers is not there; empty when all is as it
// should.
std::string fault_of_subtree(const Unit& unit, const LaunchPlan& plan, const Cgroup& subtree,
                             const std::vector<std::string>& offered) {
    const auto& map = unit.namespaces.uid_map;
    const auto uid = map.empty() ? plan->child.uid : outside_id(map, plan->child.uid);
    for (const char* file : {".", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"}) {
        struct stat status{};
        if (fstatat(subtree.directory().get(), file, &status, AT_SYMLINK_NOFOLLOW) < 0) {
            return system_error(errno, "stat", file).text();
        }
        if (uid && status.st_uid == *uid) continue;
        return std::string{file} + " belongs to user " + std::to_string(status.st_uid);
    }
    for (const std::string& controller : unit.cgroup_place.delegated_controllers) {
        if (std::ranges::find(offered, controller) == offered.end()) {
            return "without the controller " + controller;
        }
    }
    return {};
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
    item.result = same_if(shows_value(*text, normal_value(setting.file, setting.value)));
    return item;
}

void verify_subtree(const Unit& unit, const LaunchPlan& plan, const Cgroup& node,
                    VerifyItems& items) {
    const auto subtree = node.open_child(delegated_node_name);
    if (!subtree) return add_unread(items, "cgroup.delegate", subtree.error());
    const auto offered = subtree->controllers();
    if (!offered) return add_unread(items, "cgroup.delegate", offered.error());
    const std::string fault = fault_of_subtree(unit, plan, *subtree, *offered);
    items.push_back({"cgroup.delegate", declared_text(unit, "cgroup.delegate", "true"),
                     fault.empty() ? "with " + join(*offered, " ") : fault,
                     same_if(fault.empty())});
    if (!unit.cgroup_place.threaded) return;
    const auto type = subtree->read("cgroup.type");
    items.push_back({"cgroup.threaded", "true", type ? *type : type.error().text(),
                     same_if(type && *type == "threaded")});
}

bool is_cgroup_path_of(std::string_view path, std::string_view directory, const MountTable& own) {
    const Mount* mount = own.find_mount(directory);
    return mount != nullptr && mount->type == "cgroup2" &&
           object_at(*mount, directory).path == path;
}

bool is_cgroup_path_within(std::string_view path, std::string_view directory,
                           const MountTable& own) {
    const Mount* mount = own.find_mount(directory);
    if (mount == nullptr || mount->type != "cgroup2") return false;
    return is_within(path, object_at(*mount, directory).path);
}

}  // namespace confinit
