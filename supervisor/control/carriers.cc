// SPDX-License-Identifier: Apache-2.0
// Carriers: processes that carry an entered command's streams as frames.
#include "supervisor/control/carriers.h"

#include "control/frames.h"
#include "supervisor/control/carrier_process.h"

#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace confinit {
namespace {

// In the child. Every descriptor of PID 1 is closed by execve(2), these ones apart.
// It allocates nothing: an exception would go on in a copy of PID 1's loop.
[[noreturn]] void become_carrier(std::span<const int> kept, char* const arguments[]) noexcept {
    for (const int fd : kept)
        (void)fcntl(fd, F_SETFD, 0);
    char* const no_environment[] = {nullptr};
    (void)execve("/proc/self/exe", arguments, no_environment);
    _exit(EXIT_FAILURE);
}

// There is room in a new pipe for a reply and one piece of input, and later for the end.
Status give(const Fd& orders, FrameKind kind, std::string_view content) {
    const std::string frame = encode_frame(kind, content);
    const ssize_t count = write(orders.get(), frame.data(), frame.size());
    if (count < 0) return errno_failure("write", "a carrier's pipe");
    if (count < static_cast<ssize_t>(frame.size())) return failure("a carrier's pipe is full");
    return {};
}

}  // namespace

Carriers::~Carriers() {
    for (const auto& [pid, carrier] : carriers_)
        reaper_.forget(pid);
}

Result<pid_t> Carriers::start(const ControlConnection& caller, const Json& reply,
                              std::span<const Fd> streams, Gone gone) {
    Pipe orders = TRY(make_pipe(O_NONBLOCK));
    TRY(give(orders.write_end, FrameKind::reply, encode_reply(reply)));
    TRY(give(orders.write_end, FrameKind::unread, caller.unread()));
    std::vector<int> kept{caller.socket().get(), orders.read_end.get()};
    for (const Fd& fd : streams)
        kept.push_back(fd.get());
    std::vector<std::string> words{carrier_name};
    for (const int fd : kept)
        words.push_back(std::to_string(fd));
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    // Its place is made before the process: nothing may fail behind that.
    std::map<pid_t, Carrier> places;
    places.emplace(0, Carrier{std::move(orders.write_end), std::move(gone)});
    auto place = places.extract(0);
    const Process process = TRY(clone_process(method_));
    const pid_t carrier = process.pid();
    if (carrier == 0) become_carrier(kept, arguments.data());
    reaper_.adopt_or_kill(process, [this, carrier](ExitStatus) {
        const auto found = carriers_.find(carrier);
        if (found->second.gone) found->second.gone();
        carriers_.erase(found);
    });
    place.key() = carrier;
    carriers_.insert(std::move(place));
    return carrier;
}

void Carriers::end(pid_t carrier, const Json& facts) {
    const auto found = carriers_.find(carrier);
    if (found == carriers_.end()) return;
    (void)give(found->second.orders, FrameKind::end, dump(facts));
    forget(carrier);
}

void Carriers::forget(pid_t carrier) {
    const auto found = carriers_.find(carrier);
    if (found != carriers_.end()) found->second.gone = nullptr;
}

}  // namespace confinit
