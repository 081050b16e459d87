// SPDX-License-Identifier: Apache-2.0
// The probe: a static program that the launch tests start as a service. Each argument is a command,
// and what it sees goes to stdout as lines of "key=value"; a failed call's value is its errno name.
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
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
#include <vector>

namespace {

constexpr auto patience = std::chrono::seconds{20};

void print(std::string_view key, const std::string& value) {
    const std::string line = std::string{key} + "=" + value + "\n";
    (void)!write(STDOUT_FILENO, line.data(), line.size());
}

std::string error_name() {
    const char* name = strerrorname_np(errno);
    return name != nullptr ? name : "E?";
}

std::string result_of(bool succeeded) {
    return succeeded ? "ok" : error_name();
}

std::string hexadecimal(unsigned long long value) {
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), "%016llx", value);
    return text.data();
}

std::string read_text(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return error_name();
    std::string text;
    std::array<char, 4096> chunk;
    ssize_t count = 0;
    while ((count = read(fd, chunk.data(), chunk.size())) > 0) {
        text.append(chunk.data(), static_cast<std::size_t>(count));
    }
    if (count < 0) text = error_name();
    (void)close(fd);
    return text;
}

void show_ids() {
    uid_t real = 0, effective = 0, saved = 0;
    (void)getresuid(&real, &effective, &saved);
    print("uid", std::to_string(real) + " " + std::to_string(effective) + " " +
                     std::to_string(saved));
    (void)getresgid(&real, &effective, &saved);
    print("gid", std::to_string(real) + " " + std::to_string(effective) + " " +
                     std::to_string(saved));
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
        if (colon != std::string::npos) print("status." + line.substr(0, colon), line.substr(colon + 2));
        begin = end + 1;
    }
}

void show_namespaces() {
    for (const char* name : {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"}) {
        std::array<char, 64> target{};
        const std::string path = std::string{"/proc/self/ns/"} + name;
        const bool succeeded = readlink(path.c_str(), target.data(), target.size() - 1) > 0;
        print(std::string{"ns."} + name, succeeded ? target.data() : error_name());
    }
}

void show_process() {
    print("pid", std::to_string(getpid()));
    print("ppid", std::to_string(getppid()));
    print("sid", std::to_string(getsid(0)));
    print("pgid", std::to_string(getpgid(0)));
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

std::string type_letter(mode_t mode) {
    if (S_ISDIR(mode)) return "directory";
    if (S_ISCHR(mode)) return "device";
    if (S_ISLNK(mode)) return "link";
    return S_ISREG(mode) ? "file" : "other";
}

void show_file(const std::string& key, const std::string& path) {
    struct stat status{};
    if (lstat(path.c_str(), &status) < 0) return print(key, error_name());
    std::array<char, 64> text{};
    (void)std::snprintf(text.data(), text.size(), "%s %04o %llx", type_letter(status.st_mode).c_str(),
                        status.st_mode & 07777U, static_cast<unsigned long long>(status.st_rdev));
    print(key, text.data());
}

void list_directory(const std::string& key, const std::string& path) {
    DIR* directory = opendir(path.c_str());
    if (directory == nullptr) return print(key, error_name());
    std::vector<std::string> names;
    while (const dirent* entry = readdir(directory)) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    (void)closedir(directory);
    std::string text;
    while (!names.empty()) {
        std::size_t least = 0;
        for (std::size_t i = 1; i < names.size(); ++i) {
            if (names[i] < names[least]) least = i;
        }
        text += (text.empty() ? "" : " ") + names[least];
        names.erase(names.begin() + static_cast<std::ptrdiff_t>(least));
    }
    print(key, text);
}

void open_path(const std::string& key, const std::string& path, int flags) {
    const int fd = open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
    print(key, result_of(fd >= 0));
    if (fd >= 0) (void)close(fd);
}

// The options of the topmost mount at a path: "ro,nosuid,relatime tmpfs".
void show_mount(const std::string& key, const std::string& path) {
    const std::string text = read_text("/proc/self/mountinfo");
    std::string found = "none";
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = text.find('\n', begin);
        if (end == std::string::npos) end = text.size();
        std::array<char, PATH_MAX> point{};
        std::array<char, 256> options{};
        std::array<char, 64> type{};
        const std::string line = text.substr(begin, end - begin);
        const std::size_t dash = line.find(" - ");
        if (dash != std::string::npos &&
            std::sscanf(line.c_str(), "%*s %*s %*s %*s %4095s %255s", point.data(),
                        options.data()) == 2 &&
            std::sscanf(line.c_str() + dash, " - %63s", type.data()) == 1 && path == point.data()) {
            found = std::string{options.data()} + " " + type.data();
        }
        begin = end + 1;
    }
    print(key, found);
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

void trace(const std::string& key, pid_t process) {
    print(key, result_of(ptrace(PTRACE_SEIZE, process, 0, 0) == 0));
}

void call_number(const std::string& key, long number) {
    print(key, result_of(syscall(number, 0, 0, 0, 0, 0, 0) >= 0));
}

bool run_plain(std::string_view command) {
    if (command == "ids") show_ids();
    else if (command == "capabilities") show_capabilities();
    else if (command == "status") show_status();
    else if (command == "namespaces") show_namespaces();
    else if (command == "process") show_process();
    else if (command == "limits") show_limits();
    else if (command == "environment") show_environment();
    else if (command == "descriptors") show_descriptors();
    else if (command == "signals") show_signals();
    else if (command == "hostname") show_host_name();
    else if (command == "network") show_network();
    else if (command == "terminal") show_terminal();
    else if (command == "orphan") make_orphan();
    else if (command == "wait") wait_for_signal();
    else if (command == "pause") print("pausing", "ready"), (void)pause();
    else return false;
    return true;
}

bool run_with_argument(const std::string& command) {
    const std::size_t colon = command.find(':');
    if (colon == std::string::npos) return false;
    const std::string verb = command.substr(0, colon);
    const std::string argument = command.substr(colon + 1);
    if (verb == "list") list_directory(command, argument);
    else if (verb == "read") print(command, read_text(argument));
    else if (verb == "write") open_path(command, argument, O_WRONLY | O_CREAT);
    else if (verb == "open") open_path(command, argument, O_RDONLY);
    else if (verb == "file") show_file(command, argument);
    else if (verb == "mount") show_mount(command, argument);
    else if (verb == "trace") trace(command, std::atoi(argument.c_str()));
    else if (verb == "call") call_number(command, std::atol(argument.c_str()));
    else if (verb == "exit") std::_Exit(std::atoi(argument.c_str()));
    else if (verb == "raise") (void)raise(std::atoi(argument.c_str()));
    else return false;
    return true;
}

}  // namespace

int main(int count, char** arguments) {
    for (int i = 1; i < count; ++i) {
        if (run_plain(arguments[i]) || run_with_argument(arguments[i])) continue;
        print("unknown", arguments[i]);
        return 2;
    }
    return 0;
}
