// SPDX-License-Identifier: Apache-2.0
// ControlDoor: one listening socket of the control interface, with a backlog of its own.
#include "supervisor/control/door.h"

#include "base/file.h"
#include "base/reserved_ids.h"
#include "base/unix_socket.h"
#include "kernel/capability_set.h"
#include "supervisor/loop/memory_reserve.h"

#include <cerrno>
#include <linux/capability.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr int backlog = 128;

// The share of a second that one door has, in connections. Each costs some 20 us.
constexpr unsigned accepted_each_period = 200;
constexpr std::chrono::milliseconds period{100};

// Until PID 1 may have a descriptor or memory again.
constexpr std::chrono::milliseconds rest_after_failure{100};

Result<Fd> make_socket() {
    Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket) return errno_failure("socket");
    return socket;
}

// A socket to which we may not connect, or whose queue is full, is somebody else's.
Result<bool> is_alive(const sockaddr_un& address) {
    const Fd probe = TRY(make_socket());
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (connect(probe.get(), generic, sizeof address) == 0) return true;
    return errno != ECONNREFUSED && errno != ENOENT;
}

// Without CAP_CHOWN, or where the id is not mapped in our user namespace, the socket stays ours.
// A supervisor without CAP_DAC_OVERRIDE keeps it, so that its own operators can still connect.
void give_to_nobody(const std::string& path) {
    if (!holds_capability(CAP_DAC_OVERRIDE)) return;
    (void)lchown(path.c_str(), nobodys_id, nobodys_id);
}

// Nobody can connect before listen(2), when mode and group are as they should be.
Result<Fd> listen_at(const std::string& path, DoorAccess access) {
    const sockaddr_un address = TRY(unix_address(path, "bind"));
    TRY(make_directories(path.substr(0, path.rfind('/'))));
    if (TRY(is_alive(address))) {
        Error error = system_error(EADDRINUSE, "bind", path);
        error.advise("a supervisor answers there: --runtime=DIRECTORY gives this one its own");
        return std::unexpected(std::move(error));
    }
    (void)unlink(path.c_str());
    Fd socket = TRY(make_socket());
    if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        return errno_failure("bind", path);
    }
    const auto keep = static_cast<uid_t>(-1);
    if (access.group && lchown(path.c_str(), keep, *access.group) < 0) {
        return errno_failure("chown", path);
    }
    if (chmod(path.c_str(), access.mode) < 0) return errno_failure("chmod", path);
    if (access.is_of_nobody) give_to_nobody(path);
    // Connections inherit it from here, so that each byte comes with the process that sent it.
    TRY(pass_credentials(socket));
    refuse_descriptors(socket);
    if (::listen(socket.get(), backlog) < 0) return errno_failure("listen", path);
    return socket;
}

}  // namespace

Result<std::unique_ptr<ControlDoor>> ControlDoor::open(EventLoop& loop, const std::string& path,
                                                       DoorAccess access, Listener listener) {
    std::unique_ptr<ControlDoor> door{new ControlDoor{loop, std::move(listener)}};
    door->socket_ = TRY(listen_at(path, access));
    door->is_for_others_ = (access.mode & (S_IRWXG | S_IRWXO)) != 0;
    door->timer_ = TRY(Timer::make(loop, [self = door.get()] {
        self->is_resting_ = false;
        self->update_interest();
    }));
    door->watch_ = TRY(loop.on_fd(door->socket_, EPOLLIN,
                                  [self = door.get()](std::uint32_t) { self->on_connect(); }));
    return door;
}

void ControlDoor::set_closed(bool is_closed) {
    is_closed_ = is_closed;
    update_interest();
}

void ControlDoor::rest(Clock::duration length) {
    is_resting_ = true;
    timer_->set(length);
    update_interest();
}

void ControlDoor::update_interest() {
    const bool accepts = !is_closed_ && !is_resting_;
    (void)loop_.change_events(watch_, accepts ? std::uint32_t{EPOLLIN} : 0U);
}

// One connection a turn of the loop.
void ControlDoor::on_connect() {
    if (is_closed_ || is_resting_) return;
    const auto now = Clock::now();
    if (now - period_ >= period) {
        period_ = now;
        accepted_ = 0;
    }
    // Nobody has a part of the last memory who comes by a door that is open to others.
    if (is_for_others_ && !is_reserve_ample()) return rest(rest_after_failure);
    if (++accepted_ > accepted_each_period) return rest(period - (now - period_));
    Fd socket{accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!socket) {
        const bool is_short_of_something =
            errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        return is_short_of_something ? rest(rest_after_failure) : void();
    }
    // It never fails; if it did, nothing may be read from this caller.
    if (!read_urgent_in_line(socket)) return;
    listener_(std::move(socket));
}

}  // namespace confinit
