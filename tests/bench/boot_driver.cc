// SPDX-License-Identifier: Apache-2.0
// boot-driver: runs inside of the machine, asks PID 1 for starts, stops and restarts by its client,
// and prints a line "NAME NUMBER" for each figure, in nanoseconds, KiB or pieces.
#include "boot_record.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <map>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

using Number = long long;

[[noreturn]] void give_up(const std::string& what) {
    (void)std::fprintf(stderr, "boot-driver: %s\n", what.c_str());
    std::exit(1);
}

Number now() {
    timespec time{};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return Number{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// The machine's clock stands still while nobody works, so that this costs nothing but its own call.
void sleep_milliseconds(long milliseconds) {
    const timespec pause{0, milliseconds * 1'000'000};
    (void)nanosleep(&pause, nullptr);
}

Number first_number(const std::string& path) {
    std::ifstream file{path};
    Number number = 0;
    if (!(file >> number)) give_up("no number in " + path);
    return number;
}

// The number after a word, such as "RssAnon:"; 0 where the file has no such word.
Number number_after(const std::string& path, const std::string& wanted) {
    std::ifstream file{path};
    std::string word;
    Number number = 0;
    while (file >> word) {
        if (word == wanted && file >> number) return number;
    }
    return 0;
}

Number count_entries(const char* path) {
    DIR* directory = opendir(path);
    if (directory == nullptr) give_up(std::string{"cannot list "} + path);
    Number count = 0;
    while (const dirent* entry = readdir(directory)) {
        if (entry->d_name[0] != '.') ++count;
    }
    (void)closedir(directory);
    return count;
}

// The time that a process has been on the processor: proc(5), "schedstat".
Number time_of(const std::string& pid) {
    return first_number("/proc/" + pid + "/schedstat");
}

// The records of services that have begun.
class Records {
public:
    Records() : file_(open(BOOT_RECORDS_FILE, O_RDONLY | O_CLOEXEC)) {
        if (file_ < 0) give_up("no " BOOT_RECORDS_FILE);
    }

    BootRecord next() {
        constexpr int most_tries = 2000;
        for (int tries = 0; tries < most_tries; ++tries) {
            BootRecord record{};
            const ssize_t size = read(file_, &record, sizeof record);
            if (size == static_cast<ssize_t>(sizeof record)) return record;
            sleep_milliseconds(5);
        }
        give_up("a service has not begun");
    }

    Number next_time() { return time_in(next()); }

    static Number time_in(const BootRecord& record) {
        return Number{record.seconds} * 1'000'000'000 + record.nanoseconds;
    }

private:
    int file_;
};

class Figures {
public:
    void add(const std::string& name, Number value) { all_[name].push_back(value); }

    void print() {
        for (auto& [name, values] : all_) {
            const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
            std::nth_element(values.begin(), middle, values.end());
            (void)std::printf("%s %lld\n", name.c_str(), *middle);
        }
    }

private:
    std::map<std::string, std::vector<Number>> all_;
};

struct Driver {
    std::string client;
    int rounds = 1;
    Records records{};
    Figures figures{};
    std::string own_figure{};  // where the client's own time is added, or empty

    // Runs the client, and tells when it was begun.
    Number ask(const std::string& verb, const std::string& unit) {
        std::vector<std::string> words{client, verb};
        if (!unit.empty()) words.push_back(unit);
        std::vector<char*> arguments;
        for (std::string& word : words)
            arguments.push_back(word.data());
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        (void)posix_spawn_file_actions_init(&actions);
        (void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        const Number begin = now();
        pid_t pid = 0;
        if (posix_spawn(&pid, client.c_str(), &actions, nullptr, arguments.data(), environ) != 0)
            give_up("cannot execute " + client);
        siginfo_t end{};
        // It is not reaped yet, so that its time can be read.
        while (waitid(P_PID, static_cast<id_t>(pid), &end, WEXITED | WNOWAIT) < 0 &&
               errno == EINTR) {
        }
        if (!own_figure.empty()) figures.add(own_figure, time_of(std::to_string(pid)));
        (void)waitpid(pid, nullptr, 0);
        (void)posix_spawn_file_actions_destroy(&actions);
        if (end.si_status != 0) give_up(verb + " " + unit + " has failed");
        return begin;
    }

    // Adds PID 1's own time of what is done in there, also of what follows the answer.
    void count_init(const std::string& name, const std::function<void()>& action) {
        constexpr long until_quiet = 60;
        sleep_milliseconds(until_quiet);
        const Number before = time_of("1");
        action();
        sleep_milliseconds(until_quiet);
        figures.add(name, time_of("1") - before);
    }

    void look_at_init(const std::string& prefix) {
        figures.add(prefix + "anonymous_kib", number_after("/proc/1/status", "RssAnon:"));
        figures.add(prefix + "shared_kib", number_after("/proc/1/status", "RssShmem:"));
        figures.add(prefix + "descriptors", count_entries("/proc/1/fd"));
    }

    void measure_boot(int count) {
        Number last = 0;
        for (int i = 0; i < count; ++i)
            last = std::max(last, records.next_time());
        figures.add("boot", last - first_number(BOOT_BEGAN_FILE));
        look_at_init("");
    }

    void measure_start_and_stop() {
        own_figure = "start_client";
        count_init("start_init", [this] {
            const Number begin = ask("start", "probe");
            figures.add("start", records.next_time() - begin);
        });
        own_figure.clear();
        count_init("stop_init", [this] {
            const Number begin = ask("stop", "probe");
            figures.add("stop", now() - begin);
        });
    }

    void measure_restart() {
        count_init("restart_init", [this] {
            const Number begin = ask("restart", "probe");
            figures.add("restart", records.next_time() - begin);
        });
    }

    // Tells the process that runs from then on.
    pid_t measure_death(pid_t pid) {
        BootRecord record{};
        count_init("death_init", [&] {
            const Number begin = now();
            if (kill(pid, SIGKILL) < 0) give_up("there is no process to kill");
            record = records.next();
            figures.add("death", Records::time_in(record) - begin);
        });
        return static_cast<pid_t>(record.pid);
    }

    void measure_list() {
        own_figure = "list_client";
        count_init("list_init", [this] { (void)ask("list", ""); });
        own_figure.clear();
    }

    void measure_rounds(int count, bool has_list) {
        measure_boot(count);
        for (int round = 0; round < rounds; ++round)
            measure_start_and_stop();
        (void)ask("start", "probe");
        auto pid = static_cast<pid_t>(records.next().pid);
        for (int round = 0; round < rounds; ++round) {
            // A service that has run for a while is started again without a pause.
            (void)ask("stop", "probe");
            (void)ask("start", "probe");
            pid = static_cast<pid_t>(records.next().pid);
            pid = measure_death(pid);
        }
        for (int round = 0; round < rounds; ++round)
            measure_restart();
        for (int round = 0; has_list && round < rounds; ++round)
            measure_list();
    }

    // All units are loaded, and none of them runs before.
    void measure_memory(int count) {
        sleep_milliseconds(100);
        look_at_init("before_");
        (void)ask("start", "crowd");
        for (int i = 0; i < count; ++i)
            (void)records.next();
        sleep_milliseconds(100);
        look_at_init("");
    }
};

}  // namespace

int main(int count, char** words) {
    if (count != 5) {
        (void)std::fputs("usage: boot-driver all|without-list|memory CLIENT SERVICES ROUNDS\n",
                         stderr);
        return 1;
    }
    const std::string mode = words[1];
    const int services = std::atoi(words[3]);
    Driver driver{.client = words[2], .rounds = std::max(1, std::atoi(words[4]))};
    if (mode == "memory") {
        driver.measure_memory(services);
    } else {
        driver.measure_rounds(services, mode == "all");
    }
    driver.figures.print();
    return 0;
}
