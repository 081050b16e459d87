// SPDX-License-Identifier: Apache-2.0
// svctl-bus: the system bus for svctl, which is linked without a D-Bus library.
//
// Its standard input is a socket on which it takes Varlink calls as the control socket does. It
// passes each on by VarlinkCall of org.confinit.Manager1, and answers them in their order; a "no"
// of the bus becomes a Varlink error. It ends when svctl closes the socket.
#include "base/fd.h"
#include "bus/bus_connection.h"
#include "bus/interfaces.h"
#include "bus/object_path.h"
#include "bus/polkit_agent.h"
#include "control/message.h"
#include "control/protocol.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <deque>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr BusConnection::Destination manager{bus_name.data(), manager_path.data(),
                                             manager_interface};

// libsystemd waits without an end for a broker that accepts and does not answer.
constexpr unsigned seconds_to_open = 20;

void on_too_late(int /*signal*/) {
    constexpr std::string_view text =
        R"({"error":"org.varlink.service.PermissionDenied","parameters":{"message":)"
        R"("the system bus does not answer within 20 s"}})";
    // With its NUL, in one message: nobody else writes to this socket.
    (void)send(STDIN_FILENO, text.data(), text.size() + 1, MSG_NOSIGNAL);
    _exit(1);
}

// Denied where the bus or confinit-bus has passed nothing on to the supervisor.
ControlError error_of(const std::string& name) {
    constexpr std::array busy{"org.freedesktop.DBus.Error.LimitsExceeded"};
    constexpr std::array unanswered{
        "org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Disconnected",
        "org.freedesktop.DBus.Error.Failed", "org.confinit.Error.NotReachable"};
    if (std::ranges::find(busy, name) != busy.end()) return ControlError::busy;
    if (std::ranges::find(unanswered, name) != unanswered.end()) {
        return ControlError::operation_failed;
    }
    return ControlError::denied;
}

// SvctlDoor: calls that have come from svctl, each until it is answered.
class SvctlDoor {
public:
    explicit SvctlDoor(BusConnection& bus, BusConnection::Interaction interaction)
        : bus_(bus), interaction_(interaction) {}

    // Until svctl leaves.
    Status run() {
        const auto nothing = [] {
        };
        for (;;) {
            const bool is_idle = TRY(bus_.process(nothing, nothing));
            TRY(write_answers());
            std::array polls{pollfd{STDIN_FILENO, POLLIN, 0}, bus_.poll_data()};
            (void)poll(polls.data(), polls.size(), is_idle ? bus_.poll_timeout() : 0);
            if (polls[0].revents != 0 && !TRY(read_calls())) return {};
        }
    }

private:
    Result<bool> read_calls() {
        std::array<char, 16384> bytes;
        const ssize_t count = read(STDIN_FILENO, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) return true;
        if (count < 0) return errno_failure("read", "standard input");
        if (count == 0) return false;
        TRY(reader_.feed({bytes.data(), static_cast<std::size_t>(count)}));
        while (const auto call = reader_.next())
            pass_on(*call);
        return true;
    }

    void pass_on(const std::string& call) {
        const auto number = first_ + answers_.size();
        answers_.emplace_back();
        const auto passed = bus_.call(
            manager, varlink_call.name.data(), "s", Json::array({call}), no_timeout,
            [this, number](sdbus::MethodReply& reply, const BusError* error) {
                answers_[number - first_] = error == nullptr ? text_of(reply) : text_of(*error);
            },
            interaction_);
        if (!passed) answers_.back() = text_of({bus_errors::access_denied, passed.error().text()});
    }

    static std::string text_of(sdbus::MethodReply& reply) {
        std::string text;
        reply >> text;
        text.push_back('\0');
        return text;
    }
    static std::string text_of(const BusError& error) {
        const ControlError kind = error_of(error.name);
        const bool is_unknown = kind == ControlError::operation_failed;
        return encode_error(
            kind, {{"message", is_unknown ? "whether it is done is not known: " + error.message
                                          : error.message}});
    }

    Status write_answers() {
        while (!answers_.empty() && answers_.front()) {
            std::string_view rest = *answers_.front();
            while (!rest.empty()) {
                const ssize_t count = send(STDIN_FILENO, rest.data(), rest.size(), MSG_NOSIGNAL);
                if (count < 0 && errno == EINTR) continue;
                if (count < 0) return errno_failure("send", "standard input");
                rest.remove_prefix(static_cast<std::size_t>(count));
            }
            answers_.pop_front();
            ++first_;
        }
        return {};
    }

    BusConnection& bus_;
    BusConnection::Interaction interaction_;
    MessageReader reader_{request_limit};
    std::deque<std::optional<std::string>> answers_;  // absent: not there yet
    std::size_t first_ = 0;                           // the number of the first of them
};

int svctl_bus_main(bool is_on_terminal) {
    (void)std::signal(SIGPIPE, SIG_IGN);
    (void)std::signal(SIGALRM, on_too_late);
    (void)alarm(seconds_to_open);
    auto bus = BusConnection::open();
    (void)alarm(0);
    const auto refuse_all = [](const std::string& why) {
        const std::string text = encode_error(ControlError::denied, {{"message", why}});
        (void)send(STDIN_FILENO, text.data(), text.size(), MSG_NOSIGNAL);
        return 1;
    };
    if (!bus) return refuse_all(bus.error().text());
    const auto agent = is_on_terminal ? PolkitAgent::start() : std::nullopt;
    SvctlDoor door{
        **bus, agent ? BusConnection::Interaction::allowed : BusConnection::Interaction::refused};
    const auto ended = door.run();
    return ended ? 0 : refuse_all(ended.error().text());
}

}  // namespace
}  // namespace confinit

int main(int argc, char** argv) {
    const std::string_view argument = argc == 2 ? argv[1] : "";
    struct stat input{};
    const bool is_socket = fstat(STDIN_FILENO, &input) == 0 && S_ISSOCK(input.st_mode);
    if (argc > 2 || !is_socket || (argc == 2 && argument != "--terminal")) {
        (void)std::fputs(
            "svctl-bus is started by svctl, with a socket as its standard input: it passes\n"
            "Varlink calls on to org.confinit.Manager1 of the system bus. With --terminal polkit\n"
            "may ask for a password there.\n",
            stderr);
        return 2;
    }
    return confinit::svctl_bus_main(argc == 2);
}
