// SPDX-License-Identifier: Apache-2.0
// confinit-launcher: makes the first processes of launches, so that PID 1 with all of its memory
// need not be copied for them.
//
// They are PID 1's own children (CLONE_PARENT of clone(2)). This process is as PID 1 is, but for
// its memory and its descriptors: what a child inherits is the same from both.
#include "base/reserved_ids.h"
#include "launch/launcher_greeting.h"
#include "launch/launcher_start.h"
#include "launch/spawn/bind_order.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {
namespace {

// It stands before the image in each datagram, whose parts are aligned by that.
struct alignas(order_alignment) Datagram {
    LaunchOrder order;
    alignas(order_alignment) std::byte behind[largest_order];
};
Datagram datagram;
constexpr std::size_t order_size = offsetof(Datagram, behind);

// The children inherit the value of their plan, or else the supervisor's own; between two launches
// the kernel shall kill anybody else first.
class OomProtection {
public:
    OomProtection() {
        file_ = open_own_oom_score();
        if (file_ < 0) return;
        size_ = pread(file_, inherited_, sizeof inherited_, 0);
        set();
    }
    void set() const { (void)pwrite(file_, "-1000", 5, 0); }
    void lift() const {
        if (size_ > 0) (void)pwrite(file_, inherited_, static_cast<std::size_t>(size_), 0);
    }
    // False where the value is refused, which the child tells of.
    bool give(const char* text) const {
        return file_ >= 0 && pwrite(file_, text, __builtin_strlen(text), 0) > 0;
    }

private:
    int file_ = -1;
    ssize_t size_ = 0;
    char inherited_[16] = {};
};

[[noreturn]] void end(int code) {
    (void)syscall(SYS_exit_group, code);
    __builtin_trap();
}

// The descriptors that come along, in the place of their positions in the order.
class LentNumbers {
public:
    // False for a datagram without its descriptors.
    bool take(const msghdr& message, LaunchOrder& order) {
        for (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
             header = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(header))) {
            if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
            count_ = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            __builtin_memcpy(numbers_, CMSG_DATA(header), count_ * sizeof(int));
        }
        for (int& place : order.lent) {
            if (place >= static_cast<int>(count_)) return false;
            if (place >= 0) place = numbers_[place];
        }
        return true;
    }

    // The service's ready pipe becomes this number, which nothing else may have until then.
    bool move_above(int number, LaunchOrder& order) {
        for (std::size_t i = 0; i < count_; ++i) {
            if (numbers_[i] > number) continue;
            const int moved = fcntl(numbers_[i], F_DUPFD_CLOEXEC, number + 1);
            if (moved < 0) return false;
            std::replace(order.lent.begin(), order.lent.end(), numbers_[i], moved);
            (void)close(numbers_[i]);
            numbers_[i] = moved;
        }
        return true;
    }

    void close_all() {
        for (std::size_t i = 0; i < count_; ++i)
            (void)close(numbers_[i]);
        count_ = 0;
    }

private:
    int numbers_[lent_count] = {};
    std::size_t count_ = 0;
};

// The parts behind an order that have come with a file: mapped for the time of one launch.
class FileBehind {
public:
    FileBehind(int file, std::size_t size) : size_(size) {
        if (file < 0) return;
        void* memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
        if (memory != MAP_FAILED) memory_ = memory;
    }
    FileBehind(const FileBehind&) = delete;
    FileBehind& operator=(const FileBehind&) = delete;
    ~FileBehind() {
        if (memory_ != nullptr) (void)munmap(memory_, size_);
    }
    const std::byte* get() const { return static_cast<const std::byte*>(memory_); }

private:
    std::size_t size_;
    void* memory_ = nullptr;
};

class OrderLoop {
public:
    explicit OrderLoop(LaunchSlot* slots) : slots_(slots) {}

    [[noreturn]] void run() {
        for (;;) {
            const ssize_t size = receive();
            if (size == 0) end(EXIT_SUCCESS);
            if (size < 0 && errno == EINTR) continue;
            if (size < static_cast<ssize_t>(order_size)) end(EXIT_FAILURE);
            const std::uint32_t slot = datagram.order.slot;
            if (slot >= launch_slot_count) end(EXIT_FAILURE);
            const Failure failure =
                launch(slots_[slot], static_cast<std::size_t>(size) - order_size);
            slots_[slot].failed_call = failure.call;
            // PID 1 takes the slot for answered once this is there.
            if (failure.error != 0)
                __atomic_store_n(&slots_[slot].error, failure.error, __ATOMIC_RELEASE);
            lent_.close_all();
            // Without its reader there is nobody to launch for.
            if (send(launcher_link, &slot, sizeof slot, MSG_NOSIGNAL) < 0) end(EXIT_SUCCESS);
            protection_.set();
        }
    }

private:
    ssize_t receive() {
        iovec data{&datagram, sizeof datagram};
        alignas(cmsghdr) char control[CMSG_SPACE(lent_count * sizeof(int))];
        msghdr message{};
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        const ssize_t size = recvmsg(launcher_link, &message, MSG_CMSG_CLOEXEC);
        if (size <= 0) return size;
        const bool is_cut = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
        return !is_cut && lent_.take(message, datagram.order) ? size : 1;
    }

    struct Failure {
        LauncherCall call = LauncherCall::clone;
        int error = 0;
    };

    // No error where the slot says the rest.
    Failure launch(LaunchSlot& slot, std::size_t size) {
        const LaunchOrder& order = datagram.order;
        const std::size_t witnesses_at = aligned_order_size(order.image_size);
        const std::size_t whole =
            order.witnesses_size > 0 ? witnesses_at + order.witnesses_size : order.image_size;
        const bool has_file = order[LentPlace::image] >= 0;
        const FileBehind file{order[LentPlace::image], whole};
        const std::byte* behind = has_file ? file.get() : datagram.behind;
        if (behind == nullptr) return {LauncherCall::mmap, errno};
        if (!has_file && whole != size) return {LauncherCall::recvmsg, EBADMSG};
        const Plan& plan = *reinterpret_cast<const Plan*>(behind);
        if (plan.child.ready_number >= lowest_lent &&
            !lent_.move_above(plan.child.ready_number, datagram.order)) {
            return {LauncherCall::fcntl, errno};
        }
        if (!make_room(plan)) return {LauncherCall::mmap, ENOMEM};
        ChildPlan child = bind_order(
            plan, {behind + witnesses_at, order.witnesses_size}, order, &slot.last_words,
            {{words_, words_for(plan)}, {sources_, plan.child.mounts.size()}, notify_variable_});
        child.has_default_signals = true;
        if (is_cancelled(slot)) return {LauncherCall::clone, ECANCELED};
        return make_processes(slot, plan.clone_flags, child);
    }

    // A child that inherits its value need not write it.
    void protect(ChildPlan& child) const {
        if (child.oom_score_adj != nullptr && protection_.give(child.oom_score_adj)) {
            child.oom_score_adj = nullptr;
        } else {
            protection_.lift();
        }
    }

    // Once there is a child, the answer is whole: the preparer comes first.
    Failure make_processes(LaunchSlot& slot, std::uint64_t clone_flags, ChildPlan& child) {
        const LaunchOrder& order = datagram.order;
        if (!child.preparations.empty() && !order.has_preparer) {
            // It is not in the service's node, nor one of those that the service offers.
            protection_.lift();
            const long preparer = copy(order.uses_clone3, 0, -1, slot.preparer);
            if (preparer == 0) prepare(slot, child);
            if (preparer < 0) {
                slot.preparer_error = static_cast<std::int32_t>(-preparer);
                return {};
            }
        }
        if (is_cancelled(slot)) return {LauncherCall::clone, ECANCELED};
        protect(child);
        // The cgroup namespace is left to the child.
        const std::uint64_t namespaces = clone_flags & ~std::uint64_t{CLONE_NEWCGROUP};
        const long pid = copy(order.uses_clone3, namespaces, order[LentPlace::node], slot.child);
        if (pid == 0) run_child(child);
        return {LauncherCall::clone, pid < 0 ? static_cast<int>(-pid) : 0};
    }

    // PID 1 has looked for the preparer of a launch that it gives up after it said so: either it
    // has found this one, or this one finds the word.
    [[noreturn]] static void prepare(const LaunchSlot& slot, const ChildPlan& child) {
        if (is_cancelled(slot)) end(EXIT_SUCCESS);
        run_preparer(child);
    }

    static bool is_cancelled(const LaunchSlot& slot) {
        return __atomic_load_n(&slot.is_cancelled, __ATOMIC_SEQ_CST) != 0;
    }

    // The exit signal is this process's own one, which is SIGCHLD.
    static long copy(bool uses_clone3, std::uint64_t namespaces, int node, std::int32_t& pid) {
        constexpr std::uint64_t kinship = CLONE_PARENT | CLONE_PARENT_SETTID;
        long made = -1;
        if (uses_clone3) {
            clone_args arguments{};
            arguments.flags = namespaces | kinship | CLONE_CLEAR_SIGHAND;
            arguments.parent_tid = reinterpret_cast<std::uintptr_t>(&pid);
            if (node >= 0) {
                arguments.flags |= CLONE_INTO_CGROUP;
                arguments.cgroup = static_cast<__u64>(node);
            }
            made = syscall(SYS_clone3, &arguments, sizeof arguments);
        } else {
            made = syscall(SYS_clone, namespaces | kinship, nullptr, &pid, nullptr, nullptr);
        }
        return made < 0 ? -errno : made;
    }

    // The memory grows with the largest plan, and stays.
    bool make_room(const Plan& plan) {
        return grow(words_, word_count_, words_for(plan)) &&
               grow(sources_, source_count_, plan.child.mounts.size());
    }

    // Each launch fills it anew, so that nothing is kept.
    template <class T>
    static bool grow(T*& memory, std::size_t& present, std::size_t wanted) {
        if (wanted <= present) return true;
        void* larger = mmap(nullptr, wanted * sizeof(T), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (larger == MAP_FAILED) return false;
        if (memory != nullptr) (void)munmap(memory, present * sizeof(T));
        memory = static_cast<T*>(larger);
        present = wanted;
        return true;
    }

    LaunchSlot* slots_;
    LentNumbers lent_;
    OomProtection protection_;
    char** words_ = nullptr;
    std::size_t word_count_ = 0;
    int* sources_ = nullptr;
    std::size_t source_count_ = 0;
    char notify_variable_[notify_variable_size] = {};
};

// All that comes with an order gets a number above these.
void take_low_numbers() {
    for (;;) {
        const int number = dup(launcher_link);
        if (number < 0 || number >= lowest_lent) {
            (void)close(number);
            break;
        }
        (void)fcntl(number, F_SETFD, FD_CLOEXEC);
    }
}

void greet() {
    const LauncherGreeting greeting = own_greeting();
    if (send(launcher_link, &greeting, sizeof greeting, MSG_NOSIGNAL) < 0) end(EXIT_FAILURE);
}

}  // namespace
}  // namespace confinit

int main(int count, char**) {
    using namespace confinit;
    sigset_t all;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, nullptr);
    ignore_no_signal();
    (void)prctl(PR_SET_NAME, "confinit-launch", 0, 0, 0);
    // As PID 1 is, see supervisor/machine/own_user.h; its children begin with the same.
    constexpr uid_t keep = ~uid_t{0};
    if (count > 1 && setresuid(own_user, keep, own_user) < 0) return EXIT_FAILURE;
    // An ordinary user's child has to own its files of /proc, as those of one that can be traced.
    (void)prctl(PR_SET_DUMPABLE, geteuid() == 0 ? 0 : 1, 0, 0, 0);
    // Where setgroups(2) is denied in a new user namespace a child could not get rid of them, and
    // none of the supervisor's are of use to a service.
    (void)setgroups(0, nullptr);
    constexpr std::size_t size = sizeof(LaunchSlot) * launch_slot_count;
    void* slots =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, launcher_slots, 0);
    if (slots == MAP_FAILED) return EXIT_FAILURE;
    // The kernel writes to it also where this process is being killed, if it need not wait for it.
    (void)mlock(slots, size);
    take_low_numbers();
    greet();
    OrderLoop loop{static_cast<LaunchSlot*>(slots)};
    loop.run();
}
