// SPDX-License-Identifier: Apache-2.0
// Where a service's mounts go: their order, their paths without links, and what is made for them.
#include "launch/plan/mount_builder.h"
#include "launch/plan/mount_kinds.h"
#include "launch/plan/witnesses.h"

#include "base/file.h"
#include "base/look_note.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <string_view>
#include <tuple>
#include <unistd.h>

namespace confinit {

// A path of which nothing can be told counts as there: its op then fails, rather than being left
// out.
bool MountBuilder::is_there(const std::vector<PlannedOp>& before, const PlannedOp& planned) const {
    note_key(planned.key);
    const Lookup::Presence presence = view_.find(planned.target).presence;
    if (presence != Lookup::Presence::unknown) return presence == Lookup::Presence::present;
    if (is_within(planned.target, "/proc")) {
        // The part of a procfs that is not processes is the same in all of them, except that
        // pids-only leaves it out.
        if (unit_.mounts.proc_pids_only) return false;
        witness_presence(planned.target);
        return exists(planned.target);
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

// A mount of the launch is as the key says that brings it: `read_write` and `exec` are about the
// host's mounts. A preset means only these; a unit that says both has to choose.
Result<bool> MountBuilder::widens_own_mount(const std::vector<PlannedOp>& before,
                                            const PlannedOp& planned) {
    std::uint64_t lifted = 0;
    if (planned.op.kind == MountOpKind::read_write) lifted = MOUNT_ATTR_RDONLY;
    if (planned.op.kind == MountOpKind::exec) lifted = MOUNT_ATTR_NOEXEC;
    const auto own = std::ranges::find_if(before, [&](const PlannedOp& other) {
        return other.turn == Turn::file_systems && other.target == planned.target &&
               (other.op.attributes & lifted) != 0;
    });
    if (own == before.end()) return false;
    if (planned.is_preset) return true;
    return std::unexpected(Error{
        .key = planned.key,
        .object = planned.target,
        .hint = fmt::format("{} mounts it {}; take one of the two away", own->key,
                            lifted == MOUNT_ATTR_RDONLY ? "read-only" : "without execution")});
}

// One of the two would cover the other, whatever their order.
Status MountBuilder::refuse_cover_of_directory(const std::vector<PlannedOp>& before,
                                               const PlannedOp& planned) {
    const auto is_directory = [](const PlannedOp& one) {
        return one.key.starts_with("directories.");
    };
    const auto covers = [](const PlannedOp& one) {
        return one.key.starts_with("mounts.") && !one.is_preset &&
               mount_kind_row(one.op.kind).brings_files;
    };
    const auto rival = std::ranges::find_if(before, [&](const PlannedOp& other) {
        return other.target == planned.target && ((is_directory(planned) && covers(other)) ||
                                                  (covers(planned) && is_directory(other)));
    });
    if (rival == before.end()) return {};
    const auto& [mount, directory] =
        is_directory(planned) ? std::tie(*rival, planned) : std::tie(planned, *rival);
    return std::unexpected(Error{
        .key = mount.key,
        .object = mount.target,
        .hint = fmt::format("it would cover that of {}; take one of the two away", directory.key)});
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
        const std::size_t begin =
            tmpfs == nullptr || tmpfs->target == "/" ? 0 : tmpfs->target.size();
        std::size_t end = path.find('/', begin + 1);
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

// A file that programs and libraries trust by its name lies there, or nowhere: in a root that makes
// /dev or /proc a link, a mount behind it would cover other files.
bool MountBuilder::is_at_own_name(const PlannedOp& planned) {
    const bool is_dev = planned.key == "mounts.private_dev" && planned.target == "/dev";
    return is_dev || planned.op.kind == MountOpKind::proc;
}

// A link that leads nowhere is itself what a file can be bound to.
Lookup MountBuilder::find_mount_point(const PlannedOp& planned) const {
    note_key(planned.key);
    Lookup found = view_.find(planned.op.target);
    const bool may_be_link =
        planned.op.kind == MountOpKind::bind && found.presence == Lookup::Presence::absent;
    if (!may_be_link) return found;
    Lookup link = view_.find_name(planned.op.target);
    return link.presence == Lookup::Presence::present ? std::move(link) : std::move(found);
}

// The launch holds on to what the plan knows of where the target is: a link that has come there
// meanwhile leads nowhere. Within a bind mount, what stays writable or executable is taken from
// below its source.
void MountBuilder::find_place(PlannedOp& planned, const std::vector<PlannedOp>& before) {
    if (is_at_own_name(planned)) {
        planned.op.place = planned.op.target;
        return;
    }
    const Lookup found = find_mount_point(planned);
    const bool is_there = found.presence == Lookup::Presence::present;
    planned.target = is_there ? found.path : view_.resolve(planned.op.target);
    if (is_there) planned.op.place = keep(plan_, planned.target);
    const MountOpKind kind = planned.op.kind;
    if (kind != MountOpKind::read_write && kind != MountOpKind::exec) return;
    const PlannedOp* mount = find_covering_mount(before, planned, OwnMount::counts);
    if (mount == nullptr || mount->op.kind != MountOpKind::bind) return;
    planned.op.recursive = mount->op.recursive;
    const std::string below = mount->op.source + path_below(planned.target, mount->target);
    planned.op.source = keep(plan_, found.host_path.empty() ? below : found.host_path);
}

// Of what lies in a tmpfs of the launch no part is looked for outside of it. One that is read-only
// is sealed when everything in it has been made.
void MountBuilder::place_inside() {
    constexpr std::size_t ops_before = 1;  // the propagation
    std::vector<PlannedOp> seals;
    for (PlannedOp& planned : ops_) {
        const bool is_seal = planned.op.kind == MountOpKind::seal;
        const PlannedOp* tmpfs = is_seal ? find_covering_mount(ops_, planned, OwnMount::counts)
                                         : find_covering_tmpfs(ops_, planned);
        if (tmpfs == nullptr) continue;
        const auto index = static_cast<std::size_t>(tmpfs - ops_.data());
        planned.op.inside = static_cast<std::uint32_t>(index + ops_before);
        if (is_seal) continue;
        planned.op.place = keep(plan_, path_below(planned.target, tmpfs->target));
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

// A tmpfs that a key of its own path makes read-only is so when all that lies in it has been made.
void MountBuilder::seal_at_the_end() {
    std::vector<PlannedOp> seals;
    std::vector<PlannedOp> others;
    for (PlannedOp& planned : ops_) {
        const PlannedOp* mount = planned.op.kind == MountOpKind::read_only
                                     ? find_covering_mount(ops_, planned, OwnMount::counts)
                                     : nullptr;
        const bool is_seal = mount != nullptr && mount->op.kind == MountOpKind::tmpfs &&
                             mount->target == planned.target;
        if (is_seal) planned.op.kind = MountOpKind::seal;
        (is_seal ? seals : others).push_back(planned);
    }
    std::ranges::move(seals, std::back_inserter(others));
    ops_ = std::move(others);
}

bool MountBuilder::is_prepared(std::string_view path) const {
    return std::ranges::any_of(plan_.child.preparations, [&](const PreparationDraft& one) {
        if (one.kind != PreparationKind::directory) return false;
        const std::string directory = directory_path(one.base, one.path);
        return is_within(path, directory) || is_within(directory, path);
    });
}

Status MountBuilder::check_covers() const {
    for (const PlannedOp& planned : ops_) {
        const bool covers =
            planned.op.kind == MountOpKind::inaccessible || planned.op.kind == MountOpKind::overlay;
        if (!covers || planned.target != "/") continue;
        return std::unexpected(Error{.key = planned.key,
                                     .object = std::string{planned.op.target},
                                     .hint = "it leads to the service's root, which nothing can be "
                                             "laid over; tmpfs = [\"/\"] gives an empty root"});
    }
    return {};
}

// Nothing can be mounted in what is hidden, and covers of the launch's own have nothing to hide
// there.
Result<bool> MountBuilder::is_behind_wall(const std::vector<PlannedOp>& before,
                                          const PlannedOp& planned) {
    const auto wall = std::ranges::find_if(before, [&](const PlannedOp& other) {
        return other.op.kind == MountOpKind::inaccessible && other.target != planned.target &&
               is_within(planned.target, other.target);
    });
    if (wall == before.end()) return false;
    const MountOpKind kind = planned.op.kind;
    const bool is_named = planned.key.ends_with(']') || kind == MountOpKind::bind ||
                          kind == MountOpKind::overlay || kind == MountOpKind::device_node;
    if (!is_named || planned.is_preset) return true;
    return std::unexpected(
        Error{.key = planned.key,
              .object = planned.target,
              .hint = fmt::format("it lies below {} '{}', which hides all that is in it", wall->key,
                                  std::string_view{wall->op.target})});
}

Status MountBuilder::resolve_and_sort() {
    // The shorter paths first: a longer one may lead through what is mounted there.
    sort_by_depth(ops_);
    std::vector<PlannedOp> kept;
    for (PlannedOp& planned : ops_) {
        find_place(planned, kept);
        if (planned.is_preset && is_covered(kept, planned)) continue;
        if (TRY(widens_own_mount(kept, planned))) continue;
        if (planned.is_preset && !is_there(kept, planned)) {
            // It may be there once the launch has made its directories.
            if (is_prepared(planned.target)) keep_no_plan();
            continue;
        }
        if (TRY(is_behind_wall(kept, planned))) continue;
        TRY(refuse_cover_of_directory(kept, planned));
        view_.add_mount(planned.op.kind, planned.op.source, planned.target);
        kept.push_back(std::move(planned));
    }
    ops_ = std::move(kept);
    add_mount_points();
    sort_by_depth(ops_);
    inherit_attributes(ops_);
    seal_at_the_end();
    place_inside();
    return check_covers();
}

}  // namespace confinit
