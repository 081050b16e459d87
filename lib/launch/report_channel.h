// SPDX-License-Identifier: Apache-2.0
// The parent's side of what a child tells: its records, and the words that it could not send.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "kernel/process.h"
#include "launch/child_plan.h"

#include <functional>
#include <optional>
#include <sys/types.h>
#include <utility>
#include <variant>

namespace confinit {

// Memory that the child shares with the parent until it executes the program.
class LastWordsPage {
public:
    using Release = std::move_only_function<void(LastWords* words)>;

    // A page of its own.
    static Result<LastWordsPage> make();
    // `release` is called once, when nobody needs it any more.
    LastWordsPage(LastWords* page, Release release) : page_(page), release_(std::move(release)) {}
    LastWordsPage() = default;
    LastWordsPage(LastWordsPage&& other) noexcept
        : page_(std::exchange(other.page_, nullptr)), release_(std::move(other.release_)) {}
    LastWordsPage& operator=(LastWordsPage&& other) noexcept;
    LastWordsPage(const LastWordsPage&) = delete;
    LastWordsPage& operator=(const LastWordsPage&) = delete;
    ~LastWordsPage() { reset(); }

    LastWords* get() const { return page_; }

    // The report that the socket did not carry; at most once.
    std::optional<LaunchReport> take();

private:
    void reset();

    LastWords* page_ = nullptr;
    Release release_;
};

// A pair of sockets for LaunchReport records. The parent's end does not block and learns the
// sender of each record from the kernel; the child's end is numbered `lowest` or higher.
struct ReportChannel {
    Fd parent;
    Fd child;
};
Result<ReportChannel> make_report_channel(int lowest);

// One record, with the sender's pid in our own pid namespace and, for `executing`, its pidfd.
struct ReceivedReport {
    LaunchReport report;
    Process sender;
};

// The next record of a report or exit socket; monostate when there is none at present; HungUp when
// all senders are gone. With `last_words`, what the child could not send comes before the hang-up.
// A datagram that is no LaunchReport is an error (EPROTO).
struct HungUp {};
using Received = std::variant<std::monostate, ReceivedReport, HungUp>;
Result<Received> receive_report(const Fd& socket, LastWordsPage* last_words = nullptr);

}  // namespace confinit
