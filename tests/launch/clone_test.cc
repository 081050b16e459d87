// SPDX-License-Identifier: Apache-2.0
// How a process gets into its node: by each method, and on kernels that kill what is cloned there.
//
// The tests tagged [cgroup] make nodes at the root of the cgroup tree, so they run in the VM only.
#include "fault.h"
#include "scene.h"

#include "kernel/clone.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

Cgroup tree() {
    auto root = Cgroup::open("/sys/fs/cgroup");
    if (!root) FAIL(root.error().text());
    return std::move(*root);
}

// A node of this name below the root, fresh, and gone with the test.
class Node {
public:
    explicit Node(std::string name) : name_(std::move(name)), node_(make(root_, name_)) {}
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node() { (void)root_.remove_child(name_); }

    void make_anew() {
        REQUIRE(root_.remove_child(name_).has_value());
        node_ = make(root_, name_);
    }
    const Cgroup& operator*() const { return node_; }
    const Cgroup* operator->() const { return &node_; }

private:
    static Cgroup make(const Cgroup& root, const std::string& name) {
        auto node = root.make_child(name);
        if (!node) FAIL(node.error().text());
        return std::move(*node);
    }

    Cgroup root_ = tree();
    std::string name_;
    Cgroup node_;
};

// The whole of G1's trap in one call: does a process that is cloned into the node live?
bool lives_in(const Cgroup& node, CloneMethod method) {
    const auto process = clone_process(method, 0, node.directory().get());
    REQUIRE(process);
    if (process->pid() == 0) _exit(0);
    const auto end = process->wait();
    REQUIRE(end);
    return end->si_code == CLD_EXITED;
}

// Runs `work` in a process of its own that has moved into the node; its result.
bool run_inside(const Cgroup& node, bool (*work)(const Cgroup& target), const Cgroup& target) {
    const pid_t pid = fork();
    if (pid == 0) {
        if (!node.write("cgroup.procs", "0")) _exit(2);
        _exit(work(target) ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) != 2);
    return WEXITSTATUS(status) == 0;
}

bool probed_method_lives(const Cgroup& target) {
    const CloneMethod method = probe_clone_method(&target);
    auto child = target.make_child("child");
    if (!child) return false;
    // clone_process() leaves the move to the caller; a process that is not moved always lives.
    const bool lives = lives_in(*child, method);
    return target.remove_child("child") && lives;
}

}  // namespace

TEST_CASE("where clone3 is refused, clone does the same", "[launch][S9]") {
    const int error = GENERATE(ENOSYS, E2BIG, EINVAL, EPERM, EOPNOTSUPP);
    Scene scene{{"ids", "namespaces"}};
    scene.plan.clone_flags = CLONE_NEWUTS | CLONE_NEWNS;

    std::string own_uts = namespace_of(getpid(), "uts");
    run_with_fault(
        {.call = SYS_clone3, .action = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)},
        [&](const Fd&) {
            const CloneMethod method = probe_clone_method(nullptr);
            REQUIRE(method == CloneMethod::clone_then_move);
            Launch launch{scene.sealed(), {}, -1, method};
            launch.finish();
            CHECK_FALSE(launch.failed);
            CHECK(launch["uid"] == "0 0 0");
            CHECK(launch["ns.uts"] != own_uts);
        });
}

TEST_CASE("with nothing in its way clone3 goes into the node", "[launch][S9]") {
    CHECK(probe_clone_method(nullptr) == CloneMethod::clone3_into_node);
}

TEST_CASE("each method brings the service into its node", "[.][cgroup][G1]") {
    const auto method = GENERATE(CloneMethod::clone3_into_node, CloneMethod::clone3_then_move,
                                 CloneMethod::clone_then_move);
    const auto namespaces = GENERATE(0, CLONE_NEWNS | CLONE_NEWPID, CLONE_NEWUSER);
    const Node node{"clone-test"};
    Scene scene{{"read:/proc/self/cgroup"}};
    scene.plan.clone_flags = static_cast<std::uint64_t>(namespaces);
    if (namespaces == CLONE_NEWUSER) scene.plan.uid_map = scene.plan.gid_map = "0 0 1\n";

    Launch launch{scene.sealed(), {}, node->directory().get(), method};
    launch.finish();

    CHECK_FALSE(launch.failed);
    INFO(name(method) << ": " << launch.output);
    CHECK(launch.output.find("/clone-test") != std::string::npos);
}

TEST_CASE("a node that processes may not enter is told", "[.][cgroup][G1][H4]") {
    const Node node{"clone-test"};
    REQUIRE(node->make_child("below").has_value());
    REQUIRE(node->write("cgroup.subtree_control", "+memory").has_value());
    Scene scene{{"exit:0"}};

    const auto spawned =
        spawn(scene.sealed(), node->directory().get(), {}, CloneMethod::clone3_then_move);

    REQUIRE_FALSE(spawned.has_value());
    CHECK(spawned.error().key == "cgroup");
    CHECK(spawned.error().object == "cgroup.procs");
    CHECK(spawned.error().call == "write");
    CHECK(spawned.error().error == EBUSY);
    CHECK(spawned.error().hint.find("subtree_control") != std::string::npos);
    // The child never got past its first step.
    int status = -1;
    REQUIRE(waitpid(-1, &status, 0) > 0);
    CHECK(WIFSIGNALED(status));
}

TEST_CASE("a killed node that is made anew can be cloned into", "[.][cgroup][G1]") {
    Node node{"clone-test"};
    REQUIRE(node->kill().has_value());
    const bool has_trap = !lives_in(*node, CloneMethod::clone3_into_node);
    WARN("cloned into a killed node, a process " << (has_trap ? "is killed" : "lives"));

    node.make_anew();

    CHECK(lives_in(*node, CloneMethod::clone3_into_node));
}

TEST_CASE("whoever sits in a killed node finds a method that works", "[.][cgroup][G1]") {
    const Node own{"clone-test"};
    const Node target{"clone-test-target"};
    REQUIRE(own->kill().has_value());

    CHECK(run_inside(*own, probed_method_lives, *target));
}

}  // namespace confinit::testing
