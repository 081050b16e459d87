// SPDX-License-Identifier: Apache-2.0
// --host: another machine's supervisor, by ssh(1) and by `svctl bridge` on that machine.
#pragma once

#include "svctl/context.h"
#include "svctl/request.h"

#include <span>
#include <string>
#include <string_view>

namespace confinit {

// Why this can be no host's name, empty for one that can: "user@machine", or as ssh_config(5) has
// it. ssh takes what begins with '-' for an option, and may hand the name to a shell.
std::string host_fault(std::string_view host);

// One word for the shell of the other side, whatever is in it.
std::string shell_quoted(std::string_view word);

// A connection to the supervisor there, as the user that ssh is there.
Answer<Client> connect_by_ssh(const Context& context);

// Runs this command line on the machine itself, for verbs that work on its files. Returns the exit
// code.
int run_there(const Context& context, std::span<const std::string> arguments);

}  // namespace confinit
