// SPDX-License-Identifier: Apache-2.0
// LaunchOrder: what the maker of a child is told beside the plan's image, and where it answers.
//
// The maker is PID 1 itself, or the launcher: then the order is one datagram with the image and the
// witnesses behind it, and the descriptors come along.
#pragma once

#include "launch/child_plan.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace confinit {

// The descriptors that the maker is lent, by their places in LaunchOrder::lent.
enum class LentPlace : std::size_t {
    node,    // the cgroup node that the child is cloned into
    report,  // the child's ends of the sockets
    exit,
    prepared,
    preparer,
    input,
    output,
    error,
    ready,
    join_pidfd,
    join_user,
    reaper,  // the program
    image,   // a file of what stands behind the order, where a datagram has no room for it
    joins,   // the first of those
};
inline constexpr std::size_t most_joins = 8;  // there are no more kinds of namespaces
inline constexpr std::size_t lent_count = static_cast<std::size_t>(LentPlace::joins) + most_joins;

// In characters, of a run's notify socket.
inline constexpr std::size_t longest_notify_name = 31;

struct LaunchOrder {
    std::uint64_t image_size = 0;
    std::uint64_t witnesses_size = 0;  // 0: none is looked at again
    std::uint32_t slot = 0;            // of the launcher's memory, for the answer
    bool uses_clone3 = true;
    bool tty_is_stream = false;
    bool wait_for_parent = false;
    bool owns_proc_files = false;
    bool has_preparer = false;  // another maker has made it, and no more than that
    // Descriptors, or -1. In a datagram: their places among those that come along.
    std::array<int, lent_count> lent = [] {
        std::array<int, lent_count> none{};
        none.fill(-1);
        return none;
    }();
    char notify_name[longest_notify_name + 1] = {};

    int& operator[](LentPlace what) { return lent[static_cast<std::size_t>(what)]; }
    int operator[](LentPlace what) const { return lent.data()[static_cast<std::size_t>(what)]; }
};
static_assert(std::is_trivially_copyable_v<LaunchOrder>);

// The call at which the launcher could not go on.
enum class LauncherCall : std::int32_t { clone, recvmsg, mmap, fcntl };

// The answer to one order, in memory that PID 1 and the launcher share. The kernel itself writes
// the pids, before the process that they name takes its first step (CLONE_PARENT_SETTID of
// clone(2)): so they are true also where the launcher is killed right after the clone, and a pid of
// 0 in the slot of a launcher that has ended says that there is no such process.
struct LaunchSlot {
    LastWords last_words;
    std::int32_t child = 0;
    std::int32_t preparer = 0;
    LauncherCall failed_call = LauncherCall::clone;
    std::int32_t error = 0;           // of that call for the child, an errno
    std::int32_t preparer_error = 0;  // of the preparer's
    std::int32_t is_cancelled = 0;    // by PID 1: nobody waits for it any more
};

inline constexpr std::size_t launch_slot_count = 1024;

// The descriptors that the launcher begins with. Those up to `lowest_lent` stay taken.
inline constexpr int launcher_link = 3;   // SOCK_SEQPACKET: orders, and the numbers of slots back
inline constexpr int launcher_slots = 4;  // the shared memory
inline constexpr int lowest_lent = 10;

// Each part of a datagram begins at a multiple of that.
inline constexpr std::size_t order_alignment = 16;
inline constexpr std::size_t aligned_order_size(std::size_t size) {
    return (size + order_alignment - 1) / order_alignment * order_alignment;
}

// As large as a datagram is without a change of the kernel's limits; larger images come as files.
inline constexpr std::size_t largest_order = 96 * 1024;

}  // namespace confinit
