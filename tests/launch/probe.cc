// SPDX-License-Identifier: Apache-2.0
// The probe: a static program that the launch tests start as a service. Each argument is a command,
// and what it sees goes to stdout as lines of "key=value"; a failed call's value is its errno name.
#include "probe.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

using namespace probe;

namespace {

constexpr auto patience = std::chrono::seconds{20};

std::string hexadecimal(unsigned long long value) {
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), "%016llx", value);
    return text.data();
}

void show_ids() {
    uid_t real = 0, effective = 0, saved = 0;
    (void)getresuid(&real, &effective, &saved);
    print("uid",
          std::to_string(real) + " " + std::to_string(effective) + " " + std::to_string(saved));
    (void)getresgid(&real, &effective, &saved);
    print("gid",
          std::to_string(real) + " " + std::to_string(effective) + " " + std::to_string(saved));
    std::array<gid_t, 256> groups;
    const int count = getgroups(static_cast<int>(groups.size()), groups.data());
    std::string text;
    for (int i = 0; i < count; ++i) {
        text += (i == 0 ? "" : " ") + std::to_string(groups[static_cast<std::size_t>(i)]);
    }
    print("groups", text);
}

// By calls and not by /proc, which a service may not see.
void show_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    if (syscall(SYS_capget, &header, data) < 0) return print("CapEff", error_name());
    const auto mask = [](unsigned low, unsigned high) {
        return hexadecimal(static_cast<unsigned long long>(high) << 32 | low);
    };
    print("CapInh", mask(data[0].inheritable, data[1].inheritable));
    print("CapPrm", mask(data[0].permitted, data[1].permitted));
    print("CapEff", mask(data[0].effective, data[1].effective));
    unsigned long long bounding = 0;
    unsigned long long ambient = 0;
    for (unsigned i = 0; i < 64; ++i) {
        if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1) bounding |= 1ULL << i;
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1) ambient |= 1ULL << i;
    }
    print("CapBnd", hexadecimal(bounding));
    print("CapAmb", hexadecimal(ambient));
    print("securebits", std::to_string(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0)));
    print("NoNewPrivs", std::to_string(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)));
    print("seccomp", std::to_string(prctl(PR_GET_SECCOMP, 0, 0, 0, 0)));
}

// Lines of /proc/self/status as keys of their own: "status.Seccomp_filters=1".
void show_status() {
    const std::string text = read_text("/proc/self/status");
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = text.find('\n', begin);
        if (end == std::string::npos) end = text.size();
        const std::string line = text.substr(begin, end - begin);
        const std::size_t colon = line.find(":\t");
        if (colon != std::string::npos)
            print("status." + line.substr(0, colon), line.substr(colon + 2));
        begin = end + 1;
    }
}

void show_namespaces() {
    for (const char* name : {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}) {
        std::array<char, 64> target{};
        const std::string path = std::string{"/proc/self/ns/"} + name;
        const bool succeeded = readlink(path.c_str(), target.data(), target.size() - 1) > 0;
        print(std::string{"ns."} + name, succeeded ? target.data() : error_name());
    }
}

// In whole seconds: what is asked is which namespace's clock it is.
void show_clocks() {
    for (const auto& [name, id] :
         {std::pair{"monotonic", CLOCK_MONOTONIC}, std::pair{"boottime", CLOCK_BOOTTIME},
          std::pair{"realtime", CLOCK_REALTIME}}) {
        timespec now{};
        (void)clock_gettime(id, &now);
        print(std::string{"clock."} + name, std::to_string(now.tv_sec));
    }
}

void show_process() {
    print("pid", std::to_string(getpid()));
    print("ppid", std::to_string(getppid()));
    print("sid", std::to_string(getsid(0)));
    print("pgid", std::to_string(getpgid(0)));
    int death_signal = -1;
    (void)prctl(PR_GET_PDEATHSIG, &death_signal, 0, 0, 0);
    print("pdeathsig", std::to_string(death_signal));
    print("nice", std::to_string(getpriority(PRIO_PROCESS, 0)));
    print("oom_score_adj", read_text("/proc/self/oom_score_adj"));
    const mode_t mask = umask(0);
    (void)umask(mask);
    print("umask", std::to_string(mask));
    std::array<char, PATH_MAX> directory{};
    // The raw call, which shows a directory outside of the root.
    const long length = syscall(SYS_getcwd, directory.data(), directory.size());
    print("cwd", length > 0 ? directory.data() : error_name());
}

void show_limits() {
    for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
        rlimit64 limit{};
        (void)syscall(SYS_prlimit64, 0, resource, nullptr, &limit);
        print("rlimit." + std::to_string(resource),
              std::to_string(limit.rlim_cur) + ":" + std::to_string(limit.rlim_max));
    }
}

void show_environment() {
    for (char** variable = environ; *variable != nullptr; ++variable) {
        print("environment", *variable);
    }
}

// Descriptors by asking for each number, so that nothing has to be opened for it.
void show_descriptors() {
    std::string text;
    for (int fd = 0; fd < 4096; ++fd) {
        if (fcntl(fd, F_GETFD) >= 0) text += (text.empty() ? "" : " ") + std::to_string(fd);
    }
    print("descriptors", text);
}

void show_signals() {
    std::string changed;
    std::string blocked;
    sigset_t mask;
    (void)sigprocmask(SIG_SETMASK, nullptr, &mask);
    for (int number = 1; number <= 64; ++number) {
        struct sigaction action{};
        const bool known = sigaction(number, nullptr, &action) == 0;
        if (known && action.sa_handler != SIG_DFL) changed += std::to_string(number) + " ";
        if (sigismember(&mask, number) == 1) blocked += std::to_string(number) + " ";
    }
    print("signals.changed", changed);
    print("signals.blocked", blocked);
}

void show_host_name() {
    utsname names{};
    (void)uname(&names);
    print("hostname", names.nodename);
}

// Whether lo is up, and its addresses usable.
void show_network() {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    const bool known = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    print("lo", known ? ((request.ifr_flags & IFF_UP) != 0 ? "up" : "down") : error_name());
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    print("127.0.0.1",
          result_of(bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) == 0));
    std::string names;
    struct if_nameindex* interfaces = if_nameindex();
    for (auto* entry = interfaces; entry != nullptr && entry->if_name != nullptr; ++entry) {
        names += (names.empty() ? "" : " ") + std::string{entry->if_name};
    }
    if_freenameindex(interfaces);
    print("interfaces", names);
    (void)close(fd);
}

void show_terminal() {
    print("isatty", isatty(STDIN_FILENO) == 1 ? "yes" : "no");
    print("terminal.sid", std::to_string(tcgetsid(STDIN_FILENO)));
    print("terminal.pgid", std::to_string(tcgetpgrp(STDIN_FILENO)));
}

// An orphan's end is seen when its number is free again: nobody but PID 1 can have reaped it.
void make_orphan() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return print("orphan", error_name());
    const pid_t parent = fork();
    if (parent == 0) {
        const pid_t orphan = fork();
        if (orphan > 0) (void)!write(ends[1], &orphan, sizeof orphan);
        _exit(0);
    }
    pid_t orphan = 0;
    (void)!read(ends[0], &orphan, sizeof orphan);
    (void)waitpid(parent, nullptr, 0);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
        if (kill(orphan, 0) < 0 && errno == ESRCH) return print("orphan", "reaped");
        (void)usleep(1000);
    }
    print("orphan", "left");
}

// That many at once, who all end by themselves; then how many are left of them, zombies included.
void make_orphans(const std::string& key, const std::string& count) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return print(key, error_name());
    const int wanted = std::atoi(count.c_str());
    const pid_t parent = fork();
    if (parent == 0) {
        for (int i = 0; i < wanted; ++i) {
            const pid_t orphan = fork();
            if (orphan == 0) _exit(0);
            (void)!write(ends[1], &orphan, sizeof orphan);
        }
        _exit(0);
    }
    (void)close(ends[1]);
    (void)waitpid(parent, nullptr, 0);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    int left = 0;
    pid_t orphan = 0;
    while (read(ends[0], &orphan, sizeof orphan) == sizeof orphan) {
        while (kill(orphan, 0) == 0 && std::chrono::steady_clock::now() < deadline)
            (void)usleep(1000);
        if (kill(orphan, 0) == 0) ++left;
    }
    (void)close(ends[0]);
    print("orphans", std::to_string(left));
}

// Says "ready", waits for one signal of these, says which, and goes on.
void wait_for_signal() {
    sigset_t wanted;
    (void)sigemptyset(&wanted);
    for (const int number : {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGRTMIN + 3}) {
        (void)sigaddset(&wanted, number);
    }
    (void)sigprocmask(SIG_BLOCK, &wanted, nullptr);
    print("waiting", "ready");
    int number = 0;
    (void)sigwait(&wanted, &number);
    print("signal", std::to_string(number));
}

void wait_for_ever() {
    print("pausing", "ready");
    (void)pause();
}

void trace(const std::string& key, const std::string& process) {
    print(key, result_of(ptrace(PTRACE_SEIZE, std::atoi(process.c_str()), 0, 0) == 0));
}

void exit_with(const std::string&, const std::string& status) {
    std::_Exit(std::atoi(status.c_str()));
}

void raise_signal(const std::string&, const std::string& number) {
    (void)raise(std::atoi(number.c_str()));
}

struct Command {
    std::string_view name;
    void (*run)();
};
constexpr Command commands[] = {
    {"ids", show_ids},
    {"capabilities", show_capabilities},
    {"status", show_status},
    {"namespaces", show_namespaces},
    {"clocks", show_clocks},
    {"process", show_process},
    {"limits", show_limits},
    {"environment", show_environment},
    {"descriptors", show_descriptors},
    {"signals", show_signals},
    {"hostname", show_host_name},
    {"network", show_network},
    {"terminal", show_terminal},
    {"orphan", make_orphan},
    {"keyring", show_keyring},
    {"scheduling", show_scheduling},
    {"wait", wait_for_signal},
    {"pause", wait_for_ever},
    {"code", make_code},
    {"realtime", ask_for_realtime},
    {"threads", start_thread_and_program},
};

struct CommandWithArgument {
    std::string_view name;
    void (*run)(const std::string& key, const std::string& argument);
};
constexpr CommandWithArgument commands_with_argument[] = {
    {"list", list_directory},
    {"read", show_text},
    {"write", open_for_writing},
    {"open", open_for_reading},
    {"file", show_file},
    {"mount", show_mount},
    {"trace", trace},
    {"call", call_number},
    {"exit", exit_with},
    {"raise", raise_signal},
    {"orphans", make_orphans},
    {"notify", notify},
    {"notify-as-child", notify_as_child},
    {"notify-often", notify_often},
    {"notify-other", notify_other},
    {"narrow", narrow},
    {"flood", flood},
    {"keep-alive", keep_alive},
    {"write-descriptor", write_descriptor},
    {"await", await_file},
    {"int80", interrupt},
    {"namespaces", make_namespaces},
    {"socket", make_sockets},
    {"set-id", make_set_id_files},
};

bool run(const std::string& text) {
    for (const Command& command : commands) {
        if (command.name != text) continue;
        command.run();
        return true;
    }
    const std::size_t colon = text.find(':');
    for (const CommandWithArgument& command : commands_with_argument) {
        if (colon == std::string::npos || command.name != text.substr(0, colon)) continue;
        command.run(text, text.substr(colon + 1));
        return true;
    }
    return false;
}

}  // namespace

int main(int count, char** arguments) {
    for (int i = 1; i < count; ++i) {
        if (run(arguments[i])) continue;
        print("unknown", arguments[i]);
        return 2;
    }
    return 0;
}
