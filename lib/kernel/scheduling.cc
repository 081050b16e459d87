// SPDX-License-Identifier: Apache-2.0
// How the kernel schedules a process: policy, I/O priority and CPUs, read back and as words.
#include "kernel/scheduling.h"

#include "kernel/procfs.h"

#include "base/file.h"
#include "base/text.h"

#include <array>
#include <linux/ioprio.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 6> policy_names{{
    {SCHED_OTHER, "other"},
    {SCHED_FIFO, "fifo"},
    {SCHED_RR, "rr"},
    {SCHED_BATCH, "batch"},
    {SCHED_IDLE, "idle"},
    {SCHED_DEADLINE, "deadline"},
}};

constexpr std::array<std::pair<int, std::string_view>, 4> io_class_names{{
    {IOPRIO_CLASS_NONE, "none"},
    {IOPRIO_CLASS_RT, "realtime"},
    {IOPRIO_CLASS_BE, "best-effort"},
    {IOPRIO_CLASS_IDLE, "idle"},
}};

template <std::size_t count>
std::string name_of(const std::array<std::pair<int, std::string_view>, count>& names, int number) {
    for (const auto& [known, name] : names) {
        if (known == number) return std::string{name};
    }
    return std::to_string(number);
}

}  // namespace

Result<Scheduling> parse_scheduling(std::string_view stat) {
    // The name of the program is in brackets and may itself have brackets and spaces.
    const std::size_t bracket = stat.rfind(')');
    if (bracket == std::string_view::npos) return failure("/proc/PID/stat has no name");
    const auto words = split_words(stat.substr(bracket + 1));
    // proc(5) counts from 1; the state, which comes after the name, is field 3.
    constexpr std::size_t priority_field = 40 - 3;
    constexpr std::size_t policy_field = 41 - 3;
    if (words.size() <= policy_field) return failure("/proc/PID/stat has no policy");
    const auto priority = parse_unsigned(words[priority_field]);
    const auto policy = parse_unsigned(words[policy_field]);
    if (!priority || !policy) return failure("/proc/PID/stat has no policy");
    return Scheduling{static_cast<int>(*policy), static_cast<int>(*priority)};
}

Result<Scheduling> read_scheduling(const Fd& process) {
    const std::string text = TRY(read_in_procfs(process, "stat"));
    return parse_scheduling(text);
}

Result<std::string> read_allowed_cpus(const Fd& process) {
    constexpr std::string_view name = "Cpus_allowed_list:";
    const std::string text = TRY(read_in_procfs(process, "status"));
    for (const std::string_view line : split(text, '\n')) {
        if (line.starts_with(name)) return std::string{trim(line.substr(name.size()))};
    }
    return failure("/proc/PID/status has no Cpus_allowed_list");
}

Result<int> read_io_priority(pid_t process) {
    const long priority = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, process);
    if (priority < 0) return errno_failure("ioprio_get");
    return static_cast<int>(priority);
}

std::string scheduling_text(int policy, int priority) {
    std::string text = name_of(policy_names, policy);
    const bool is_realtime = policy == SCHED_FIFO || policy == SCHED_RR;
    return is_realtime ? text + ":" + std::to_string(priority) : text;
}

std::string io_priority_text(int io_priority) {
    const int io_class = io_priority >> IOPRIO_CLASS_SHIFT;
    std::string text = name_of(io_class_names, io_class);
    const bool has_level = io_class == IOPRIO_CLASS_RT || io_class == IOPRIO_CLASS_BE;
    if (!has_level) return text;
    return text + ":" + std::to_string(io_priority & ((1 << IOPRIO_CLASS_SHIFT) - 1));
}

}  // namespace confinit
