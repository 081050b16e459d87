// SPDX-License-Identifier: Apache-2.0
// LogRing: the last output lines of one unit, bounded in bytes; the oldest lines give way.
#include "log_ring.h"

#include <utility>

namespace confinit {
namespace {

// What a line costs beside its text, so that a million empty lines are bounded too.
constexpr std::size_t line_overhead = sizeof(LogLine);

}  // namespace

void LogRing::append(LogStream stream, std::string_view bytes) {
    std::string& partial = partial_[static_cast<std::size_t>(stream)];
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const std::size_t room = line_limit - partial.size();
        const std::string_view part = bytes.substr(0, std::min(end, room));
        partial += part;
        bytes.remove_prefix(part.size());
        const bool is_whole = !bytes.empty() && bytes.front() == '\n';
        if (is_whole) bytes.remove_prefix(1);
        if (is_whole || partial.size() >= line_limit) {
            add_line(stream, std::exchange(partial, {}));
        }
    }
}

void LogRing::finish_lines() {
    for (const LogStream stream : {LogStream::standard_output, LogStream::standard_error}) {
        std::string& partial = partial_[static_cast<std::size_t>(stream)];
        if (!partial.empty()) add_line(stream, std::exchange(partial, {}));
    }
}

void LogRing::add_line(LogStream stream, std::string text) {
    bytes_ += text.size() + line_overhead;
    lines_.push_back({std::chrono::system_clock::now(), stream, std::move(text), next_number_++});
    while (bytes_ > byte_limit) {
        bytes_ -= lines_.front().text.size() + line_overhead;
        lines_.pop_front();
        ++dropped_;
    }
    if (observer_) observer_();
}

}  // namespace confinit
