// SPDX-License-Identifier: Apache-2.0
// Verify: the directories of a service on the host, whose owner and mode they are to have.
#include "launch/plan/parts.h"

#include "base/text.h"
#include "launch/verify/parts.h"

#include <algorithm>

namespace confinit {
namespace {

std::string directory_text(unsigned mode, std::uint32_t uid, std::uint32_t gid) {
    return std::to_string(uid) + ":" + std::to_string(gid) + " " + octal_text(mode);
}

// Fewer bits of the mode let nobody do more.
VerifyResult compare(const Preparation& wanted, const Lookup& found) {
    if (found.presence != Lookup::Presence::present || !S_ISDIR(found.status.st_mode) ||
        found.status.st_uid != wanted.uid || found.status.st_gid != wanted.gid) {
        return VerifyResult::differs;
    }
    const unsigned mode = found.status.st_mode & 07777U;
    if (mode == wanted.mode) return VerifyResult::same;
    return (mode & ~wanted.mode) == 0 ? VerifyResult::narrower : VerifyResult::differs;
}

std::string present_text(const Lookup& found) {
    if (found.presence == Lookup::Presence::unknown) return "on a file system that may not answer";
    if (found.presence == Lookup::Presence::absent) return "absent";
    if (!S_ISDIR(found.status.st_mode)) return "no directory";
    return directory_text(found.status.st_mode & 07777U, found.status.st_uid, found.status.st_gid);
}

}  // namespace

// The item of its mount may be there; it is the one that shows the first difference.
void verify_directories(const Unit& unit, const LaunchPlan& plan, VerifyItems& items) {
    if (plan->child.preparations.empty()) return;
    const ServiceView host{"/"};
    for (std::size_t i = 0; i < plan->child.preparations.size(); ++i) {
        const Preparation& wanted = plan->child.preparations[i];
        if (wanted.kind != Preparation::Kind::directory) continue;
        const std::string key = plan->preparation_keys[i].str();
        const auto present = std::ranges::find(items, key, &VerifyItem::key);
        VerifyItem& item = present != items.end() ? *present : items.emplace_back(key);
        if (!item.declared.empty() && item.differs()) continue;
        const std::string wanted_text = directory_text(wanted.mode, wanted.uid, wanted.gid);
        item.declared = declared_text(unit, key, wanted.path.c_str());
        const Lookup found = host.find(directory_path(wanted.base, wanted.path));
        item.in_force = present_text(found);
        item.result = compare(wanted, found);
        if (item.result != VerifyResult::same) item.declared.append(", " + wanted_text);
    }
}

}  // namespace confinit
