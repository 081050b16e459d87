// SPDX-License-Identifier: Apache-2.0
// The probe's commands on system calls: what a hostile program would try to get around a filter.
#include "probe.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <spawn.h>
#include <string>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace probe {

namespace {

constexpr std::size_t page = 4096;

using Words = std::array<unsigned long, 7>;

// "NUMBER" or "NUMBER,ARGUMENT,...": what is not given is 0.
Words words_of(const std::string& text) {
    Words words{};
    const char* rest = text.c_str();
    for (unsigned long& word : words) {
        char* end = nullptr;
        word = std::strtoul(rest, &end, 0);
        if (*end != ',') break;
        rest = end + 1;
    }
    return words;
}

// In a child, so that what is got stays there; the child's status is errno, or 0.
template <class Act>
std::string result_in_child(Act act) {
    const pid_t child = fork();
    if (child == 0) _exit(act() ? 0 : errno);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0) return error_name();
    if (!WIFEXITED(status)) return "signal " + std::to_string(WTERMSIG(status));
    errno = WEXITSTATUS(status);
    return result_of(errno == 0);
}

long clone3(std::uint64_t flags) {
    clone_args arguments{};
    arguments.flags = flags;
    arguments.exit_signal = SIGCHLD;
    const long child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0) _exit(0);
    return child;
}

// The socket that IORING_OP_SOCKET makes of this family; -1 with errno where nothing gets so far.
int socket_by_ring(int family) {
    io_uring_params parameters{};
    const int ring = static_cast<int>(syscall(SYS_io_uring_setup, 1, &parameters));
    if (ring < 0) return -1;
    const std::size_t ring_size =
        parameters.cq_off.cqes + parameters.cq_entries * sizeof(io_uring_cqe);
    void* rings =
        mmap(nullptr, ring_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    void* entries = mmap(nullptr, sizeof(io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
                         IORING_OFF_SQES);
    if (rings == MAP_FAILED || entries == MAP_FAILED) return -1;
    auto* bytes = static_cast<unsigned char*>(rings);
    io_uring_sqe entry{};
    entry.opcode = IORING_OP_SOCKET;
    entry.fd = family;
    entry.off = SOCK_STREAM;
    std::memcpy(entries, &entry, sizeof entry);
    const unsigned tail = 1;
    std::memcpy(bytes + parameters.sq_off.tail, &tail, sizeof tail);
    if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, nullptr, 0) < 0) return -1;
    io_uring_cqe completion{};
    std::memcpy(&completion, bytes + parameters.cq_off.cqes, sizeof completion);
    if (completion.res >= 0) return completion.res;
    errno = -completion.res;
    return -1;
}

bool make_file(const std::string& path, int flags, mode_t mode) {
    const int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path.c_str(), flags, mode));
    if (fd < 0) return false;
    (void)close(fd);
    return true;
}

// By the call whose mode lies in memory.
bool make_file_by_openat2(const std::string& path, mode_t mode) {
    open_how how{};
    how.flags = O_CREAT | O_WRONLY;
    how.mode = mode;
    return syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how) >= 0;
}

bool make_executable_later() {
    void* memory = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED && mprotect(memory, page, PROT_READ | PROT_EXEC) == 0;
}

bool map_writable_code() {
    return mmap(nullptr, page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) != MAP_FAILED;
}

bool attach_executable() {
    const int segment = shmget(IPC_PRIVATE, page, IPC_CREAT | 0700);
    if (segment < 0) return false;
    const void* memory = shmat(segment, nullptr, SHM_EXEC);
    const int error = errno;
    (void)shmctl(segment, IPC_RMID, nullptr);
    errno = error;
    return memory != reinterpret_cast<void*>(-1);
}

// The first 48 bytes of the kernel's struct sched_attr; its header and libc's exclude each other.
struct Scheduling {
    std::uint32_t size = 48;
    std::uint32_t policy = SCHED_FIFO;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 1;
    std::uint64_t deadline[3] = {};
};
static_assert(sizeof(Scheduling) == 48);

bool set_policy(int policy, int priority) {
    const sched_param parameter{.sched_priority = priority};
    return syscall(SYS_sched_setscheduler, 0, policy, &parameter) == 0;
}

}  // namespace

void call_number(const std::string& key, const std::string& text) {
    const Words words = words_of(text);
    print(key, result_of(syscall(static_cast<long>(words[0]), words[1], words[2], words[3],
                                 words[4], words[5], words[6]) >= 0));
}

// The system call of 32-bit programs, made from here with whole registers.
void interrupt(const std::string& key, const std::string& text) {
#if defined(__x86_64__)
    const Words words = words_of(text);
    long result = 0;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(words[0]), "b"(words[1]), "c"(words[2]), "d"(words[3]), "S"(words[4]),
                       "D"(words[5])
                     : "memory", "r8", "r9", "r10", "r11");
    errno = result < 0 ? static_cast<int>(-result) : 0;
    print(key, result_of(result >= 0));
#else
    (void)text;
    print(key, "none");
#endif
}

void make_namespaces(const std::string& key, const std::string& flags) {
    const std::uint64_t wanted = std::strtoul(flags.c_str(), nullptr, 0);
    print(key + ".unshare", result_in_child([&] { return syscall(SYS_unshare, wanted) == 0; }));
    print(key + ".clone3", result_in_child([&] { return clone3(wanted) >= 0; }));
    print(key + ".clone", result_in_child([&] {
              const long child = syscall(SYS_clone, wanted | SIGCHLD, 0, 0, 0, 0);
              if (child == 0) _exit(0);
              return child >= 0;
          }));
    print(key + ".setns", result_in_child([&] {
              const int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
              return syscall(SYS_setns, own, 0) == 0;
          }));
}

void make_sockets(const std::string& key, const std::string& family) {
    const int number = std::atoi(family.c_str());
    print(key, result_of(socket(number, SOCK_STREAM, 0) >= 0));
    print(key + ".ring", result_of(socket_by_ring(number) >= 0));
}

// Files with a set-user-ID bit, below this directory, by every call that can make one.
void make_set_id_files(const std::string& key, const std::string& directory) {
    const mode_t mode = S_ISUID | 0755;
    print(key + ".plain", result_of(make_file(directory + "/plain", O_CREAT | O_WRONLY, 0755)));
    print(key + ".openat", result_of(make_file(directory + "/a", O_CREAT | O_WRONLY, mode)));
    print(key + ".tmpfile", result_of(make_file(directory, O_TMPFILE | O_WRONLY, mode)));
    print(key + ".openat2", result_of(make_file_by_openat2(directory + "/b", mode)));
    print(key + ".chmod", result_of(chmod((directory + "/plain").c_str(), mode) == 0));
    print(key + ".mknod", result_of(mknod((directory + "/c").c_str(), S_IFREG | mode, 0) == 0));
    print(key + ".mkdir", result_of(mkdir((directory + "/d").c_str(), S_ISGID | 0755) == 0));
}

void make_code() {
    print("code.mapped", result_of(map_writable_code()));
    print("code.later", result_of(make_executable_later()));
    print("code.shared", result_of(attach_executable()));
    print("code.child", result_in_child(make_executable_later));
}

void ask_for_realtime() {
    print("realtime.fifo", result_in_child([] { return set_policy(SCHED_FIFO, 1); }));
    print("realtime.batch", result_in_child([] { return set_policy(SCHED_BATCH, 0); }));
    print("realtime.attributes", result_in_child([] {
              Scheduling attributes;
              return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
          }));
}

// What every libc does with clone3(2) where it is there.
void start_thread_and_program() {
    int value = 0;
    std::thread([&value] { value = 1; }).join();
    print("thread", value == 1 ? "ok" : "lost");
    char name[] = "probe";
    char command[] = "exit:7";
    char* arguments[] = {name, command, nullptr};
    char* environment[] = {nullptr};
    pid_t child = 0;
    errno = posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, arguments, environment);
    int status = 0;
    if (errno == 0) (void)waitpid(child, &status, 0);
    print("spawn", WIFEXITED(status) && WEXITSTATUS(status) == 7 ? "ok" : error_name());
}

}  // namespace probe
