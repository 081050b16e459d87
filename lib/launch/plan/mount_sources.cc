// SPDX-License-Identifier: Apache-2.0
// The file systems that a service's mounts bring: of memory, of the kernel, of the host.
#include "launch/plan/mount_builder.h"

#include "base/look_note.h"

#include <algorithm>
#include <array>
#include <sys/sysmacros.h>

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

std::string octal(unsigned mode) {
    std::string digits;
    for (; mode != 0; mode /= 8)
        digits.insert(digits.begin(), static_cast<char>('0' + mode % 8));
    return "0" + digits;
}

}  // namespace

void MountBuilder::add_tmpfs(std::string target, std::string key, unsigned mode,
                             std::uint64_t attributes, std::optional<std::uint64_t> size) {
    PlannedOp& planned = add(MountOpKind::tmpfs, std::move(target), std::move(key));
    planned.is_directory = true;
    MountDraft& op = planned.op;
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
    ops_.back().op.may_be_absent = unit_.mounts.root_image.has_value();
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
        MountDraft& op = add(MountOpKind::device_node, path, key).op;
        op.source = op.target;
        op.attributes = attributes;
        op.device = makedev(node.major, node.minor);
    }
    for (const std::string_view name : {"/dev/pts", "/dev/shm", "/dev/mqueue"}) {
        add(MountOpKind::directory, std::string{name}, key).op.mode = 0755;
    }
    add(MountOpKind::devpts, "/dev/pts", key).op.attributes = attributes;
    add_tmpfs("/dev/shm", key, 01777, no_devices);
    add_message_queues(key, no_devices | MOUNT_ATTR_NOEXEC);
    for (const DeviceLink& link : device_links) {
        MountDraft& op = add(MountOpKind::symlink, "/dev/" + std::string{link.name}, key).op;
        op.source = keep(plan_, std::string{link.text});
    }
}

// They belong to the ipc namespace, of which a user namespace that is newer has no rights to mount
// any: what the host has mounted is bound then, and where that is nothing the directory stays
// empty.
void MountBuilder::add_message_queues(const std::string& key, std::uint64_t attributes) {
    constexpr std::string_view path = "/dev/mqueue";
    const NamespaceConfig& namespaces = unit_.namespaces;
    const bool is_of_others = namespaces.user && !namespaces.ipc;
    const ServiceView host{"/"};
    if (is_of_others && host.type_of_mount(path) != "mqueue") return;
    MountDraft& op = add(MountOpKind::mqueue, std::string{path}, key).op;
    op.attributes = attributes;
    if (is_of_others) op.source = op.target;
}

namespace {

// The options of proc(5) for what the service may see of processes, and of the rest.
std::string proc_options(ProcView view, bool pids_only) {
    std::string options;
    if (view == ProcView::noaccess) options = "hidepid=noaccess";
    if (view == ProcView::invisible) options = "hidepid=invisible";
    if (view == ProcView::ptraceable) options = "hidepid=ptraceable";
    if (pids_only) options.append(options.empty() ? "" : ",").append("subset=pid");
    return options;
}

}  // namespace

// A user namespace has no rights over a pid namespace that is older: the preparer makes the procfs
// then, which has the host's.
void MountBuilder::add_proc() {
    const NamespaceConfig& namespaces = unit_.namespaces;
    const bool is_own_by_default = namespaces.pid && !unit_.mounts.proc;
    const ProcView proc =
        is_own_by_default ? ProcView::own : unit_.mounts.proc.value_or(ProcView::inherited);
    if (proc == ProcView::inherited) return;
    const std::string key = is_own_by_default ? "namespaces.pid" : "mounts.proc";
    PlannedOp& planned = add(MountOpKind::proc, "/proc", key);
    planned.is_directory = true;
    MountDraft& op = planned.op;
    op.attributes = no_devices | MOUNT_ATTR_NOEXEC;
    const std::string options = proc_options(proc, unit_.mounts.proc_pids_only);
    if (!options.empty()) op.options = keep(plan_, options);
    const bool is_of_host =
        namespaces.user && !namespaces.pid && !joins_namespace(namespaces, NamespaceKind::pid);
    if (!is_of_host) return;
    PreparationDraft procfs{};
    procfs.kind = PreparationKind::procfs;
    procfs.path = op.target;
    procfs.options = op.options;
    plan_.child.preparations.push_back(procfs);
    plan_.preparation_keys.push_back(key);
}

// A device of the host's may be asked for by name in a /dev that is the service's own, where the
// op has to make the file that is mounted on; it is checked like the standard ones.
void MountBuilder::add_binds() {
    const ServiceView host{"/"};
    for (std::size_t i = 0; i < unit_.mounts.bind.size(); ++i) {
        if (unit_.leaves_out(indexed("mounts.bind", i))) continue;
        const BindMount& bind = unit_.mounts.bind[i];
        note_key(indexed("mounts.bind", i));
        const Lookup source = host.find(bind.source);
        const bool is_device = unit_.mounts.private_dev && is_within(bind.target, "/dev") &&
                               source.presence == Lookup::Presence::present &&
                               S_ISCHR(source.status.st_mode) && source.path == bind.source;
        PlannedOp& planned = add(is_device ? MountOpKind::device_node : MountOpKind::bind,
                                 bind.target, indexed("mounts.bind", i));
        planned.is_directory =
            source.presence == Lookup::Presence::present && S_ISDIR(source.status.st_mode);
        MountDraft& op = planned.op;
        op.source = keep(plan_, bind.source);
        op.attributes = bind.read_only ? std::uint64_t{MOUNT_ATTR_RDONLY} : 0;
        op.recursive = bind.recursive;
        if (is_device) op.device = source.status.st_rdev;
    }
}

// Bound to where they are, they stay writable whatever is read-only around them, and are there in
// whatever lies over their place. The preparer makes them before the child looks.
void MountBuilder::add_directories() {
    for (std::size_t i = 0; i < plan_.child.preparations.size(); ++i) {
        const PreparationDraft& preparation = plan_.child.preparations[i];
        if (preparation.kind != Preparation::Kind::directory) continue;
        const std::string path = directory_path(preparation.base, preparation.path);
        PlannedOp& planned = add(MountOpKind::bind, path, plan_.preparation_keys[i]);
        planned.is_directory = true;
        planned.op.source = planned.op.target;
        planned.op.recursive = true;
        planned.op.exact_source = true;
    }
}

// The layers stand right before their overlay, the topmost first.
void MountBuilder::add_overlays() {
    for (std::size_t i = 0; i < unit_.mounts.overlay.size(); ++i) {
        const OverlayMount& overlay = unit_.mounts.overlay[i];
        const std::string key = indexed("mounts.overlay", i);
        if (unit_.leaves_out(key)) continue;
        std::uint32_t count = 0;
        const auto add_layer = [&](std::uint32_t which, const char* source, std::string name) {
            PlannedOp& layer = add(MountOpKind::overlay_layer, overlay.target, key + "." + name);
            layer.is_directory = count == 0;
            layer.op.source = source;
            layer.op.mode = which;
            ++count;
        };
        for (std::size_t n = 0; n < overlay.lower.size(); ++n)
            add_layer(lower_layer, keep(plan_, overlay.lower[n]), indexed("lower", n));
        if (overlay.upper) add_layer(upper_layer, keep(plan_, *overlay.upper), "upper");
        if (overlay.work) add_layer(work_layer, keep(plan_, *overlay.work), "work");
        if (overlay.upper_in_memory) {
            const std::string size = overlay.size ? "size=" + std::to_string(*overlay.size) : "";
            add_layer(memory_layer, size.empty() ? nullptr : keep(plan_, size), "upper");
        }
        MountDraft& op = add(MountOpKind::overlay, overlay.target, key).op;
        op.mode = count;
        if (!overlay.upper && !overlay.upper_in_memory) op.attributes = MOUNT_ATTR_RDONLY;
        if (unit_.namespaces.user) op.options = "userxattr";
    }
}

// A root of the service's own may be without it, and then there is nothing to hide. A key of the
// unit that names the same path says what it wants, and comes later.
void MountBuilder::add_runtime_directory() {
    const std::string& path = context_.runtime_directory;
    if (path.empty()) return;
    const std::string key{operator_key};
    add_tmpfs(path, key, 0755, no_devices | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY);
    ops_.back().is_preset = true;
    ops_.back().op.may_be_absent = unit_.mounts.root_image.has_value();
    const auto show = [this](const std::vector<std::string>& sockets, std::string_view why) {
        for (const std::string& socket : sockets) {
            MountDraft& op = add(MountOpKind::bind, socket, std::string{why}).op;
            op.source = op.target;
            op.attributes = no_devices | MOUNT_ATTR_NOEXEC;
        }
    };
    if (unit_.service->is_operator) show(context_.operator_sockets, operator_key);
    if (unit_.service->is_deputy) show(context_.deputy_sockets, deputy_key);
}

// Read-only: even root in there can neither remove the socket nor put another one in its place. In
// a mount namespace that begins with the host's tree it hides the sockets of the other units.
void MountBuilder::add_notify_directory() {
    if (!has_notify_socket(unit_)) return;
    PlannedOp& planned =
        add(MountOpKind::bind, context_.notify_root, std::string{notify_key(unit_)});
    planned.is_directory = true;
    planned.op.source = keep(plan_, notify_directory(unit_, context_));
    planned.op.attributes = no_devices | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
    planned.op.recursive = true;
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

// The tree begins at the node where a cgroup namespace begins. Root owns the files of its own
// limits, so that the tree is read-only where no subtree is the service's; a root without the
// directory has no need of it then.
void MountBuilder::add_own_cgroup_tree(const std::string& path) {
    const bool is_delegated = unit_.cgroup_place.delegate;
    PlannedOp& planned =
        add(MountOpKind::cgroup, path, is_delegated ? "cgroup.delegate" : "namespaces.cgroup");
    planned.is_directory = is_delegated;
    planned.op.attributes = no_devices | MOUNT_ATTR_NOEXEC;
    if (is_delegated) return;
    const auto& writable = unit_.mounts.read_write;
    if (std::ranges::find(writable, path) == writable.end()) {
        planned.op.attributes |= MOUNT_ATTR_RDONLY;
    }
    planned.op.may_be_absent = unit_.mounts.root_image.has_value();
    planned.is_preset = true;
}

// The service sees the tree in such a way that root cannot raise the limits that hold for it.
void MountBuilder::add_cgroup_tree() {
    const std::string& path = context_.cgroup_mount;
    const bool is_delegated = unit_.cgroup_place.delegate;
    if (unit_.namespaces.cgroup && (is_delegated || !path.empty())) {
        return add_own_cgroup_tree(path.empty() ? "/sys/fs/cgroup" : path);
    }
    if (is_delegated || path.empty() || keeps_cgroup_tree(path)) return;
    PlannedOp& planned = add(MountOpKind::read_only, path, "cgroup.delegate", Turn::read_only);
    planned.op.recursive = true;
    // An image may be without it, and then there is nothing to write to.
    planned.op.may_be_absent = unit_.mounts.root_image.has_value();
    planned.is_preset = true;
}

}  // namespace confinit
