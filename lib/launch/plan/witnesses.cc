// SPDX-License-Identifier: Apache-2.0
// PlanWitnesses: what the making of a plan looks at, written down for later launches of it.
#include "launch/plan/witnesses.h"

#include "base/file_time.h"
#include "base/look_note.h"
#include "kernel/mount_table.h"
#include "launch/plan/image_writer.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

namespace confinit {
namespace {

PlanWitnesses* present_witnesses = nullptr;

bool may_hide_change(const struct statx& seen) {
    return confinit::may_hide_change(seen.stx_ctime.tv_sec, seen.stx_ctime.tv_nsec);
}

int look_at(const std::string& path, struct statx& seen) {
    if (statx(AT_FDCWD, path.c_str(), witness_look, witness_mask, &seen) == 0) return 0;
    return errno;
}

}  // namespace

PlanWitnesses::PlanWitnesses() {
    present_witnesses = this;
    note_key("");
}

PlanWitnesses::~PlanWitnesses() {
    present_witnesses = nullptr;
}

void PlanWitnesses::leave_out_prepared(std::string_view directory) {
    is_complete_ = is_complete_ && std::ranges::none_of(looks_, [directory](const auto& entry) {
                       return entry.first != directory && is_within(entry.first, directory);
                   });
    leave_out(directory);
}

void PlanWitnesses::leave_out(std::string_view directory) {
    std::erase_if(looks_, [directory](const auto& entry) {
        const auto& [path, look] = entry;
        return is_within(path, directory) || (look.error != 0 && is_within(directory, path));
    });
}

bool PlanWitnesses::is_on_way(const std::string& path, const Look& look) const {
    const bool is_way = look.error == 0 && look.kind == WitnessKind::object;
    if (!is_way || !S_ISDIR(look.seen.stx_mode)) return false;
    const std::string below = path == "/" ? path : path + "/";
    for (auto next = looks_.upper_bound(below); next != looks_.end(); ++next) {
        if (!next->first.starts_with(below)) return false;
        const Look& other = next->second;
        const bool tells_way = other.error == 0 && other.kind != WitnessKind::presence;
        if (tells_way && !other.is_left_out) return true;
    }
    return false;
}

std::vector<std::byte> PlanWitnesses::seal() const {
    std::vector<const std::pair<const std::string, Look>*> kept;
    for (const auto& entry : looks_) {
        const auto& [path, look] = entry;
        if (!look.is_left_out && !is_on_way(path, look)) kept.push_back(&entry);
    }
    ImageWriter writer;
    const auto list = writer.add<ImageList<Witness>>();
    const auto first = writer.set(writer.at(list), kept.size());
    for (std::size_t i = 0; i < kept.size(); ++i) {
        const auto& [path, look] = *kept[i];
        writer.at(first[i]).facts = look.error == 0
                                        ? facts_of(look.kind, look.seen)
                                        : WitnessFacts{.kind = look.kind, .error = look.error};
        writer.set(writer.at(first[i]).path, path.c_str());
        if (!look.key.empty()) writer.set(writer.at(first[i]).key, look.key.c_str());
    }
    return std::move(writer).finish();
}

void witness(const std::string& path, int error, const struct statx& seen) {
    if (present_witnesses == nullptr) return;
    const auto [place, is_new] = present_witnesses->looks_.try_emplace(path);
    if (!is_new) return;
    place->second = {.error = error, .seen = seen, .key = noted_key()};
    if (error == 0 && S_ISLNK(seen.stx_mode) && may_hide_change(seen))
        present_witnesses->is_young_ = true;
}

void witness_content(const std::string& path) {
    if (present_witnesses == nullptr) return;
    auto found = present_witnesses->looks_.find(path);
    if (found == present_witnesses->looks_.end()) {
        struct statx seen{};
        const int error = look_at(path, seen);
        witness(path, error, seen);
        found = present_witnesses->looks_.find(path);
    }
    if (found->second.is_left_out) return;
    found->second.kind = WitnessKind::content;
    if (found->second.error == 0 && may_hide_change(found->second.seen))
        present_witnesses->is_young_ = true;
}

void witness_presence(const std::string& path) {
    if (present_witnesses == nullptr) return;
    const auto [place, is_new] = present_witnesses->looks_.try_emplace(path);
    if (!is_new) return;
    place->second.kind = WitnessKind::presence;
    place->second.key = noted_key();
    place->second.error = look_at(path, place->second.seen);
}

void leave_out_witness(const std::string& path) {
    if (present_witnesses == nullptr) return;
    present_witnesses->looks_[path].is_left_out = true;
    keep_no_plan();
}

void keep_no_plan() {
    if (present_witnesses != nullptr) present_witnesses->is_complete_ = false;
}

bool has_witnesses() {
    return present_witnesses != nullptr;
}

}  // namespace confinit
