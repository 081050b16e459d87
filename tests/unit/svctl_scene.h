// SPDX-License-Identifier: Apache-2.0
// A scene for tests of svctl: a supervisor that is only played, in a process of its own.
#pragma once

#include "base/fd.h"
#include "control/message.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace confinit {

// FakeSupervisor: listens on a socket in a directory of its own, and plays its part for one
// connection after another until it is destroyed. The part runs in another process, so what it
// finds out must travel in its replies.
class FakeSupervisor {
public:
    using Part = std::function<void(const Fd& connection)>;

    explicit FakeSupervisor(const Part& part);
    FakeSupervisor(const FakeSupervisor&) = delete;
    FakeSupervisor& operator=(const FakeSupervisor&) = delete;
    ~FakeSupervisor();

    const std::string& path() const { return path_; }

private:
    std::string directory_;
    std::string path_;
    pid_t process_ = -1;
};

// A part that reads one call, sends these bytes whatever it was, and hangs up.
FakeSupervisor::Part answers(std::string bytes);

// A part that answers every call with OperationFailed, whose message is the call itself.
FakeSupervisor::Part echoes_call();

// For parts: the next call of the connection, empty at its end.
Call read_call(const Fd& connection);
void send_text(const Fd& fd, std::string_view bytes);
void send_with_descriptors(const Fd& connection, std::string_view bytes, std::span<const Fd> fds);

// How svctl ended and what it wrote. A status over 255 is a wait status of a signal.
struct Outcome {
    int status = -1;
    std::string output;
    std::string error;

    // The one document on standard output.
    Json document() const;
};

// Runs svctl in another process, with this text on its standard input.
Outcome run_svctl(const std::string& socket, std::vector<std::string> arguments,
                  std::string_view input = {});

// Runs svctl in another process, with these descriptors as its standard streams; `prepare` is
// called there first. Without waiting for it.
pid_t start_svctl(const std::string& socket, std::vector<std::string> arguments,
                  std::span<const int, 3> streams, const std::function<void()>& prepare = {});

// A process that does this, exits with 0, and does not outlive the test.
pid_t start_process(const std::function<void()>& work);

// Waits for a process of ours: the exit status, or 256 and the signal's number.
int wait_for(pid_t process);

}  // namespace confinit
