// SPDX-License-Identifier: Apache-2.0
// ChildContext: the child's plan, what its steps hand on, and the one way to make a system call.
//
// Nothing here allocates or calls libc beyond syscall(2): the child is a copy of PID 1 and must
// not touch its locks, buffers and caches.
#pragma once

#include "launch/child_plan.h"
#include "launch/own_finding.h"

#include <cerrno>
#include <sys/syscall.h>
#include <type_traits>
#include <unistd.h>

namespace confinit {

// A descriptor of the child. Closing it is no step of the launch, so it is not reported.
class ChildFd {
public:
    explicit ChildFd(long fd) : fd_(static_cast<int>(fd)) {}
    ChildFd(ChildFd&& other) noexcept : fd_(other.release()) {}
    ChildFd(const ChildFd&) = delete;
    ChildFd& operator=(const ChildFd&) = delete;
    ChildFd& operator=(ChildFd&& other) noexcept {
        const ChildFd old{fd_};
        fd_ = other.release();
        return *this;
    }
    ~ChildFd() {
        if (fd_ >= 0) (void)syscall(SYS_close, fd_);
    }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release() {
        const int fd = fd_;
        fd_ = -1;
        return fd;
    }

private:
    int fd_;
};

struct ChildContext {
    ChildPlan plan;  // our reaper goes on with another one than the main process

    // Where the child is, for its report. A step sets `item` and `object` before it works on them.
    std::int32_t item = -1;
    LaunchReport::Object object = LaunchReport::Object::target;
    std::int32_t failed_call = 0;
    std::int32_t error = 0;
    std::uint32_t found[3] = {};  // LaunchReport::found

    // Left by one step for a later one.
    int root = -1;             // the directory that the mounts' targets are resolved in
    int procfs = -1;           // a detached mount that the preparer has made, or -1
    int own_descriptors = -1;  // the directory /proc/self/fd
    int image = -1;            // the detached mount that becomes the root
    int process = -1;          // a pidfd of this process
    int reaper_ready = -1;     // the main process reads one byte from it
    int program = -1;          // executed in place of plan.executable
    bool is_reaper = false;

    // A system call by number. A failure is noted for the report: the last one counts.
    template <class... Arguments>
    long call(long number, Arguments... arguments) {
        const long result = syscall(number, word(arguments)...);
        if (result < 0) (void)fail(number, errno);
        return result;
    }

    // Notes a failure; false, for a step to return.
    bool fail(long number, int code) {
        failed_call = static_cast<std::int32_t>(number);
        error = code;
        return false;
    }

    // Notes what the child does not go on with, though no call has failed: see own_finding.
    bool refuse(int code) { return fail(own_finding, code); }

private:
    // syscall(2) reads whole registers, which a narrower variadic argument does not fill.
    template <class Value>
    static long word(Value value) {
        if constexpr (std::is_null_pointer_v<Value>) {
            return 0;
        } else if constexpr (std::is_pointer_v<Value>) {
            return reinterpret_cast<long>(value);
        } else {
            return static_cast<long>(value);
        }
    }
};

// "/dev/loop7": a name that ends in a number.
struct NumberedName {
    char text[40] = {};

    NumberedName(const char* prefix, long number) {
        std::size_t size = 0;
        for (; prefix[size] != '\0'; ++size)
            text[size] = prefix[size];
        long unit = 1;
        while (number / unit >= 10)
            unit *= 10;
        for (; unit > 0; unit /= 10)
            text[size++] = static_cast<char>('0' + number / unit % 10);
    }
};

}  // namespace confinit
