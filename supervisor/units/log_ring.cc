// SPDX-License-Identifier: Apache-2.0
// LogRing: the last output lines of one unit, bounded in bytes; the oldest lines give way.
#include "supervisor/units/log_ring.h"

#include "base/name_table.h"

#include <algorithm>
#include <utility>

namespace confinit {
namespace {

// The cost of a line beside its text, so that a million empty lines are bounded too.
constexpr std::size_t line_overhead = sizeof(LogLine);

constexpr auto stream_names = make_name_table<LogStream>({
    {LogStream::standard_output, "stdout"},
    {LogStream::standard_error, "stderr"},
});

constexpr auto part_names = make_name_table<LinePart>({
    {LinePart::whole, "whole"},
    {LinePart::first, "first"},
    {LinePart::middle, "middle"},
    {LinePart::last, "last"},
});

}  // namespace

std::string_view name(LogStream stream) {
    return stream_names.name(stream);
}

std::string_view name(LinePart part) {
    return part_names.name(part);
}

void LogRing::append(LogStream stream, std::string_view bytes) {
    Unfinished& line = unfinished(stream);
    const bool was_waiting = !line.text.empty();
    bool is_new = false;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const std::size_t room = line_limit - line.text.size();
        const std::string_view part = bytes.substr(0, std::min(end, room));
        line.text += part;
        bytes.remove_prefix(part.size());
        const bool is_whole = !bytes.empty() && bytes.front() == '\n';
        if (is_whole) bytes.remove_prefix(1);
        if (is_whole || line.text.size() >= line_limit) {
            add_line(stream, std::exchange(line.text, {}), is_whole ? Rest::none : Rest::follows);
            is_new = true;
        }
    }
    if (line.text.empty() || (was_waiting && !is_new)) return;
    line.due = Steady::now() + patience;
    if (unfinished_observer_) unfinished_observer_(line.due);
}

std::optional<LogRing::Steady::time_point> LogRing::show_unfinished(Steady::time_point now) {
    std::optional<Steady::time_point> next;
    for (const LogStream stream : {LogStream::standard_output, LogStream::standard_error}) {
        Unfinished& line = unfinished(stream);
        if (line.text.empty()) continue;
        if (line.due <= now) {
            add_line(stream, std::exchange(line.text, {}), Rest::follows);
        } else {
            next = std::min(next.value_or(line.due), line.due);
        }
    }
    return next;
}

void LogRing::finish_lines() {
    for (const LogStream stream : {LogStream::standard_output, LogStream::standard_error}) {
        Unfinished& line = unfinished(stream);
        if (!line.text.empty()) add_line(stream, std::exchange(line.text, {}));
        line.is_begun = false;
    }
}

void LogRing::add_line(LogStream stream, std::string text, Rest rest) {
    const bool is_begun = std::exchange(unfinished(stream).is_begun, rest == Rest::follows);
    const LinePart of_begun = rest == Rest::follows ? LinePart::middle : LinePart::last;
    const LinePart of_new = rest == Rest::follows ? LinePart::first : LinePart::whole;
    bytes_ += text.size() + line_overhead;
    lines_.push_back({std::chrono::system_clock::now(), stream, std::move(text), next_number_++,
                      is_begun ? of_begun : of_new});
    while (bytes_ > byte_limit) {
        bytes_ -= lines_.front().text.size() + line_overhead;
        lines_.pop_front();
        ++dropped_;
    }
    if (observer_) observer_(lines_.back());
}

}  // namespace confinit
