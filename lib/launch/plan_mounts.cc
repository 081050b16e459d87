// SPDX-License-Identifier: Apache-2.0
// The mounts of a service in the order in which they are made.
#include "launch/plan_mount_order.h"
#include "launch/plan_parts.h"
#include "unit/protect_presets.h"

#include <algorithm>
#include <array>
#include <linux/mount.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace confinit {
namespace {

struct DeviceNode {
    std::string_view name;
    unsigned major;
    unsigned minor;
};

// Documentation/admin-guide/devices.txt of the kernel.
constexpr std::array device_nodes{
    DeviceNode{"null", 1, 3},   DeviceNode{"zero", 1, 5},    DeviceNode{"full", 1, 7},
    DeviceNode{"random", 1, 8}, DeviceNode{"urandom", 1, 9}, DeviceNode{"tty", 5, 0},
};

struct DeviceLink {
    std::string_view name;
    std::string_view text;
};

constexpr std::array device_links{
    DeviceLink{"ptmx", "pts/ptmx"},          DeviceLink{"fd", "/proc/self/fd"},
    DeviceLink{"stdin", "/proc/self/fd/0"},  DeviceLink{"stdout", "/proc/self/fd/1"},
    DeviceLink{"stderr", "/proc/self/fd/2"},
};

constexpr std::uint64_t no_devices = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

// What the tree becomes at last; it is a slave from the first op on.
std::uint64_t propagation_flag(Propagation propagation) {
    switch (propagation) {
    case Propagation::slave:
        return 0;
    case Propagation::private_tree:
        return MS_PRIVATE;
    case Propagation::shared:
        return MS_SHARED;
    case Propagation::unbindable:
        return MS_UNBINDABLE;
    }
    return 0;
}

std::string octal(unsigned mode) {
    std::string digits;
    for (; mode != 0; mode /= 8)
        digits.insert(digits.begin(), static_cast<char>('0' + mode % 8));
    return "0" + digits;
}

std::string indexed(std::string_view key, std::size_t index) {
    return std::string{key} + "[" + std::to_string(index) + "]";
}

// Collects the ops of a unit in the order of its keys; strings go to the plan at once.
class MountBuilder {
public:
    MountBuilder(const Unit& unit, const LaunchContext& context, LaunchPlan& plan)
        : unit_(unit),
          context_(context),
          plan_(plan),
          view_(unit.mounts.root.value_or("/"), FileSystems::local) {}

    void add_all();
    void resolve_and_sort();
    void finish();

private:
    PlannedOp& add(MountOpKind kind, std::string target, std::string key,
                   Turn turn = Turn::file_systems);
    void add_tmpfs(std::string target, std::string key, unsigned mode, std::uint64_t attributes,
                   std::optional<std::uint64_t> size = std::nullopt);
    void add_private_tmp();
    void add_private_dev();
    void add_proc();
    void add_binds();
    void add_cgroup_tree();
    bool keeps_cgroup_tree(std::string_view path) const;
    void add_attributes();
    void add_paths(MountOpKind kind, Turn turn, std::string_view key,
                   const std::vector<std::string>& paths);
    void add_mount_points();
    void add_preset(const ProtectPreset& preset, const std::string& key);
    bool is_there(const std::vector<PlannedOp>& before, const PlannedOp& planned) const;
    static bool is_covered(const std::vector<PlannedOp>& before, const PlannedOp& planned);

    const Unit& unit_;
    const LaunchContext& context_;
    LaunchPlan& plan_;
    ServiceView view_;
    std::vector<PlannedOp> ops_;
};

PlannedOp& MountBuilder::add(MountOpKind kind, std::string target, std::string key, Turn turn) {
    PlannedOp& planned = ops_.emplace_back();
    planned.op.kind = kind;
    planned.op.target = keep(plan_, target);
    planned.target = std::move(target);
    planned.key = std::move(key);
    planned.turn = turn;
    return planned;
}

void MountBuilder::add_tmpfs(std::string target, std::string key, unsigned mode,
                             std::uint64_t attributes, std::optional<std::uint64_t> size) {
    PlannedOp& planned = add(MountOpKind::tmpfs, std::move(target), std::move(key));
    planned.is_directory = true;
    MountOp& op = planned.op;
    op.options = keep(plan_, octal(mode));
    op.attributes = attributes;
    if (size) op.source = keep(plan_, "size=" + std::to_string(*size));
}

// Where /var/tmp is a link to /tmp, as in small images, one tmpfs serves both.
void MountBuilder::add_private_tmp() {
    constexpr std::string_view key = "mounts.private_tmp";
    add_tmpfs("/tmp", std::string{key}, 01777, no_devices);
    const bool is_absent = view_.find("/var/tmp").presence == Lookup::Presence::absent;
    if (is_absent || view_.resolve("/var/tmp") == view_.resolve("/tmp")) return;
    add_tmpfs("/var/tmp", std::string{key}, 01777, no_devices);
}

void MountBuilder::add_private_dev() {
    const std::string key = "mounts.private_dev";
    // The nodes are mounts of their own, so that the tmpfs itself needs no devices. A few pages
    // are enough for its names, and what a service puts there counts against its own memory.
    constexpr std::uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
    constexpr std::uint64_t size = std::uint64_t{4} << 20;
    add_tmpfs("/dev", key, 0755, attributes, size);
    for (const DeviceNode& node : device_nodes) {
        const std::string path = "/dev/" + std::string{node.name};
        MountOp& op = add(MountOpKind::device_node, path, key).op;
        op.source = op.target;
        op.attributes = attributes;
        op.device = makedev(node.major, node.minor);
    }
    for (const std::string_view name : {"/dev/pts", "/dev/shm", "/dev/mqueue"}) {
        add(MountOpKind::directory, std::string{name}, key).op.mode = 0755;
    }
    add(MountOpKind::devpts, "/dev/pts", key).op.attributes = attributes;
    add_tmpfs("/dev/shm", key, 01777, no_devices);
    add(MountOpKind::mqueue, "/dev/mqueue", key).op.attributes = no_devices | MOUNT_ATTR_NOEXEC;
    for (const DeviceLink& link : device_links) {
        MountOp& op = add(MountOpKind::symlink, "/dev/" + std::string{link.name}, key).op;
        op.source = keep(plan_, std::string{link.text});
    }
}

void MountBuilder::add_proc() {
    const bool is_own_by_default = unit_.namespaces.pid && !unit_.mounts.proc;
    const ProcView proc =
        is_own_by_default ? ProcView::own : unit_.mounts.proc.value_or(ProcView::inherited);
    if (proc == ProcView::inherited) return;
    const std::string key = is_own_by_default ? "namespaces.pid" : "mounts.proc";
    MountOp& op = add(MountOpKind::proc, "/proc", key).op;
    op.attributes = no_devices | MOUNT_ATTR_NOEXEC;
    if (proc == ProcView::invisible) op.options = "hidepid=invisible";
    if (proc == ProcView::pids_only) op.options = "subset=pid";
}

// A device of the host's may be asked for by name in a /dev that is the service's own, where the
// op has to make the file that is mounted on; it is checked like the standard ones.
void MountBuilder::add_binds() {
    const ServiceView host{"/", FileSystems::local};
    for (std::size_t i = 0; i < unit_.mounts.bind.size(); ++i) {
        const BindMount& bind = unit_.mounts.bind[i];
        const Lookup source = host.find(bind.source);
        const bool is_device = unit_.mounts.private_dev && is_within(bind.target, "/dev") &&
                               source.presence == Lookup::Presence::present &&
                               S_ISCHR(source.status.st_mode) && source.path == bind.source;
        PlannedOp& planned = add(is_device ? MountOpKind::device_node : MountOpKind::bind,
                                 bind.target, indexed("mounts.bind", i));
        planned.is_directory =
            source.presence == Lookup::Presence::present && S_ISDIR(source.status.st_mode);
        MountOp& op = planned.op;
        op.source = keep(plan_, bind.source);
        op.attributes = bind.read_only ? std::uint64_t{MOUNT_ATTR_RDONLY} : 0;
        op.recursive = bind.recursive;
        if (is_device) op.device = source.status.st_rdev;
    }
}

// Whether the unit says itself how its service sees the tree, or nobody may write it anyway.
bool MountBuilder::keeps_cgroup_tree(std::string_view path) const {
    const MountConfig& mounts = unit_.mounts;
    std::size_t read_only = 0;
    std::size_t read_write = 0;
    for (const std::string& above : mounts.read_only) {
        if (is_within(path, above)) read_only = std::max(read_only, above.size());
    }
    for (const std::string& other : mounts.read_write) {
        if (is_within(other, path)) return true;
        if (is_within(path, other)) read_write = std::max(read_write, other.size());
    }
    return read_only > read_write;
}

// The service's own subtree as all that there is; or what there is, so that root cannot raise the
// limits that hold for it.
void MountBuilder::add_cgroup_tree() {
    const std::string& path = context_.cgroup_mount;
    const std::string key = "cgroup.delegate";
    if (unit_.cgroup_place.delegate) {
        if (!unit_.namespaces.cgroup) return;
        add(MountOpKind::cgroup, path.empty() ? "/sys/fs/cgroup" : path, key).op.attributes =
            no_devices | MOUNT_ATTR_NOEXEC;
        return;
    }
    if (path.empty() || keeps_cgroup_tree(path)) return;
    PlannedOp& planned = add(MountOpKind::read_only, path, key, Turn::read_only);
    planned.op.recursive = true;
    planned.is_preset = true;
}

void MountBuilder::add_paths(MountOpKind kind, Turn turn, std::string_view key,
                             const std::vector<std::string>& paths) {
    for (std::size_t i = 0; i < paths.size(); ++i) {
        MountOp& op = add(kind, paths[i], indexed(key, i), turn).op;
        op.recursive = true;
        if (kind == MountOpKind::inaccessible) op.source = keep(plan_, context_.inaccessible_file);
    }
}

void MountBuilder::add_attributes() {
    const MountConfig& mounts = unit_.mounts;
    add_paths(MountOpKind::read_only, Turn::read_only, "mounts.read_only", mounts.read_only);
    add_paths(MountOpKind::read_write, Turn::read_write, "mounts.read_write", mounts.read_write);
    add_paths(MountOpKind::no_exec, Turn::no_exec, "mounts.no_exec", mounts.no_exec);
    add_paths(MountOpKind::exec, Turn::exec, "mounts.exec", mounts.exec);
    add_paths(MountOpKind::inaccessible, Turn::inaccessible, "mounts.inaccessible",
              mounts.inaccessible);
}

void MountBuilder::add_preset(const ProtectPreset& preset, const std::string& key) {
    const std::size_t first = ops_.size();
    const auto add_each = [&](MountOpKind kind, Turn turn,
                              std::span<const std::string_view> paths) {
        for (const std::string_view path : paths) {
            MountOp& op = add(kind, std::string{path}, key, turn).op;
            op.recursive = true;
            if (kind == MountOpKind::inaccessible) {
                op.source = keep(plan_, context_.inaccessible_file);
            }
        }
    };
    add_each(MountOpKind::read_only, Turn::read_only, preset.read_only);
    add_each(MountOpKind::read_write, Turn::read_write, preset.read_write);
    add_each(MountOpKind::inaccessible, Turn::inaccessible, preset.inaccessible);
    for (const std::string_view path : preset.tmpfs) {
        add_tmpfs(std::string{path}, key, 0755, no_devices | MOUNT_ATTR_RDONLY);
    }
    for (std::size_t i = first; i < ops_.size(); ++i)
        ops_[i].is_preset = true;
}

// What cannot be told counts as there: its op then fails, rather than being left out.
bool MountBuilder::is_there(const std::vector<PlannedOp>& before, const PlannedOp& planned) const {
    const Lookup::Presence presence = view_.find(planned.target).presence;
    if (presence != Lookup::Presence::unknown) return presence == Lookup::Presence::present;
    if (is_within(planned.target, "/proc")) {
        // What a procfs has beside processes is the same in all of them, except that pids-only
        // leaves it out.
        return unit_.mounts.proc != ProcView::pids_only &&
               access(planned.target.c_str(), F_OK) == 0;
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

void MountBuilder::add_all() {
    const MountConfig& mounts = unit_.mounts;
    if (mounts.private_tmp) add_private_tmp();
    if (mounts.private_dev) add_private_dev();
    add_proc();
    for (std::size_t i = 0; i < mounts.tmpfs.size(); ++i) {
        const TmpfsMount& tmpfs = mounts.tmpfs[i];
        add_tmpfs(tmpfs.target, indexed("mounts.tmpfs", i), tmpfs.mode, no_devices, tmpfs.size);
    }
    add_binds();
    add_cgroup_tree();
    add_attributes();
    for (std::size_t i = 0; i < mounts.protect.size(); ++i) {
        add_preset(*mounts.protect[i], indexed("mounts.protect", i));
    }
}

// A mount point inside of a tmpfs of the launch is made by the launch as well; inside of anything
// else it must be there, because a launch makes nothing in a file system that stays.
void MountBuilder::add_mount_points() {
    std::vector<PlannedOp> ops;
    for (const PlannedOp& planned : ops_) {
        const PlannedOp* tmpfs =
            planned.is_directory ? find_covering_tmpfs(ops_, planned) : nullptr;
        const std::string& path = planned.target;
        std::size_t end = tmpfs != nullptr ? path.find('/', tmpfs->target.size() + 1) : path.size();
        for (; tmpfs != nullptr; end = path.find('/', end + 1)) {
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

void MountBuilder::resolve_and_sort() {
    // The shorter paths first: a longer one may lead through what is mounted there.
    sort_by_depth(ops_);
    std::vector<PlannedOp> kept;
    for (PlannedOp& planned : ops_) {
        planned.target = view_.resolve(planned.op.target);
        const bool is_needless =
            planned.is_preset && (is_covered(kept, planned) || !is_there(kept, planned));
        if (is_needless) continue;
        view_.add_mount(planned.op, planned.target);
        kept.push_back(std::move(planned));
    }
    ops_ = std::move(kept);
    add_mount_points();
    sort_by_depth(ops_);
    inherit_attributes(ops_);
}

void MountBuilder::finish() {
    const auto append = [this](const MountOp& op, std::string key, std::string target) {
        plan_.mount_ops.push_back(op);
        plan_.mount_keys.push_back(std::move(key));
        plan_.mount_targets.push_back(std::move(target));
    };
    MountOp propagation{};
    propagation.kind = MountOpKind::propagation;
    propagation.target = "/";
    propagation.recursive = true;
    append(propagation, "namespaces.mount", "/");
    for (PlannedOp& planned : ops_) {
        append(planned.op, std::move(planned.key), std::move(planned.target));
    }
    if (unit_.mounts.root) {
        plan_.child.root = keep(plan_, *unit_.mounts.root);
        MountOp change_root{};
        change_root.kind = MountOpKind::change_root;
        change_root.target = plan_.child.root;
        append(change_root, "mounts.root", "/");
    }
    MountOp change{};
    change.kind = MountOpKind::change_propagation;
    change.target = "/";
    change.attributes = propagation_flag(unit_.mounts.propagation.value_or(Propagation::slave));
    if (change.attributes != 0) append(change, "mounts.propagation", "/");
}

}  // namespace

LaunchStatus apply_mounts(const Unit& unit, const LaunchContext& context, LaunchPlan& plan) {
    MountConfig changes = unit.mounts;
    if (changes.proc == ProcView::inherited) changes.proc.reset();
    if (!unit.namespaces.mount && changes.is_empty()) return {};
    if (!unit.namespaces.mount) {
        return std::unexpected(
            LaunchFailure{.key = "mounts",
                          .object = unit.name,
                          .hint = "they would be the host's as well; say namespaces.mount = true"});
    }
    MountBuilder builder{unit, context, plan};
    builder.add_all();
    builder.resolve_and_sort();
    builder.finish();
    return {};
}

}  // namespace confinit
