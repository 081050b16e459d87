// SPDX-License-Identifier: Apache-2.0
// ProcessState: what a process is at, and what it sleeps in when it does not end.
#include "kernel/process_state.h"

#include "base/text.h"
#include "kernel/procfs.h"

#include <fmt/format.h>

namespace confinit {
namespace {

// A word in the name of the kernel's function, and what a process there mostly waits for. The
// first that fits is told.
struct SleepHint {
    std::string_view word;
    std::string_view hint;
};

constexpr SleepHint sleep_hints[] = {
    {"request_wait_answer", "a FUSE server that does not answer"},
    {"fuse", "a FUSE server that does not answer"},
    {"rpc_", "an NFS server that does not answer"},
    {"nfs", "an NFS server that does not answer"},
    {"cifs", "an SMB server that does not answer"},
    {"smb", "an SMB server that does not answer"},
    {"p9_", "a 9p server that does not answer"},
    {"autofs", "an automount that does not come"},
    {"percpu_rwsem", "a frozen file system, or one that is being frozen"},
    {"percpu_down", "a frozen file system, or one that is being frozen"},
    {"sb_start", "a frozen file system"},
    {"jbd2", "a disk that does not answer, or is suspended"},
    {"ext4_", "a disk that does not answer, or is suspended"},
    {"xfs_", "a disk that does not answer, or is suspended"},
    {"btrfs", "a disk that does not answer, or is suspended"},
    {"dm_", "a device-mapper disk that is suspended"},
    {"blk_", "a disk that does not answer, or is suspended"},
    {"io_schedule", "a disk that does not answer, or is suspended"},
    {"folio_wait", "a disk or file system that does not answer"},
    {"wait_on_page", "a disk or file system that does not answer"},
    {"wait_on_buffer", "a disk that does not answer, or is suspended"},
    {"bit_wait", "a disk or file system that does not answer"},
    {"writeback", "a disk that does not answer, or is suspended"},
    {"wb_wait", "a disk that does not answer, or is suspended"},
    {"kernel_clone", "the program of its child"},
};

constexpr std::size_t state_field = 3;  // proc(5) counts from 1
constexpr std::size_t flags_field = 9;
constexpr std::size_t start_field = 22;
constexpr std::size_t exit_field = 52;
constexpr std::uint64_t kernel_thread_flag = 0x00200000;  // PF_KTHREAD of the kernel's sched.h

}  // namespace

Result<ProcessState> parse_process_state(std::string_view stat) {
    // The name is in brackets and may itself have brackets and spaces.
    const std::size_t begin = stat.find('(');
    const std::size_t end = stat.rfind(')');
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
        return failure("/proc/PID/stat has no name");
    }
    const auto words = split_words(stat.substr(end + 1));
    if (words.size() <= start_field - state_field) return failure("/proc/PID/stat is short");
    const auto flags = parse_unsigned(words[flags_field - state_field]);
    const auto start = parse_unsigned(words[start_field - state_field]);
    if (!flags || !start) return failure("/proc/PID/stat has a bad number");
    const auto exit = words.size() > exit_field - state_field
                          ? parse_unsigned(words[exit_field - state_field])
                          : std::nullopt;
    return ProcessState{.name = std::string{stat.substr(begin + 1, end - begin - 1)},
                        .state = words[0].front(),
                        .start_ticks = *start,
                        .is_of_kernel = (*flags & kernel_thread_flag) != 0,
                        .wait_status = static_cast<int>(exit.value_or(0))};
}

Result<ProcessState> read_process_state(const Fd& procfs, pid_t pid) {
    const std::string stat = TRY(read_in_procfs(procfs, std::to_string(pid) + "/stat"));
    return parse_process_state(stat);
}

std::string read_sleep(const Fd& procfs, pid_t pid) {
    const auto text = read_in_procfs(procfs, std::to_string(pid) + "/wchan");
    if (!text || *text == "0") return {};
    return std::string{trim(*text)};
}

std::string sleep_text(pid_t pid, const ProcessState& process, std::string_view sleeps_in) {
    std::string text = fmt::format("pid {} ({}), state {}", pid,
                                   escape_control_characters(process.name), process.state);
    if (sleeps_in.empty()) return text;
    text += fmt::format(", waits in {}", sleeps_in);
    for (const auto& [word, hint] : sleep_hints) {
        if (sleeps_in.contains(word)) return text + ": " + std::string{hint};
    }
    return process.state == 'D' ? text + ": a disk or server that does not answer?" : text;
}

}  // namespace confinit
