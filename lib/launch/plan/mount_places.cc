// SPDX-License-Identifier: Apache-2.0
// Where a service's mounts go: their order, their paths without links, and what is made for them.
#include "launch/plan/mount_builder.h"

#include "base/file.h"

#include <algorithm>
#include <iterator>
#include <unistd.h>

namespace confinit {

// What cannot be told counts as there: its op then fails, rather than being left out.
bool MountBuilder::is_there(const std::vector<PlannedOp>& before, const PlannedOp& planned) const {
    const Lookup::Presence presence = view_.find(planned.target).presence;
    if (presence != Lookup::Presence::unknown) return presence == Lookup::Presence::present;
    if (is_within(planned.target, "/proc")) {
        // What a procfs has beside processes is the same in all of them, except that pids-only
        // leaves it out.
        return unit_.mounts.proc != ProcView::pids_only && exists(planned.target);
    }
    if (find_covering_tmpfs(before, planned) == nullptr) return true;
    return std::ranges::any_of(before, [&](const PlannedOp& other) {
        return other.turn == Turn::file_systems && other.target == planned.target;
    });
}

// A path that leads into another one of the same preset: /bin, where /usr is merged.
bool MountBuilder::is_covered(const std::vector<PlannedOp>& before, const PlannedOp& planned) {
    return std::ranges::any_of(before, [&](const PlannedOp& other) {
        return other.op.kind == planned.op.kind && other.key == planned.key &&
               is_within(planned.target, other.target);
    });
}

// A mount point inside of a tmpfs of the launch is made by the launch as well; inside of anything
// else it must be there, because a launch makes nothing in a file system that stays. What a bind
// needs at its very end is known when its source is open.
void MountBuilder::add_mount_points() {
    std::vector<PlannedOp> ops;
    for (const PlannedOp& planned : ops_) {
        const bool can_be_file =
            planned.op.kind == MountOpKind::bind || planned.op.kind == MountOpKind::device_node;
        const PlannedOp* tmpfs =
            planned.is_directory || can_be_file ? find_covering_tmpfs(ops_, planned) : nullptr;
        const std::string& path = planned.target;
        std::size_t end = tmpfs != nullptr ? path.find('/', tmpfs->target.size() + 1) : path.size();
        for (; tmpfs != nullptr; end = path.find('/', end + 1)) {
            if (end == std::string::npos && !planned.is_directory) break;
            PlannedOp directory;
            directory.target = path.substr(0, end);
            directory.key = planned.key;
            directory.op.kind = MountOpKind::directory;
            directory.op.target = keep(plan_, directory.target);
            directory.op.mode = 0755;
            ops.push_back(std::move(directory));
            if (end == std::string::npos) break;
        }
        ops.push_back(planned);
    }
    ops_ = std::move(ops);
}

// What programs and libraries trust by its name lies there, or nowhere: in a root that makes /dev
// or /proc a link, a mount behind it would cover other files.
bool MountBuilder::is_at_own_name(const PlannedOp& planned) {
    const bool is_dev = planned.key == "mounts.private_dev" && planned.target == "/dev";
    return is_dev || planned.op.kind == MountOpKind::proc;
}

// What the plan knows of where the target is, the launch holds on to: a link that has come there
// meanwhile leads nowhere. Within a bind mount, what stays writable or executable is taken from
// below its source.
void MountBuilder::find_place(PlannedOp& planned, const std::vector<PlannedOp>& before) {
    if (is_at_own_name(planned)) {
        planned.op.place = planned.op.target;
        return;
    }
    const Lookup found = view_.find(planned.op.target);
    const bool is_there = found.presence == Lookup::Presence::present;
    planned.target = is_there ? found.path : view_.resolve(planned.op.target);
    if (is_there) planned.op.place = keep(plan_, planned.target);
    const MountOpKind kind = planned.op.kind;
    if (kind != MountOpKind::read_write && kind != MountOpKind::exec) return;
    const PlannedOp* mount = find_covering_mount(before, planned, OwnMount::counts);
    if (mount == nullptr || mount->op.kind != MountOpKind::bind) return;
    planned.op.recursive = mount->op.recursive;
    const std::string below =
        std::string{mount->op.source} +
        (mount->target == "/" ? planned.target : planned.target.substr(mount->target.size()));
    planned.op.source = keep(plan_, found.host_path.empty() ? below : found.host_path);
}

// Of what lies in a tmpfs of the launch no part is looked for outside of it. One that is read-only
// is sealed when everything in it has been made.
void MountBuilder::place_inside() {
    constexpr std::size_t ops_before = 1;  // the propagation
    std::vector<PlannedOp> seals;
    for (PlannedOp& planned : ops_) {
        const PlannedOp* tmpfs = find_covering_tmpfs(ops_, planned);
        if (tmpfs == nullptr) continue;
        const auto index = static_cast<std::size_t>(tmpfs - ops_.data());
        planned.op.inside = static_cast<std::uint32_t>(index + ops_before);
        planned.op.place = keep(plan_, planned.target.substr(tmpfs->target.size()));
        PlannedOp& outer = ops_[index];
        if ((outer.op.attributes & MOUNT_ATTR_RDONLY) == 0) continue;
        outer.op.attributes &= ~std::uint64_t{MOUNT_ATTR_RDONLY};
        PlannedOp& seal = seals.emplace_back();
        seal.op.kind = MountOpKind::seal;
        seal.op.target = outer.op.target;
        seal.op.inside = planned.op.inside;
        seal.op.attributes = MOUNT_ATTR_RDONLY;
        seal.target = outer.target;
        seal.key = outer.key;
    }
    std::ranges::move(seals, std::back_inserter(ops_));
}

void MountBuilder::resolve_and_sort() {
    // The shorter paths first: a longer one may lead through what is mounted there.
    sort_by_depth(ops_);
    std::vector<PlannedOp> kept;
    for (PlannedOp& planned : ops_) {
        find_place(planned, kept);
        const bool is_needless =
            planned.is_preset && (is_covered(kept, planned) || !is_there(kept, planned));
        if (is_needless) continue;
        view_.add_mount(planned.op.kind, planned.op.source, planned.target);
        kept.push_back(std::move(planned));
    }
    ops_ = std::move(kept);
    add_mount_points();
    sort_by_depth(ops_);
    inherit_attributes(ops_);
    place_inside();
}

}  // namespace confinit
