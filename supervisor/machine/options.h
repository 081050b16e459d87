// SPDX-License-Identifier: Apache-2.0
// Options: what the supervisor was started with, from its arguments and the kernel's command line.
#pragma once

#include "base/installation.h"
#include "supervisor/machine/machine.h"
#include "unit/unit.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// The disk that the initramfs of a machine gives way to, from the kernel's words confinit.root*=.
struct RootOptions {
    std::string device;    // empty: none
    std::string type;      // of its file system; empty: whatever the kernel finds
    std::string flags;     // those of mount(8)
    bool overlay = false;  // changes go to memory
};

struct Options {
    std::string target = "default";  // the unit that boot starts
    std::string socket;              // the control socket
    std::string status_group;        // who may use the status socket; empty: everybody
    std::string runtime_directory;
    std::string cgroup;           // the node to divide as an ordinary process, by its directory
    bool without_cgroup = false;  // as an ordinary process
    std::string reaper = helper_directory() + "/confinit-reaper";
    std::string launcher = helper_directory() + "/confinit-launcher";
    std::vector<std::string> unit_directories;
    // How often the confinement of what runs is read back; zero: never.
    std::chrono::microseconds verify_interval = std::chrono::minutes{10};
    // The most that the end of everything takes; absent: 8 s in a container, 90 s elsewhere.
    std::optional<std::chrono::microseconds> end_timeout;
    std::optional<LogForm> log;              // of the units' lines; absent: see log_form()
    FinalAct end_act = FinalAct::power_off;  // of a machine, when no verb says which
    std::string exit_file;                   // of a machine: where its last line goes, too
    std::optional<unsigned> debug_exit;      // the port of QEMU's isa-debug-exit
    std::vector<std::string> command;        // the words behind "--", in place of a unit
    std::string directory = "/";             // in which the supervisor was started
    std::string log_group;                   // whose members may read log lines; empty: root alone
    RootOptions root;
    std::vector<std::string> ignored;  // of a machine's arguments, a line each
    // The faults of words that should be ours. Only the init of a machine goes on with them.
    std::vector<std::string> faults;
    bool show_version = false;
    bool show_help = false;
};

// /run/confinit.
std::string usual_runtime_directory();

// As PID 1 of a machine only words "confinit.*" of the kernel's command line are read: a virtual
// machine monitor appends words of its own to what the kernel passes as our arguments, so every
// argument is ignored with one message. Elsewhere an unknown argument is a fault.
// `runtime_directory` is asked where no argument says which.
Options read_options(Mode mode, int count, char** arguments,
                     std::string (*runtime_directory)() = usual_runtime_directory);

LogForm log_form(const Options& options, Mode mode);

// The fault of a word "confinit.NAME=VALUE" of the kernel's command line, such as a NAME that no
// option has or a VALUE that it cannot have; empty for a good word.
std::string kernel_word_fault(std::string_view word);

extern const char* const help_text;

}  // namespace confinit
