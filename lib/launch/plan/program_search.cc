// SPDX-License-Identifier: Apache-2.0
// The search for a program that has no path, as execvp(3) does it.
#include "launch/plan/program_search.h"

#include "base/text.h"

#include <cerrno>
#include <optional>
#include <string_view>
#include <sys/stat.h>

namespace confinit {
namespace {

std::string_view path_variable(const std::vector<std::string>& environment) {
    constexpr std::string_view name = "PATH=";
    for (const std::string_view variable : environment) {
        if (variable.starts_with(name)) return variable.substr(name.size());
    }
    return {};
}

bool is_program(const Lookup& found) {
    return found.presence == Lookup::Presence::present && S_ISREG(found.status.st_mode) &&
           (found.status.st_mode & 0111) != 0;
}

}  // namespace

Result<std::string> find_program(const std::string& name,
                                 const std::vector<std::string>& environment,
                                 const ServiceView& view) {
    if (name.find('/') != std::string::npos) return name;
    const std::string_view search_path = path_variable(environment);
    std::optional<std::string> uncertain;
    for (const std::string_view directory : split(search_path, ':')) {
        if (!directory.starts_with('/')) continue;
        std::string candidate = std::string{directory} + "/" + name;
        const Lookup found = view.find(candidate);
        if (is_program(found)) return candidate;
        if (found.presence == Lookup::Presence::unknown && !uncertain) uncertain = candidate;
    }
    if (uncertain) return std::move(*uncertain);
    return std::unexpected(Error{.object = name,
                                 .call = "execve",
                                 .error = ENOENT,
                                 .hint = "not in the service's PATH, " + std::string{search_path}});
}

}  // namespace confinit
