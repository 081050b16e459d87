// SPDX-License-Identifier: Apache-2.0
// confinit: a supervisor of confined services; as PID 1 the init of its machine or container.
#include "kernel/descriptor_limit.h"
#include "supervisor/control/carrier_process.h"
#include "supervisor/machine/console.h"
#include "supervisor/machine/machine_end.h"
#include "supervisor/machine/options.h"
#include "supervisor/machine/own_user.h"
#include "supervisor/machine/root_switch.h"
#include "supervisor/machine/runtime_directory.h"
#include "supervisor/own_command.h"
#include "supervisor/supervisor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace confinit;

// The kernel gives PID 1 no descriptors when there is no console; nothing else may get 0 to 2.
void fill_standard_descriptors() {
    for (;;) {
        const int fd = open("/dev/null", O_RDWR);
        if (fd < 0) return;
        if (fd > 2) {
            (void)close(fd);
            return;
        }
    }
}

// The directory that we were started in; "/" where it cannot be told, as when it was removed.
std::string present_directory() {
    std::array<char, PATH_MAX> path{};
    return getcwd(path.data(), path.size()) != nullptr ? path.data() : "/";
}

// Starts a shell on our own descriptors and waits for its end; orphans that end meanwhile are
// reaped as well.
void run_shell() {
    const pid_t shell_pid = fork();
    if (shell_pid == 0) {
        char shell[] = "/bin/sh";
        char* const arguments[] = {shell, nullptr};
        // A shell whose real id is not the effective one gives up the latter.
        (void)setresuid(geteuid(), geteuid(), geteuid());
        (void)execve(shell, arguments, environ);
        _exit(EXIT_FAILURE);
    }
    while (shell_pid > 0) {
        siginfo_t ended{};
        const int waited = waitid(P_ALL, 0, &ended, WEXITED);
        if (ended.si_pid == shell_pid || (waited < 0 && errno == ECHILD)) return;
    }
}

// A machine whose supervisor cannot work still has a person in front of it. A shell that ends at
// once, because there is none or nothing to read from, is tried again at growing intervals.
[[noreturn]] void give_up(Mode mode, Console& console, const Error& error) {
    using std::chrono::seconds;
    constexpr seconds longest_pause{60};
    console.error(error.text());
    if (mode != Mode::machine) _exit(EXIT_FAILURE);
    for (seconds pause{1};;) {
        const auto begin = std::chrono::steady_clock::now();
        run_shell();
        const bool was_of_use = std::chrono::steady_clock::now() - begin > longest_pause;
        sleep(static_cast<unsigned>(pause.count()));
        pause = was_of_use ? seconds{1} : std::min(2 * pause, longest_pause);
    }
}

// A disk that the kernel itself has mounted stays the root.
void enter_wanted_root(Options& options, Console& console) {
    const RootOptions root = options.root;
    if (root.device.empty()) return;
    if (!is_initramfs())
        return console.warning("confinit.root: the root is no initramfs, ignoring");
    if (const auto done = switch_root(root, options); !done)
        give_up(Mode::machine, console, done.error());
    console.notice(
        fmt::format("the root is {}{}", root.device, root.overlay ? ", changes go to memory" : ""));
}

}  // namespace

int main(int count, char** arguments) {
    if (is_carrier(count, arguments)) {
        return run_carrier({arguments + 1, static_cast<std::size_t>(count) - 1});
    }
    // No other process of our user may trace us, and our copies, which become services, inherit
    // that. The files of /proc then belong to root; another user's copies see to it later.
    if (geteuid() == 0) (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const Mode mode = detect_mode();
    const std::string directory = present_directory();
    const auto errors = prepare_machine(mode);
    take_own_user();
    fill_standard_descriptors();
    Options options =
        read_options(mode, count, arguments,
                     mode == Mode::machine ? usual_runtime_directory : usable_runtime_directory);
    options.directory = directory;
    if (!options.command.empty()) options.target = own_command_name;
    if (options.show_version || options.show_help) {
        const std::string text = options.show_help ? help_text : "confinit " CONFINIT_VERSION "\n";
        return fputs(text.c_str(), stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    }

    Console console = mode == Mode::machine ? Console::open_device() : Console::standard_error();
    // Options that did not arrive may have been there to confine; a machine has to boot all the
    // same.
    if (mode != Mode::machine && !options.faults.empty()) {
        for (const std::string& fault : options.faults)
            console.error(fault);
        return EXIT_FAILURE;
    }
    console.notice(
        fmt::format("confinit {} as {} init, pid {}", CONFINIT_VERSION, name(mode), getpid()));
    for (const Error& error : errors)
        console.error(error.text());
    if (mode == Mode::machine) enter_wanted_root(options, console);
    if (const auto raised = raise_descriptor_limit(); !raised) console.error(raised.error().text());
    auto supervisor = Supervisor::make(mode, std::move(options), console);
    if (!supervisor) give_up(mode, console, supervisor.error());
    (*supervisor)->boot();
    const End end = (*supervisor)->run();
    (*supervisor)->give_back();
    const EndReport& report = (*supervisor)->report();
    const LastStep step{.act = end.act,
                        .exit_code = report.code,
                        .until = end.until,
                        .line = exit_line(report),
                        .exit_file = (*supervisor)->options().exit_file,
                        .debug_exit = (*supervisor)->options().debug_exit};
    end_machine(mode, step, console);
}
