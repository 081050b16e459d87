// SPDX-License-Identifier: Apache-2.0
// CgroupTree: our part of the cgroup v2 tree: a leaf for ourselves, and what others are made below.
#include "cgroup_tree.h"

#include "base/file.h"
#include "base/text.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr const char* own_leaf = "init";

// The path of our own node, from the line "0::/path" of /proc/self/cgroup.
Result<std::string> own_node_path() {
    const std::string text = TRY(read_file(AT_FDCWD, "/proc/self/cgroup"));
    for (const std::string_view line : split(text, '\n')) {
        if (line.starts_with("0::")) return std::string{line.substr(3)};
    }
    return failure("/proc/self/cgroup has no line of cgroup v2");
}

// Where cgroup v2 is mounted: a hybrid machine has it below "unified".
Result<std::string> mount_point() {
    for (const char* path : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
        if (access((std::string{path} + "/cgroup.controllers").c_str(), F_OK) == 0) return path;
    }
    return failure(
        "no cgroup v2 at /sys/fs/cgroup: mount cgroup2 there, or start the container "
        "with a private, writable cgroup namespace");
}

// Everybody in the node goes into the leaf. At the root of the machine kernel threads stay, which
// the kernel permits there alone.
Status move_processes(const Cgroup& from, const Cgroup& leaf) {
    TRY(leaf.write("cgroup.procs", "0"));
    for (const int pid : TRY(from.process_ids())) {
        const auto moved = leaf.write("cgroup.procs", std::to_string(pid));
        const bool may_stay = moved || moved.error().code == EINVAL || moved.error().code == ESRCH;
        if (!may_stay) return moved;
    }
    return {};
}

Status check_type(const Cgroup& node) {
    const auto type = node.read("cgroup.type");
    // The root of the machine has no such file.
    if (!type && type.error().code == ENOENT) return {};
    if (!type) return std::unexpected(type.error());
    if (*type != "domain") {
        return failure(fmt::format("{} is '{}', not 'domain'", node.path(), *type));
    }
    return {};
}

// Offers one controller to the nodes below; the error is kept for the unit that needs it.
Status offer(const Cgroup& node, std::string_view controller) {
    return node.write("cgroup.subtree_control", fmt::format("+{}", controller));
}

// An empty leaf of an earlier supervisor is made anew: a node that was killed once makes some
// kernels kill what is cloned from it.
Result<Cgroup> make_own_leaf(const Cgroup& root) {
    auto leaf = root.make_child(own_leaf);
    if (leaf || leaf.error().code != EEXIST) return leaf;
    (void)root.remove_child(own_leaf);
    leaf = root.make_child(own_leaf);
    if (!leaf && leaf.error().code == EEXIST) return root.open_child(own_leaf);
    return leaf;
}

// The nodes from the parent of this one up to the mount's own, as far as they can be opened: a
// container that sees the whole tree has its limits there.
std::vector<Cgroup> nodes_above(const std::string& mount, std::string path) {
    std::vector<Cgroup> nodes;
    while (!path.empty()) {
        path.resize(path.rfind('/'));
        if (auto node = Cgroup::open(mount + path)) nodes.push_back(std::move(*node));
    }
    return nodes;
}

}  // namespace

Result<CgroupTree> CgroupTree::set_up() {
    const std::string mount = TRY(mount_point());
    std::string path = TRY(own_node_path());
    // Started again by re-execution, or below a leaf that an earlier supervisor made.
    const std::string leaf_suffix = std::string{"/"} + own_leaf;
    if (path.ends_with(leaf_suffix)) path.resize(path.size() - leaf_suffix.size());
    if (path == "/") path.clear();

    CgroupTree tree{TRY(Cgroup::open(mount + path)), nodes_above(mount, path)};
    tree.mount_ = mount;
    const Cgroup leaf = TRY(make_own_leaf(tree.root_));
    TRY(move_processes(tree.root_, leaf));
    TRY(check_type(tree.root_));
    // A controller that cannot be enabled is tried again, and told, for the unit that needs it.
    for (const std::string& controller : TRY(tree.root_.controllers())) {
        (void)offer(tree.root_, controller);
    }
    return tree;
}

}  // namespace confinit
