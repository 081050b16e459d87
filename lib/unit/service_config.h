// SPDX-License-Identifier: Apache-2.0
// ServiceConfig: the table [service] of a unit file.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace confinit {

// notify is exec that is ready by sd_notify(3): check_unit() makes `ready` say so.
enum class ServiceType { exec, notify, oneshot };
// When a service counts as started: when its program runs, when it sends READY=1, when it writes a
// newline to the descriptor of this number, or when it owns this name on the system bus.
enum class ReadyBy { exec, notify, descriptor, bus_name };
struct Readiness {
    ReadyBy by = ReadyBy::exec;
    int descriptor = -1;        // for ReadyBy::descriptor
    std::string bus_name = {};  // for ReadyBy::bus_name
};
enum class RestartMode { no, on_failure, always };
// What the stop signal is sent to; whatever is left after stop_timeout ends by cgroup.kill.
enum class KillMode { control_group, mixed };

// Whether standard input, output and error are the supervisor's own, in place of /dev/null and
// pipes. No key says so: it is for the one command that a supervisor was started with.
enum class OwnStreams {
    none,
    plain,
    terminal,  // standard input is one, and becomes the controlling terminal
};

struct ServiceConfig {
    ServiceType type = ServiceType::exec;
    Readiness ready;
    std::optional<std::chrono::microseconds> watchdog;  // the longest pause between signs of life
    std::vector<std::string> command;
    std::string user = "root";                      // a name or a decimal id
    std::optional<std::string> group;               // absent: the user's own group
    std::vector<std::string> supplementary_groups;  // names or ids; nothing is added to them
    std::optional<std::string> working_directory;   // absent: "/"
    std::vector<std::pair<std::string, std::string>> environment;
    std::vector<std::string> pass_environment;  // names of the supervisor's variables; "*": all
    std::optional<std::string> tty;             // the terminal that stdin, out and err are
    OwnStreams own_streams = OwnStreams::none;
    RestartMode restart = RestartMode::no;
    std::chrono::microseconds restart_delay{100'000};
    std::chrono::microseconds restart_max_delay{60'000'000};
    unsigned restart_limit = 0;  // automatic restarts in a row; 0: for ever
    std::chrono::microseconds start_timeout{90'000'000};
    std::chrono::microseconds stop_timeout{10'000'000};
    int stop_signal = 15;
    KillMode kill_mode = KillMode::control_group;
    std::optional<int> reload_signal;  // at which the program reads its files again
    bool is_essential = false;         // everything ends with it
    bool is_operator = false;          // root in there may rule the supervisor
    bool is_deputy = false;  // its main process calls the supervisor in the name of others
};

}  // namespace confinit
