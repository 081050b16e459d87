// SPDX-License-Identifier: Apache-2.0
// The owner of a file of the host, for people.
#include "launch/owner_text.h"

#include "base/file.h"
#include "base/text.h"

#include <fcntl.h>

namespace confinit {
namespace {

constexpr std::size_t longest_file = std::size_t{8} << 20;

// In passwd(5) and group(5) alike a line begins with NAME:PASSWORD:ID. Empty without an entry.
std::string name_of(const std::string& path, const std::string& id) {
    const auto text = find_file(AT_FDCWD, path, longest_file);
    if (!text || !*text) return {};
    for (const std::string_view line : split(**text, '\n')) {
        const auto fields = split(line, ':');
        if (fields.size() > 2 && fields[2] == id) return std::string{fields[0]};
    }
    return {};
}

}  // namespace

std::string owner_text(std::uint32_t uid, std::uint32_t gid) {
    const std::string user = std::to_string(uid);
    const std::string group = std::to_string(gid);
    const std::string numbers = user + ":" + group;
    const std::string user_name = name_of("/etc/passwd", user);
    const std::string group_name = name_of("/etc/group", group);
    if (user_name.empty() && group_name.empty()) return numbers;
    return (user_name.empty() ? user : user_name) + ":" +
           (group_name.empty() ? group : group_name) + " (" + numbers + ")";
}

}  // namespace confinit
