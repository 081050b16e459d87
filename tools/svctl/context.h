// SPDX-License-Identifier: Apache-2.0
// Context: what was said on the command line beside the verb's own options.
#pragma once

#include <memory>
#include <string>

namespace confinit {

class Client;

struct Context {
    std::string verb;
    // Empty: the control socket for one who may use it, else the status socket.
    std::string socket_path;
    // Empty: this machine; else the one that ssh(1) is to reach.
    std::string host;
    // A connection that waits for its next call, where a new one takes long.
    mutable std::shared_ptr<Client> idle;
    bool json = false;  // one JSON document a line in place of text for people
    bool raw = false;   // text of services and unit files as it is, control characters included
};

}  // namespace confinit
