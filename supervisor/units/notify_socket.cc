// SPDX-License-Identifier: Apache-2.0
// NotifySocket: the datagram socket of one run, by which its processes tell how they are.
#include "supervisor/units/notify_socket.h"

#include "base/file.h"
#include "base/unix_socket.h"
#include "control/notify_message.h"
#include "kernel/proc_status.h"
#include "launch/plan/plan.h"
#include "supervisor/loop/memory_reserve.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <span>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {
namespace {

Result<Fd> bind_socket(const std::string& path) {
    const sockaddr_un address = TRY(unix_address(path, "bind"));
    Fd fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) return errno_failure("socket");
    TRY(pass_credentials(fd));
    // Without it a sender is named by its number alone.
    pass_pidfd(fd);
    if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        return errno_failure("bind", path);
    }
    return fd;
}

// 22 letters of 64 have more than 128 bits.
Result<std::string> random_name() {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::array<unsigned char, notify_name_length> bytes;
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        return errno_failure("getrandom");
    }
    std::string name;
    for (const unsigned char byte : bytes)
        name += letters[byte % letters.size()];
    return name;
}

// An earlier run, or a supervisor that was killed, may have left some.
void remove_files_in(const std::string& directory) {
    const auto names = list_directory(AT_FDCWD, directory);
    if (!names) return;
    for (const std::string& name : *names)
        (void)unlink((directory + "/" + name).c_str());
}

// The socket keeps the address that it was bound by, which /proc/net/unix shows to everybody. A
// sender connects by the file, which has another name by then.
Result<Fd> bind_by_other_name(const std::string& directory, const std::string& name) {
    const std::string bound_by = directory + "/" + std::string{notify_socket_name};
    // Until the service is about to be launched, nobody can send.
    const mode_t previous = umask(0777);
    auto bound = bind_socket(bound_by);
    (void)umask(previous);
    if (!bound) return bound;
    const std::string path = directory + "/" + name;
    if (rename(bound_by.c_str(), path.c_str()) < 0) {
        const int error = errno;
        (void)unlink(bound_by.c_str());
        return std::unexpected(system_error(error, "rename", path));
    }
    return bound;
}

}  // namespace

Result<NotifySocket> NotifySocket::make(std::string directory) {
    TRY(make_directories(directory));
    const std::string root = directory.substr(0, directory.rfind('/'));
    // mkdir(2) obeys our umask, chmod(2) does not: a service goes through, and cannot list.
    for (const std::string& each : {root, directory}) {
        if (chmod(each.c_str(), 0711) < 0) return errno_failure("chmod", each);
    }
    remove_files_in(directory);
    std::string name = TRY(random_name());
    auto bound = bind_by_other_name(directory, name);
    if (!bound) {
        (void)rmdir(directory.c_str());
        return std::unexpected(std::move(bound).error());
    }
    return NotifySocket{std::move(directory), std::move(name), std::move(*bound)};
}

NotifySocket::~NotifySocket() {
    if (directory_.empty()) return;
    // A service's own mount of the directory may outlive it; nobody listens there.
    run_in_destructor([this] { (void)unlink(path().c_str()); });
    (void)rmdir(directory_.c_str());
}

std::string NotifySocket::path() const {
    return directory_ + "/" + name_;
}

Status NotifySocket::open_to_all() const {
    if (chmod(path().c_str(), 0666) < 0) return errno_failure("chmod", path());
    return {};
}

Result<std::optional<NotifyDatagram>> NotifySocket::receive() const {
    std::array<char, longest_notify_message + 1> text;
    ReceivedMessage received =
        receive_message(socket_, std::as_writable_bytes(std::span{text}), MSG_DONTWAIT);
    if (received.count < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    if (received.count < 0) return errno_failure("recvmsg");
    NotifyDatagram datagram{.sender = {received.sender, std::move(received.process)},
                            .user = received.user,
                            .is_cut = received.is_cut,
                            .descriptors = std::move(received.descriptors)};
    if (!datagram.is_cut)
        datagram.text.assign(text.data(), static_cast<std::size_t>(received.count));
    if (received.sender > 0 && !datagram.sender) {
        if (auto sender = Process::open(received.sender)) datagram.sender = std::move(*sender);
    }
    return datagram;
}

std::optional<std::string> cgroup_of(const Process& process) {
    if (process.pid() <= 0 || !process) return std::nullopt;
    const auto directory = open_process(process.pid());
    if (!directory) return std::nullopt;
    auto path = read_cgroup_path(*directory);
    // Only now is it certain that the number was still its own when it was looked up.
    if (!path || !process.is_there()) return std::nullopt;
    return std::move(*path);
}

}  // namespace confinit
