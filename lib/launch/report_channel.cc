// SPDX-License-Identifier: Apache-2.0
// The parent's side of what a child tells: its records, and the words that it could not send.
#include "launch/report_channel.h"

#include "base/shared_memory.h"
#include "base/unix_socket.h"

#include <cerrno>
#include <fcntl.h>
#include <span>
#include <sys/socket.h>

namespace confinit {

namespace {

Received hang_up(LastWordsPage* last_words) {
    if (last_words != nullptr) {
        if (const auto report = last_words->take()) return ReceivedReport{.report = *report};
    }
    return HungUp{};
}

}  // namespace

Result<LastWordsPage> LastWordsPage::make() {
    Shared<LastWords> page = TRY(make_shared_value<LastWords>());
    return LastWordsPage{page.release(), Unmap<LastWords>{}};
}

LastWordsPage& LastWordsPage::operator=(LastWordsPage&& other) noexcept {
    if (this != &other) {
        reset();
        page_ = std::exchange(other.page_, nullptr);
        release_ = std::move(other.release_);
    }
    return *this;
}

void LastWordsPage::reset() {
    if (page_ != nullptr) release_(std::exchange(page_, nullptr));
}

std::optional<LaunchReport> LastWordsPage::take() {
    if (page_ == nullptr) return std::nullopt;
    if (__atomic_exchange_n(&page_->spoken, 0U, __ATOMIC_ACQ_REL) == 0) return std::nullopt;
    return page_->report;
}

Result<ReportChannel> make_report_channel(int lowest) {
    auto [parent, other] = TRY(make_seqpacket_pair());
    TRY(pass_credentials(parent));
    if (fcntl(parent.get(), F_SETFL, O_NONBLOCK) < 0) return errno_failure("fcntl O_NONBLOCK");
    Fd child = TRY(duplicate(other, lowest));
    return ReportChannel{std::move(parent), std::move(child)};
}

Result<Received> receive_report(const Fd& socket, LastWordsPage* last_words) {
    LaunchReport report;
    const auto receive = [&] {
        return receive_message(socket, std::as_writable_bytes(std::span{&report, 1}), MSG_DONTWAIT);
    };
    ReceivedMessage message = receive();
    // A sender that ends with something unread in its own queue resets the connection. That is said
    // once, and what it has sent before is still there.
    if (message.count < 0 && errno == ECONNRESET) message = receive();
    // The kernel finds the queue empty first and the sender gone then: what was sent in between is
    // there when it is asked again, and nothing can follow.
    if (message.count == 0) message = receive();
    if (message.count < 0 && (errno == EAGAIN || errno == EINTR)) return std::monostate{};
    if (message.count == 0) return hang_up(last_words);
    if (message.count < 0) return errno_failure("recvmsg");
    if (message.count != static_cast<ssize_t>(sizeof report) || message.is_cut) {
        return std::unexpected(system_error(EPROTO, "recvmsg"));
    }
    // A broken sender may attach more than the one; they are closed here.
    Fd pidfd;
    if (!message.descriptors.empty()) pidfd = std::move(message.descriptors.back());
    ReceivedReport received{.report = report, .sender = {message.sender, std::move(pidfd)}};
    return received;
}

}  // namespace confinit
