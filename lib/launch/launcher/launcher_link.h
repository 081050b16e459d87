// SPDX-License-Identifier: Apache-2.0
// LauncherLink: the parent's side of one launcher process: its socket, and the slots of answers.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "launch/launch_order.h"
#include "launch/launcher_greeting.h"
#include "launch/spawn/prepared_launch.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

namespace confinit {

// The memory that launchers, one after the other, and their children share with the parent.
class LaunchSlots : public std::enable_shared_from_this<LaunchSlots> {
public:
    static Result<std::shared_ptr<LaunchSlots>> make();
    LaunchSlots(const LaunchSlots&) = delete;
    LaunchSlots& operator=(const LaunchSlots&) = delete;
    ~LaunchSlots();

    // A slot that nobody has used for the longest time, all 0; absent when there is none. A child
    // that is being killed may still be writing to one that was given back.
    std::optional<std::uint32_t> take();
    void give_back(std::uint32_t slot) { free_.push_back(slot); }
    // The last words of its child; it is given back with them.
    LastWordsPage last_words(std::uint32_t slot);

    // The launcher makes no more processes for it.
    void cancel(std::uint32_t slot);

    const LaunchSlot& operator[](std::uint32_t slot) const { return slots_[slot]; }
    const Fd& memory() const { return memory_; }

private:
    LaunchSlots(Fd memory, LaunchSlot* slots);

    Fd memory_;
    LaunchSlot* slots_;
    std::deque<std::uint32_t> free_;
};

class LauncherLink {
public:
    // `program` is that of load_helper(). The process is the caller's to reap. Its first word is
    // read by receive().
    static Result<LauncherLink> start(const Fd& program, const LaunchSlots& slots,
                                      CloneMethod method);

    // Sends without waiting: EAGAIN when the launcher has as much to do as the socket holds, EPIPE
    // when there is none.
    Status send(const LaunchPlan& plan, const LaunchOrder& order);

    // The slot of an answer; absent when there is none at present. ENODATA at the end, EPERM where
    // the launcher may do less than this process.
    Result<std::optional<std::uint32_t>> receive();

    const Process& process() const { return process_; }
    const Fd& socket() const { return socket_; }
    bool is_greeted() const { return is_greeted_; }

private:
    LauncherLink(Process process, Fd socket)
        : process_(std::move(process)), socket_(std::move(socket)) {}
    Status greet(const LauncherGreeting& greeting);

    Process process_;
    Fd socket_;
    bool is_greeted_ = false;
};

// The answer that the slot holds by now: absent while the launcher is at it. `made` keeps the
// preparer that was seen before. The parent has not reaped them, so that the pids are theirs. A
// process that cannot be opened by its pid is killed.
std::optional<Result<MadeProcesses>> look_at_slot(const LaunchPlan& plan,
                                                  const PreparedLaunch& prepared,
                                                  const LaunchSlot& slot, MadeProcesses& made);

}  // namespace confinit
