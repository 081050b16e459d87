// SPDX-License-Identifier: Apache-2.0
// confinit: a supervisor of confined services; as PID 1 the init of its machine or container.
#include "console.h"
#include "kernel/descriptor_limit.h"
#include "machine.h"
#include "options.h"
#include "supervisor.h"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
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

// A machine whose supervisor cannot work still has a person in front of it.
[[noreturn]] void give_up(Mode mode, Console& console, const Error& error) {
    console.error(error.what);
    if (mode != Mode::machine) _exit(EXIT_FAILURE);
    for (;;) {
        if (const pid_t pid = fork(); pid == 0) {
            char shell[] = "/bin/sh";
            char* const arguments[] = {shell, nullptr};
            (void)execve(shell, arguments, environ);
            _exit(EXIT_FAILURE);
        }
        sleep(1);
    }
}

}  // namespace

int main(int count, char** arguments) {
    // No other process of our user may trace us, and our copies, which become services, inherit
    // that. The files of /proc then belong to root; another user's copies see to it later.
    if (geteuid() == 0) (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const Mode mode = detect_mode();
    const auto errors = prepare_machine(mode);
    fill_standard_descriptors();
    Options options = read_options(mode, count, arguments);
    if (options.show_version || options.show_help) {
        const std::string text = options.show_help ? help_text : "confinit " CONFINIT_VERSION "\n";
        return fputs(text.c_str(), stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    }

    Console console = mode == Mode::machine ? Console::open_device() : Console::standard_error();
    console.notice(
        fmt::format("confinit {} as {} init, pid {}", CONFINIT_VERSION, name(mode), getpid()));
    for (const Error& error : errors)
        console.error(error.what);
    if (const auto raised = raise_descriptor_limit(); !raised) console.error(raised.error().what);
    auto supervisor = Supervisor::make(mode, std::move(options), console);
    if (!supervisor) give_up(mode, console, supervisor.error());
    (*supervisor)->boot();
    const FinalAct act = (*supervisor)->run();
    console.notice(fmt::format("{}", name(act)));
    end_machine(mode, act, EXIT_SUCCESS);
}
