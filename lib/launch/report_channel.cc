// SPDX-License-Identifier: Apache-2.0
// The parent's side of what a child tells: its records, and the words that it could not send.
#include "launch/report_channel.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

namespace confinit {

namespace {

// What came with one record beside its bytes. A broken sender may attach more descriptors than
// one; each is owned, and so closed, here.
void read_control_messages(msghdr& message, ReceivedReport& received) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET) continue;
        if (header->cmsg_type == SCM_CREDENTIALS) {
            ucred credentials{};
            std::memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
            received.sender = credentials.pid;
        }
        if (header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            received.process = Fd{fd};
        }
    }
}

Received hang_up(LastWordsPage* last_words) {
    if (last_words != nullptr) {
        if (const auto report = last_words->take()) return ReceivedReport{.report = *report};
    }
    return HungUp{};
}

}  // namespace

Result<LastWordsPage> LastWordsPage::make() {
    void* page =
        mmap(nullptr, sizeof(LastWords), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return errno_failure("mmap");
    return LastWordsPage{static_cast<LastWords*>(page)};
}

LastWordsPage& LastWordsPage::operator=(LastWordsPage&& other) noexcept {
    if (this != &other) {
        reset();
        page_ = std::exchange(other.page_, nullptr);
    }
    return *this;
}

void LastWordsPage::reset() {
    // A whole mapping of ours cannot fail to go away.
    if (page_ != nullptr) (void)munmap(std::exchange(page_, nullptr), sizeof(LastWords));
}

std::optional<LaunchReport> LastWordsPage::take() {
    if (page_ == nullptr) return std::nullopt;
    if (__atomic_exchange_n(&page_->spoken, 0U, __ATOMIC_ACQ_REL) == 0) return std::nullopt;
    return page_->report;
}

Result<ReportChannel> make_report_channel(int lowest) {
    auto [parent, other] = TRY(make_seqpacket_pair());
    const int on = 1;
    if (setsockopt(parent.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
        return errno_failure("setsockopt SO_PASSCRED");
    }
    if (fcntl(parent.get(), F_SETFL, O_NONBLOCK) < 0) return errno_failure("fcntl O_NONBLOCK");
    Fd child = TRY(duplicate(other, lowest));
    return ReportChannel{std::move(parent), std::move(child)};
}

Result<Received> receive_report(const Fd& socket, LastWordsPage* last_words) {
    ReceivedReport received;
    iovec data{&received.report, sizeof received.report};
    alignas(cmsghdr) std::array<unsigned char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int))>
        control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    const auto receive = [&] {
        message.msg_controllen = control.size();
        return recvmsg(socket.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    };
    ssize_t count = receive();
    // A sender that ends with something unread in its own queue resets the connection. That is said
    // once, and what it has sent before is still there.
    if (count < 0 && errno == ECONNRESET) count = receive();
    // The kernel finds the queue empty first and the sender gone then: what was sent in between is
    // there when it is asked again, and nothing can follow.
    if (count == 0) count = receive();
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::monostate{};
    if (count == 0) return hang_up(last_words);
    if (count < 0) return errno_failure("recvmsg");
    read_control_messages(message, received);
    if (count != static_cast<ssize_t>(sizeof received.report) ||
        (message.msg_flags & MSG_TRUNC) != 0) {
        return std::unexpected(system_error(EPROTO, "recvmsg"));
    }
    return received;
}

}  // namespace confinit
