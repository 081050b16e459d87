// SPDX-License-Identifier: Apache-2.0
// A scene for tests of svctl: a supervisor that is only played, in a process of its own.
#include "svctl_scene.h"

#include "base/file.h"
#include "svctl/svctl.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit {
namespace {

Fd listen_at(const std::string& path) {
    Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path, address.sun_path);
    REQUIRE(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(socket.get(), 64) == 0);
    return socket;
}

// A child that does not outlive the test and does not write what Catch2 has buffered.
pid_t fork_child() {
    (void)std::fflush(nullptr);
    const pid_t process = fork();
    REQUIRE(process >= 0);
    if (process == 0) (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    return process;
}

[[noreturn]] void play(const Fd& listener, const FakeSupervisor::Part& part) {
    (void)std::signal(SIGPIPE, SIG_IGN);
    for (;;) {
        const Fd connection{accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        if (!connection) _exit(1);
        part(connection);
    }
}

Fd make_memory_file(std::string_view text) {
    Fd file{memfd_create("svctl", MFD_CLOEXEC)};
    REQUIRE(file);
    send_text(file, text);
    REQUIRE(lseek(file.get(), 0, SEEK_SET) == 0);
    return file;
}

std::string text_of(const Fd& file) {
    REQUIRE(lseek(file.get(), 0, SEEK_SET) == 0);
    return read_all(file, "output", 64U << 20).value_or("unreadable");
}

}  // namespace

FakeSupervisor::FakeSupervisor(const Part& part) {
    std::string name = "/tmp/svctl-test-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    directory_ = name;
    path_ = directory_ + "/control";
    const Fd listener = listen_at(path_);
    process_ = fork_child();
    if (process_ == 0) play(listener, part);
}

FakeSupervisor::~FakeSupervisor() {
    if (process_ > 0) {
        (void)kill(process_, SIGKILL);
        (void)waitpid(process_, nullptr, 0);
    }
    (void)unlink(path_.c_str());
    (void)rmdir(directory_.c_str());
}

FakeSupervisor::Part answers(std::string bytes) {
    return [bytes = std::move(bytes)](const Fd& connection) {
        (void)read_call(connection);
        send_text(connection, bytes);
    };
}

FakeSupervisor::Part echoes_call() {
    return [](const Fd& connection) {
        const Call call = read_call(connection);
        const Json message{
            {"method", call.method}, {"parameters", call.parameters}, {"more", call.more}};
        send_text(connection,
                  encode_error(ControlError::operation_failed, {{"message", dump(message)}}));
    };
}

Call read_call(const Fd& connection) {
    MessageReader reader{request_limit};
    std::array<char, 4096> bytes;
    for (;;) {
        if (const auto text = reader.next()) return parse_call(*text).value_or(Call{});
        const ssize_t count = read(connection.get(), bytes.data(), bytes.size());
        if (count <= 0) return {};
        if (!reader.feed({bytes.data(), static_cast<std::size_t>(count)})) return {};
    }
}

void send_text(const Fd& fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = write(fd.get(), bytes.data(), bytes.size());
        if (count <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void send_with_descriptors(const Fd& connection, std::string_view bytes, std::span<const Fd> fds) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(16 * sizeof(int))> control{};
    iovec vector{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    for (std::size_t i = 0; i < fds.size(); ++i) {
        const int fd = fds[i].get();
        std::memcpy(CMSG_DATA(item) + i * sizeof fd, &fd, sizeof fd);
    }
    (void)sendmsg(connection.get(), &header, MSG_NOSIGNAL);
}

Json Outcome::document() const {
    INFO(output << error);
    REQUIRE(output.find('\n') + 1 == output.size());
    Json value = Json::parse(output, nullptr, false);
    REQUIRE(value.is_object());
    return value;
}

Outcome run_svctl(const std::string& socket, std::vector<std::string> arguments,
                  std::string_view input) {
    const Fd input_file = make_memory_file(input);
    const Fd output_file = make_memory_file({});
    const Fd error_file = make_memory_file({});
    const std::array streams{input_file.get(), output_file.get(), error_file.get()};
    const pid_t process = start_svctl(socket, std::move(arguments), streams);
    const int status = wait_for(process);
    return {.status = status, .output = text_of(output_file), .error = text_of(error_file)};
}

pid_t start_svctl(const std::string& socket, std::vector<std::string> arguments,
                  std::span<const int, 3> streams, const std::function<void()>& prepare) {
    const pid_t process = fork_child();
    if (process != 0) return process;
    if (prepare) prepare();
    (void)setenv("CONFINIT_CONTROL", socket.c_str(), 1);
    for (int number = 0; number < 3; ++number) {
        (void)dup2(streams[static_cast<std::size_t>(number)], number);
    }
    std::vector<const char*> words{"svctl"};
    for (const std::string& argument : arguments)
        words.push_back(argument.c_str());
    words.push_back(nullptr);
    _exit(svctl_main(static_cast<int>(words.size()) - 1, words.data()));
}

pid_t start_process(const std::function<void()>& work) {
    const pid_t process = fork_child();
    if (process != 0) return process;
    work();
    _exit(0);
}

int wait_for(pid_t process) {
    int status = 0;
    if (waitpid(process, &status, 0) != process) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

}  // namespace confinit
