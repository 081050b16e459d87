// SPDX-License-Identifier: Apache-2.0
// Hands: close(2) and read(2) of what a stranger has given us or can write to, by processes that
// may be held by it.
//
// The last close of a TCP socket with SO_LINGER and a full window waits for its peer, that of a
// FUSE file for its server, and that of a unix socket for whatever lies unread in it; an older
// kernel lets who closes any unix socket clean up after those that others have lost. A pipe is
// locked while somebody writes into it from memory that is slow to come, and its reader waits,
// whatever O_NONBLOCK says.
//
// The helpers share PID 1's table of descriptors and nothing else: they get numbers. A number is
// given to one helper at a time, and PID 1 never closes one that it has given away, so that no
// other descriptor is met by mistake: while it is open the kernel gives the number to nobody else.
#pragma once

#include "base/fd.h"
#include "base/shared_memory.h"
#include "kernel/clone.h"
#include "supervisor/helpers/hands_process.h"
#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/reaper.h"
#include "supervisor/loop/timer.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace confinit {

struct HandsBounds {
    std::size_t helpers = 128;
    std::size_t helpers_of_users = 64;    // that all users' descriptors may hold at the same time
    std::size_t helpers_each_owner = 4;   // and those of one owner
    std::size_t waiting_each_owner = 64;  // descriptors of one owner, until it is clogged
    // A helper that is busy for longer does not keep others waiting any more.
    std::chrono::milliseconds patience{100};
    // Then one that closes is killed, which ends a wait for a peer, but not one for a file system
    // or a lock. Nothing is lost by it: the kernel does the rest of the close without the helper.
    std::chrono::milliseconds last_patience{250};
};

class Hands {
public:
    // On whose account it is: a user who is no operator, the operators, or one run of a service.
    using Owner = std::uint64_t;
    static Owner user(uid_t uid) { return uid; }
    static Owner operators() { return above_users; }
    Owner new_owner() { return next_owner_++; }

    // The bytes that were read, none at the end of the file, or the errno. Called from the loop.
    using Done = std::move_only_function<void(std::string_view bytes, int error)>;

    static Result<std::unique_ptr<Hands>> make(EventLoop& loop, Reaper& reaper, CloneMethod method,
                                               HandsBounds bounds = {});
    Hands(const Hands&) = delete;
    Hands& operator=(const Hands&) = delete;
    ~Hands();

    // Closes it some time. Nobody may watch the descriptor any more; nobody hears of a read of it
    // that is under way.
    void close(Fd fd, Owner owner);

    // Reads a piece. The descriptor stays open until `done` is called, or goes by close() of the
    // same owner.
    void read(const Fd& fd, Owner owner, Done done);

    // Whether so much of this owner's waits that nothing more should be taken from it.
    bool is_clogged(Owner owner) const;

    std::size_t waiting() const { return waiting_; }
    // Helpers that are busy for longer than they should be.
    std::size_t stuck() const;
    // The descriptors that wait, or that a helper has.
    std::vector<int> numbers() const;

private:
    struct Item {
        HandsOrder order;
        Owner owner = 0;
        Done done = nullptr;
        bool is_closed_after = false;
    };
    struct Account {
        std::deque<Item> queue;
        std::size_t seats = 0;  // helpers that are busy for it
    };
    struct Helper {
        pid_t pid() const { return process.pid(); }

        Process process;
        Pipe orders;  // both ends of both are ours, and so the helper's
        Pipe answers;
        Shared<HandsProgress> progress;
        std::optional<Item> item;
        Clock::time_point since{};
        bool is_killed = false;
        Watch watch;
    };

    Hands(EventLoop& loop, Reaper& reaper, CloneMethod method, HandsBounds bounds)
        : loop_(loop), reaper_(reaper), method_(method), bounds_(bounds) {}

    Status add_helper();
    void on_answer(Helper& helper);
    void on_exit(pid_t pid);
    void finish(Item item, std::string_view bytes, int error);
    void queue(Item item);
    bool give(Helper& helper, Account& account);
    std::optional<Item> take_back(Helper& helper);
    static void end(Helper& helper);
    static bool is_killable(const Helper& helper);
    Helper* find_idle();
    bool needs_helper() const;
    bool has_seat(Owner owner, const Account& account) const;
    Account* find_next();
    void work();
    void retire_idle();
    void expire();
    void set_timer();

    EventLoop& loop_;
    Reaper& reaper_;
    CloneMethod method_;
    HandsBounds bounds_;
    static constexpr Owner above_users = Owner{1} << 32;
    Owner next_owner_ = above_users + 1;
    std::map<Owner, Account> accounts_;  // of those who wait, or hold a helper
    Owner last_served_ = 0;
    std::size_t waiting_ = 0;      // in the queues of all accounts
    std::size_t users_seats_ = 0;  // helpers that are busy for users
    std::list<Helper> helpers_;
    std::optional<Timer> timer_;
};

// By the hands of this loop; a loop that has none closes by itself.
void let_go(const EventLoop& loop, Fd fd, Hands::Owner owner);
void let_go(const EventLoop& loop, std::vector<Fd> descriptors, Hands::Owner owner);
bool is_clogged(const EventLoop& loop, Hands::Owner owner);
// The descriptors of all owners that wait to be closed or read.
std::size_t waiting_for_hands(const EventLoop& loop);
Hands::Owner new_owner(const EventLoop& loop);
// The descriptors that a copy of PID 1 must not close before its work is done: it might wait.
std::vector<int> numbers_for_hands(const EventLoop& loop);

}  // namespace confinit
