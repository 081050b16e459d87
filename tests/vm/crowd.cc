// SPDX-License-Identifier: Apache-2.0
// A crowd of processes that count the signals that each of them gets, while others of them fork.
//
//   crowd FILE MEMBERS FORKERS   makes them, counts in FILE, and tells descriptor 3 when it is
//                                ready; ends when every member has had SIGTERM
//   crowd FILE report COUNT      "members N with fewer N with more N, passers-by N hit N doubled N"
//
// The members share their memory, so that thousands of them are cheap; each is a process of its own
// all the same. The signals are SIGTERM, whose second one may be lost while the first is pending,
// and SIGRTMIN, of which none is lost.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int most_members = 20'000;

struct Counts {
    std::atomic<int> members;
    std::atomic<int> passers_by;  // short-lived children of the forkers
    std::atomic<int> passers_by_hit;
    std::atomic<int> passers_by_doubled;
    std::atomic<bool> is_over;
    std::atomic<int> of_member[most_members];
    std::atomic<int> terms_of_member[most_members];
};

Counts* counts = nullptr;
sigset_t counted;
pid_t members_made[most_members];

[[noreturn]] void give_up(const char* what) {
    (void)std::fprintf(stderr, "crowd: %s: %s\n", what, std::strerror(errno));
    std::exit(EXIT_FAILURE);
}

// The next of the counted signals within this time, or nothing above 0. A raw call, because the
// members share what the library has for each thread.
long wait_for_signal(long milliseconds) {
    const timespec length{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
    constexpr std::size_t kernel_set_size = 8;
    return syscall(SYS_rt_sigtimedwait, &counted, nullptr, &length, kernel_set_size);
}

// Whether there was a signal, which is counted.
bool count_signal(std::intptr_t number, long milliseconds) {
    const long signal = wait_for_signal(milliseconds);
    if (signal <= 0 || signal == SIGUSR1) return false;
    if (signal == SIGTERM) ++counts->terms_of_member[number];
    ++counts->of_member[number];
    return true;
}

int live_as_member(void* number) {
    while (!counts->is_over)
        (void)count_signal(reinterpret_cast<std::intptr_t>(number), 3'600'000);
    return EXIT_SUCCESS;
}

void make_members(int members) {
    constexpr std::size_t stack_size = 16384;
    for (int number = 0; number < members; ++number) {
        char* const stack = static_cast<char*>(
            mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        if (stack == MAP_FAILED) give_up("mmap");
        const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD;
        void* const argument = reinterpret_cast<void*>(static_cast<std::intptr_t>(number));
        members_made[number] = clone(live_as_member, stack + stack_size, flags, argument);
        if (members_made[number] < 0) give_up("clone");
        ++counts->members;
    }
}

// Some are gone before they can be signalled, some are not.
void pass_by(int number) {
    int signals = 0;
    while (wait_for_signal(number % 2 == 0 ? 3 : 100) > 0)
        ++signals;
    ++counts->passers_by;
    if (signals > 0) ++counts->passers_by_hit;
    if (signals > 1) ++counts->passers_by_doubled;
}

[[noreturn]] void fork_and_fork(int number) {
    while (!counts->is_over) {
        const pid_t child = fork();
        if (child == 0) {
            pass_by(number);
            _exit(EXIT_SUCCESS);
        }
        if (child > 0) (void)waitpid(child, nullptr, 0);
        while (count_signal(number, 0)) {
        }
    }
    _exit(EXIT_SUCCESS);
}

void make_forkers(int first, int forkers) {
    for (int number = first; number < first + forkers; ++number) {
        const pid_t pid = fork();
        if (pid < 0) give_up("fork");
        if (pid == 0) fork_and_fork(number);
        ++counts->members;
    }
}

bool all_are_asked_to_stop() {
    for (int number = 0; number < counts->members; ++number) {
        if (counts->terms_of_member[number] == 0) return false;
    }
    return true;
}

// The main process is the last member.
int run(int members, int forkers) {
    counts->members = 0;
    make_members(members);
    make_forkers(members, forkers);
    ++counts->members;
    (void)!write(3, "\n", 1);
    (void)close(3);
    while (!all_are_asked_to_stop())
        (void)count_signal(members + forkers, 20);
    counts->is_over = true;
    for (int number = 0; number < members; ++number)
        (void)kill(members_made[number], SIGUSR1);
    return EXIT_SUCCESS;
}

int report(int expected) {
    int fewer = 0;
    int more = 0;
    for (int number = 0; number < counts->members; ++number) {
        if (counts->of_member[number] < expected) ++fewer;
        if (counts->of_member[number] > expected) ++more;
    }
    (void)std::printf("members %d with fewer %d with more %d, passers-by %d hit %d doubled %d\n",
                      counts->members.load(), fewer, more, counts->passers_by.load(),
                      counts->passers_by_hit.load(), counts->passers_by_doubled.load());
    return EXIT_SUCCESS;
}

}  // namespace

int main(int count, char** arguments) {
    const bool reports = count == 4 && std::strcmp(arguments[2], "report") == 0;
    const int members = count == 4 ? std::atoi(arguments[2]) : 0;
    const int forkers = count == 4 ? std::atoi(arguments[3]) : 0;
    if (count != 4 || members < 0 || forkers < 0 || members + forkers >= most_members) {
        (void)std::fputs("usage: crowd FILE MEMBERS FORKERS | crowd FILE report COUNT\n", stderr);
        return EXIT_FAILURE;
    }
    const int file =
        open(arguments[1], O_RDWR | O_CLOEXEC | (reports ? 0 : O_CREAT | O_TRUNC), 0600);
    if (file < 0) give_up(arguments[1]);
    if (!reports && ftruncate(file, sizeof(Counts)) < 0) give_up("ftruncate");
    void* const memory = mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) give_up("mmap");
    counts = static_cast<Counts*>(memory);
    if (reports) return report(forkers);
    sigemptyset(&counted);
    sigaddset(&counted, SIGTERM);
    sigaddset(&counted, SIGRTMIN);
    sigaddset(&counted, SIGUSR1);
    if (sigprocmask(SIG_BLOCK, &counted, nullptr) < 0) give_up("sigprocmask");
    return run(members, forkers);
}
