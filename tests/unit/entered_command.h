// SPDX-License-Identifier: Apache-2.0
// A real command behind a played Enter, and the command lines that ask for one.
#pragma once

#include "base/fd.h"
#include "control/fields.h"
#include "svctl_scene.h"

#include <csignal>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace confinit {

struct CommandPipes {
    Pipe input = make_pipe().value();
    Pipe output = make_pipe().value();
    Pipe error = make_pipe().value();
};

// Runs the command of the call on these pipes, and keeps our copies of its ends open: as if it had
// left something behind that holds them.
inline pid_t run_command(const Call& call, const CommandPipes& pipes) {
    auto words = find_strings(call.parameters, "command").value_or(std::vector<std::string>{});
    return start_process([&] {
        (void)std::signal(SIGPIPE, SIG_DFL);
        (void)dup2(pipes.input.read_end.get(), STDIN_FILENO);
        (void)dup2(pipes.output.write_end.get(), STDOUT_FILENO);
        (void)dup2(pipes.error.write_end.get(), STDERR_FILENO);
        std::vector<char*> arguments;
        for (std::string& word : words)
            arguments.push_back(word.data());
        arguments.push_back(nullptr);
        (void)execvp(arguments[0], arguments.data());
        _exit(127);
    });
}

// "svctl enter heat OPTION... -- sh -c SCRIPT".
inline std::vector<std::string> enter_shell(std::string script,
                                            std::vector<std::string> options = {}) {
    std::vector<std::string> arguments{"enter", "heat"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), {"--", "sh", "-c", std::move(script)});
    return arguments;
}

// Bytes among which none that is lost or moved goes unnoticed.
inline std::string patterned_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<char>(i * 7 % 251);
    return bytes;
}

}  // namespace confinit
