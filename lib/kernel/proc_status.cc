// SPDX-License-Identifier: Apache-2.0
// What /proc shows of one process: ids, capabilities, filters, limits, namespaces, cgroup.
#include "kernel/proc_status.h"

#include "base/file.h"
#include "base/text.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace confinit {
namespace {

struct LimitRow {
    int resource;
    std::string_view name;
    std::string_view title;  // of /proc/PID/limits
};

constexpr std::array limit_rows{
    LimitRow{RLIMIT_CPU, "cpu", "Max cpu time"},
    LimitRow{RLIMIT_FSIZE, "fsize", "Max file size"},
    LimitRow{RLIMIT_DATA, "data", "Max data size"},
    LimitRow{RLIMIT_STACK, "stack", "Max stack size"},
    LimitRow{RLIMIT_CORE, "core", "Max core file size"},
    LimitRow{RLIMIT_RSS, "rss", "Max resident set"},
    LimitRow{RLIMIT_NPROC, "nproc", "Max processes"},
    LimitRow{RLIMIT_NOFILE, "nofile", "Max open files"},
    LimitRow{RLIMIT_MEMLOCK, "memlock", "Max locked memory"},
    LimitRow{RLIMIT_AS, "as", "Max address space"},
    LimitRow{RLIMIT_LOCKS, "locks", "Max file locks"},
    LimitRow{RLIMIT_SIGPENDING, "sigpending", "Max pending signals"},
    LimitRow{RLIMIT_MSGQUEUE, "msgqueue", "Max msgqueue size"},
    LimitRow{RLIMIT_NICE, "nice", "Max nice priority"},
    LimitRow{RLIMIT_RTPRIO, "rtprio", "Max realtime priority"},
    LimitRow{RLIMIT_RTTIME, "rttime", "Max realtime timeout"},
};

constexpr std::uint64_t no_limit = ~0ULL;

std::optional<std::uint64_t> parse_base(std::string_view text, int base) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return value;
}

// The lines "Name:\tvalue" of /proc/PID/status.
class StatusFields {
public:
    explicit StatusFields(std::string_view text) : lines_(split(text, '\n')) {}

    Result<std::string_view> value(std::string_view name) const {
        for (const std::string_view line : lines_) {
            if (line.size() <= name.size() || line[name.size()] != ':') continue;
            if (line.starts_with(name)) return trim(line.substr(name.size() + 1));
        }
        return failure("/proc/PID/status has no '" + std::string{name} + "'");
    }

    Result<std::uint64_t> number(std::string_view name, int base) const {
        const std::string_view text = TRY(value(name));
        const auto number = parse_base(text, base);
        if (!number) return failure("/proc/PID/status has a bad '" + std::string{name} + "'");
        return *number;
    }

    Result<std::vector<std::uint32_t>> ids(std::string_view name) const {
        std::vector<std::uint32_t> all;
        for (const std::string_view word : split_words(TRY(value(name)))) {
            const auto id = parse_base(word, 10);
            if (!id) return failure("/proc/PID/status has a bad '" + std::string{name} + "'");
            all.push_back(static_cast<std::uint32_t>(*id));
        }
        return all;
    }

    Result<FourIds> four_ids(std::string_view name) const {
        const auto all = TRY(ids(name));
        FourIds four{};
        if (all.size() != four.size()) {
            return failure("/proc/PID/status has a bad '" + std::string{name} + "'");
        }
        std::ranges::copy(all, four.begin());
        return four;
    }

private:
    std::vector<std::string_view> lines_;
};

Result<CapabilitySets> parse_capabilities(const StatusFields& fields) {
    return CapabilitySets{
        .inheritable = TRY(fields.number("CapInh", 16)),
        .permitted = TRY(fields.number("CapPrm", 16)),
        .effective = TRY(fields.number("CapEff", 16)),
        .bounding = TRY(fields.number("CapBnd", 16)),
        .ambient = TRY(fields.number("CapAmb", 16)),
    };
}

// One from the third on, as proc(5) counts them; empty where it is not there. The name of the
// program is in brackets and may itself have brackets and spaces.
std::string_view field_of_stat(std::string_view stat, int wanted) {
    constexpr std::string_view space = " \n";
    const std::size_t bracket = stat.rfind(')');
    std::string_view rest = bracket == std::string_view::npos ? "" : stat.substr(bracket + 1);
    for (int number = 3;; ++number) {
        rest.remove_prefix(std::min(rest.find_first_not_of(space), rest.size()));
        const std::string_view field = rest.substr(0, rest.find_first_of(space));
        if (number == wanted || field.empty()) return field;
        rest.remove_prefix(field.size());
    }
}

std::optional<std::uint64_t> parse_limit(std::string_view word) {
    return word == "unlimited" ? no_limit : parse_unsigned(word);
}

}  // namespace

Result<Fd> open_process(pid_t pid) {
    const Fd root = TRY(open_procfs());
    return open_in_procfs(root, std::to_string(pid), O_RDONLY | O_DIRECTORY);
}

Result<Fd> open_own_process() {
    return open_process(getpid());
}

Result<ProcessStatus> read_process_status(const Fd& process) {
    const std::string text = TRY(read_in_procfs(process, "status"));
    return parse_process_status(text);
}

Result<std::vector<ProcessLimit>> read_process_limits(const Fd& process) {
    const std::string text = TRY(read_in_procfs(process, "limits"));
    return parse_process_limits(text);
}

Result<int> read_oom_score_adj(const Fd& process) {
    const std::string text = TRY(read_in_procfs(process, "oom_score_adj"));
    const auto number = parse_signed(trim(text));
    if (!number) return failure("/proc/PID/oom_score_adj has no number");
    return static_cast<int>(*number);
}

bool is_alive(const Fd& process) {
    const auto stat = read_in_procfs(process, "stat");
    const auto status = read_in_procfs(process, "status");
    return stat && status && parse_is_alive(*stat, *status);
}

bool is_ending(const ProcessThread& thread) {
    const auto stat = read_in_procfs(thread.directory, "stat");
    return !stat || parse_is_ending(*stat);
}

Result<ProcessThread> open_living_thread(pid_t process) {
    ProcessThread first{process, TRY(open_process(process))};
    if (!is_ending(first)) return first;
    const Fd threads = TRY(open_in_procfs(first.directory, "task", O_RDONLY | O_DIRECTORY));
    for (const std::string& name : TRY(list_directory(threads.get(), "."))) {
        const auto id = parse_unsigned(name);
        auto directory = open_in_procfs(threads, name, O_RDONLY | O_DIRECTORY);
        if (!id || !directory) continue;
        ProcessThread thread{static_cast<pid_t>(*id), std::move(*directory)};
        if (!is_ending(thread)) return thread;
    }
    return std::unexpected(Error{.error = ESRCH, .hint = "it has ended"});
}

Result<int> read_nice(const Fd& process) {
    const std::string text = TRY(read_in_procfs(process, "stat"));
    return parse_nice(text);
}

Result<pid_t> read_parent(const Fd& process) {
    const std::string text = TRY(read_in_procfs(process, "stat"));
    return parse_parent(text);
}

Result<std::string> read_namespace(const Fd& process, std::string_view name) {
    const std::string path = "ns/" + std::string{name};
    const Fd file = TRY(open_in_procfs(process, path, O_PATH | O_NOFOLLOW));
    std::array<char, 64> link;
    const ssize_t size = readlinkat(file.get(), "", link.data(), link.size());
    if (size < 0) return errno_failure("readlink", path);
    return std::string{link.data(), static_cast<std::size_t>(size)};
}

Result<std::string> read_cgroup_path(const Fd& process) {
    const std::string text = TRY(read_in_procfs(process, "cgroup"));
    return parse_cgroup_path(text);
}

Result<ProcessStatus> parse_process_status(std::string_view text) {
    const StatusFields fields{text};
    ProcessStatus status;
    status.uid = TRY(fields.four_ids("Uid"));
    status.gid = TRY(fields.four_ids("Gid"));
    status.groups = TRY(fields.ids("Groups"));
    std::ranges::sort(status.groups);
    status.capabilities = TRY(parse_capabilities(fields));
    status.no_new_privs = TRY(fields.number("NoNewPrivs", 10)) != 0;
    status.seccomp_mode = static_cast<int>(TRY(fields.number("Seccomp", 10)));
    status.seccomp_filters = static_cast<unsigned>(TRY(fields.number("Seccomp_filters", 10)));
    status.umask = static_cast<mode_t>(TRY(fields.number("Umask", 8)));
    for (const std::uint32_t pid : TRY(fields.ids("NSpid"))) {
        status.ns_pids.push_back(static_cast<pid_t>(pid));
    }
    return status;
}

Result<std::vector<ProcessLimit>> parse_process_limits(std::string_view text) {
    std::vector<ProcessLimit> limits;
    for (const std::string_view line : split(text, '\n')) {
        const auto* row = std::ranges::find_if(
            limit_rows, [&](const LimitRow& known) { return line.starts_with(known.title); });
        if (row == limit_rows.end()) continue;
        const auto words = split_words(line.substr(row->title.size()));
        if (words.size() < 2) return failure("/proc/PID/limits has a short line");
        const auto soft = parse_limit(words[0]);
        const auto hard = parse_limit(words[1]);
        if (!soft || !hard) return failure("/proc/PID/limits has a bad number");
        limits.push_back({row->resource, *soft, *hard});
    }
    if (limits.empty()) return failure("/proc/PID/limits is empty");
    return limits;
}

Result<int> parse_nice(std::string_view stat) {
    const auto number = parse_signed(field_of_stat(stat, 19));
    if (!number) return failure("/proc/PID/stat has no nice value");
    return static_cast<int>(*number);
}

Result<pid_t> parse_parent(std::string_view stat) {
    const auto number = parse_unsigned(field_of_stat(stat, 4));
    if (!number) return failure("/proc/PID/stat has no parent");
    return static_cast<pid_t>(*number);
}

bool parse_is_ending(std::string_view stat) {
    constexpr std::uint64_t is_exiting = 0x4;  // PF_EXITING of the kernel's sched.h
    const std::string_view state = field_of_stat(stat, 3);
    const auto flags = parse_unsigned(field_of_stat(stat, 9));
    return !flags || (*flags & is_exiting) != 0 || state == "Z" || state == "X";
}

bool parse_is_alive(std::string_view stat, std::string_view status) {
    if (parse_is_ending(stat)) return false;
    const StatusFields fields{status};
    constexpr std::uint64_t kill_bit = std::uint64_t{1} << (9 - 1);
    for (const std::string_view pending : {"SigPnd", "ShdPnd"}) {
        const auto signals = fields.number(pending, 16);
        if (!signals || (*signals & kill_bit) != 0) return false;
    }
    return true;
}

Result<std::string> parse_cgroup_path(std::string_view text) {
    for (const std::string_view line : split(text, '\n')) {
        if (line.starts_with("0::")) return std::string{line.substr(3)};
    }
    return failure("/proc/PID/cgroup has no cgroup v2 line");
}

std::string_view resource_limit_name(int resource) {
    const auto* row = std::ranges::find(limit_rows, resource, &LimitRow::resource);
    return row == limit_rows.end() ? std::string_view{"?"} : row->name;
}

std::string limit_text(std::uint64_t soft, std::uint64_t hard) {
    const auto one = [](std::uint64_t value) {
        return value == no_limit ? std::string{"unlimited"} : std::to_string(value);
    };
    return one(soft) + ":" + one(hard);
}

}  // namespace confinit
