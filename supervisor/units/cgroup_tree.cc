// SPDX-License-Identifier: Apache-2.0
// CgroupTree: our part of the cgroup v2 tree: a leaf for ourselves, and what others are made below.
#include "supervisor/units/cgroup_tree.h"

#include "base/file.h"
#include "base/text.h"
#include "kernel/capability_set.h"
#include "kernel/cgroup_mount.h"
#include "kernel/mount_table.h"
#include "kernel/proc_status.h"
#include "supervisor/machine/delegation.h"
#include "supervisor/machine/own_user.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr const char* own_leaf = "init";

// The path of our own node; empty for the root.
Result<std::string> own_node_path() {
    const std::string text = TRY(read_file(AT_FDCWD, "/proc/self/cgroup"));
    std::string path = TRY(parse_cgroup_path(text));
    if (path == "/") path.clear();
    return path;
}

// Everybody in the node goes into the leaf. At the root of the machine kernel threads stay, which
// the kernel permits there alone.
Status move_processes(const Cgroup& from, const Cgroup& leaf) {
    TRY(leaf.write("cgroup.procs", "0"));
    for (const int pid : TRY(from.process_ids())) {
        const auto moved = leaf.write("cgroup.procs", std::to_string(pid));
        const bool may_stay =
            moved || moved.error().error == EINVAL || moved.error().error == ESRCH;
        if (!may_stay) return moved;
    }
    return {};
}

Status check_type(const Cgroup& node) {
    const auto type = node.read("cgroup.type");
    // The root of the machine has no such file.
    if (!type && type.error().error == ENOENT) return {};
    if (!type) return std::unexpected(type.error());
    if (*type != "domain") {
        return failure(fmt::format("{} is '{}', not 'domain'", node.path(), *type));
    }
    return {};
}

// An empty leaf of an earlier supervisor is made anew: a node that was killed once makes some
// kernels kill what is cloned from it.
Result<Cgroup> make_own_leaf(const Cgroup& root) {
    auto leaf = root.make_child(own_leaf);
    if (leaf || leaf.error().error != EEXIST) return leaf;
    (void)root.remove_child(own_leaf);
    leaf = root.make_child(own_leaf);
    if (!leaf && leaf.error().error == EEXIST) return root.open_child(own_leaf);
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

// The kernel asks for more than the node itself: who moves a process needs to write cgroup.procs of
// the innermost node that both places are below.
Error cannot_join(Error error, const std::string& mount, const std::string& from,
                  const Cgroup& leaf) {
    const std::string file = leaf.path() + "/cgroup.procs";
    if (error.error != EACCES) return system_error(error.error, "write", file);
    std::string common = mount + from;
    while (common != mount && !is_within(leaf.path(), common))
        common.resize(common.rfind('/'));
    error = system_error(error.error, "write", file);
    error.advise(fmt::format(
        "to come from {} needs write access to {}/cgroup.procs, of the node above both: start "
        "confinit in a node beside the wanted one, below a node that belongs to this user",
        mount + from, common));
    return error;
}

// An ordinary process has a leaf of its own: it moves nobody out of one that is in use.
Result<Cgroup> make_leaf_alone(const Cgroup& root) {
    auto leaf = root.make_child(own_leaf);
    if (leaf || leaf.error().error != EEXIST) return leaf;
    TRY(root.remove_child(own_leaf));
    return root.make_child(own_leaf);
}

// Root without capabilities could take the controllers away from all, and fill the tree: the files
// of the tree's root are given to PID 1's own id, where they can be.
bool can_give_root(const AsOwnUser& owner) {
    return owner && holds_capability(CAP_CHOWN);
}

// Our own node, or the one above it where we are in the leaf of an earlier supervisor.
std::string node_to_divide(std::string path) {
    const std::string leaf_suffix = std::string{"/"} + own_leaf;
    if (path.ends_with(leaf_suffix)) path.resize(path.size() - leaf_suffix.size());
    return path;
}

// A container that sees the whole tree may have been started in a node of others.
Status check_containers_own(const Cgroup& node) {
    if (is_tree_root(node)) {
        return failure(node.path() +
                       " is the root of the whole tree, which is not the container's");
    }
    for (const int pid : TRY(node.process_ids())) {
        if (pid != 0) continue;
        return failure(node.path() +
                       " is not the container's alone: a process of another pid "
                       "namespace lives in it");
    }
    return {};
}

// Container runtimes show the tree read-only unless they are asked not to.
Error advised_for_container(Error error) {
    if (error.error == EROFS) {
        error.advise(
            "the runtime gives the container a writable tree by --security-opt "
            "writable-cgroups=true (docker, from 28.0 on) or --security-opt "
            "unmask=/sys/fs/cgroup (podman)");
    }
    return error;
}

constexpr std::string_view how_to_get_one =
    "needed is a node of our own: by 'systemd-run --user -p Delegate=yes confinit ...' (without "
    "--user for root), or an empty one that belongs to this user, by --cgroup=DIRECTORY";

// A supervisor that may not set the affinities of all threads again enables cpuset before there are
// any.
std::vector<std::string_view> base_controllers() {
    std::vector<std::string_view> names{"cpu", "memory", "pids"};
    if (!holds_capability(CAP_SYS_NICE)) names.push_back("cpuset");
    return names;
}

}  // namespace

// All in one write: each makes the kernel wait for all processors.
Status offer_base_controllers(const Cgroup& node) {
    const auto there = TRY(node.controllers());
    std::vector<std::string> words;
    for (const std::string_view name : base_controllers()) {
        if (std::ranges::find(there, name) != there.end())
            words.push_back(fmt::format("+{}", name));
    }
    if (words.empty() || node.write("cgroup.subtree_control", join(words, " "))) return {};
    for (const std::string& word : words)
        (void)node.write("cgroup.subtree_control", word);
    return {};
}

Result<CgroupTree> CgroupTree::set_up(Mode mode, const std::string& wanted) {
    const std::string mount = TRY(find_cgroup_mount());
    if (mode == Mode::process) {
        auto borrowed = borrow(mount, wanted);
        if (!borrowed) borrowed.error().advise(how_to_get_one);
        return borrowed;
    }
    const AsOwnUser owner_of_new_files;
    const std::string path = node_to_divide(TRY(own_node_path()));
    CgroupTree tree = TRY(open(mount, path));
    if (mode == Mode::container) TRY(check_containers_own(tree.root_));
    auto made = make_own_leaf(tree.root_);
    if (!made) return std::unexpected(advised_for_container(std::move(made).error()));
    const Cgroup leaf = std::move(*made);
    TRY(move_processes(tree.root_, leaf));
    TRY(check_type(tree.root_));
    TRY(offer_base_controllers(tree.root_));
    if (can_give_root(owner_of_new_files)) TRY(tree.root_.give_files_to(own_user));
    return tree;
}

Result<CgroupTree> CgroupTree::open(const std::string& mount, const std::string& path) {
    CgroupTree tree{TRY(Cgroup::open(mount + path)), nodes_above(mount, path)};
    tree.mount_ = mount;
    return tree;
}

Result<CgroupTree> CgroupTree::borrow(const std::string& mount, const std::string& wanted) {
    const std::string own = TRY(own_node_path());
    std::string path = own;
    if (!wanted.empty()) {
        if (!wanted.starts_with(mount + "/")) return failure(wanted + " is not below " + mount);
        path = wanted.substr(mount.size());
        while (path.ends_with('/'))
            path.pop_back();
    }
    CgroupTree tree = TRY(open(mount, path));
    const Cgroup& root = tree.root_;
    if (is_tree_root(root)) return failure(root.path() + " is the root of the whole tree");
    if (wanted.empty()) TRY(check_delegated(root));
    TRY(check_type(root));
    TRY(check_unshared(root));
    Cgroup origin = TRY(Cgroup::open(mount + own));

    const AsOwnUser owner_of_new_files;
    const Cgroup leaf = TRY(make_leaf_alone(root));
    tree.loan_ = Loan{std::move(origin), TRY(root.enabled_controllers())};
    if (auto moved = leaf.write("cgroup.procs", "0"); !moved) {
        (void)tree.give_back();
        return std::unexpected(cannot_join(std::move(moved).error(), mount, own, leaf));
    }
    (void)offer_base_controllers(root);
    if (!can_give_root(owner_of_new_files)) return tree;
    tree.loan_->is_given = true;
    if (auto given = root.give_files_to(own_user); !given) {
        (void)tree.give_back();
        return std::unexpected(std::move(given).error());
    }
    return tree;
}

namespace {

// We have left it; helpers of ours may still be in there. One that hangs in the kernel is not
// waited for longer than this.
Status remove_own_leaf(const Cgroup& root) {
    constexpr timespec pause{.tv_sec = 0, .tv_nsec = 10'000'000};
    constexpr int most_tries = 200;
    if (const auto leaf = root.open_child(own_leaf)) (void)leaf->kill();
    for (int tries = 1;; ++tries) {
        auto removed = root.remove_child(own_leaf);
        const bool is_busy = !removed && removed.error().error == EBUSY;
        if (!is_busy || tries == most_tries) return removed;
        (void)nanosleep(&pause, nullptr);
    }
}

}  // namespace

// The controllers go first: a node that offers any takes no process back.
Status CgroupTree::give_back() {
    if (!loan_) return {};
    const Loan loan = std::move(*loan_);
    loan_.reset();
    Status result;
    const auto keep_first = [&result](Status done) {
        if (result && !done) result = std::move(done);
    };
    const auto enabled = root_.enabled_controllers().value_or(std::vector<std::string>{});
    for (const std::string& controller : enabled) {
        const bool was_before =
            std::ranges::find(loan.controllers, controller) != loan.controllers.end();
        if (!was_before) keep_first(root_.write("cgroup.subtree_control", "-" + controller));
    }
    keep_first(loan.origin.write("cgroup.procs", "0"));
    keep_first(remove_own_leaf(root_));
    if (loan.is_given) keep_first(root_.give_files_to(0));
    return result;
}

}  // namespace confinit
