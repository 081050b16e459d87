// SPDX-License-Identifier: Apache-2.0
// UnitList: the units as the supervisor lists them, kept true by its events.
#include "bus/unit_list.h"

#include "control/fields.h"

#include <memory>
#include <sys/socket.h>
#include <utility>

namespace confinit {
namespace {

constexpr std::chrono::seconds pause_before_connect{1};
constexpr std::chrono::milliseconds time_to_gather{10};

// A call on the status socket takes 16 KiB.
constexpr std::size_t most_bytes_of_names = 8192;

std::vector<std::string> texts_of(const Json& summary, std::string_view field) {
    return find_strings(summary, field).value_or(std::vector<std::string>{});
}

// It has no result where the event tells of a job that has only begun.
JobOver job_over_of(const Json& event) {
    return {.job = static_cast<std::uint64_t>(integer_or(event, "job")),
            .unit = string_or(event, "unit"),
            .result = string_or(event, "result"),
            .reason = string_or(event, "text")};
}

}  // namespace

std::string_view UnitRecord::load_state() const {
    if (kind != "unknown") return "loaded";
    return load_problem.empty() ? "not-loaded" : "bad-setting";
}

UnitRecord unit_record(const Json& summary) {
    const auto problems = texts_of(summary, "load_problems");
    return {.name = string_or(summary, "name"),
            .description = string_or(summary, "description"),
            .kind = string_or(summary, "kind"),
            .group = string_or(summary, "group"),
            .enabled = string_or(summary, "enabled"),
            .active = string_or(summary, "active"),
            .sub = string_or(summary, "sub"),
            .reason = string_or(summary, "reason"),
            .on_disk = string_or(summary, "on_disk"),
            .load_problem = problems.empty() ? "" : problems.front(),
            .bus_name = string_or(summary, "bus_name"),
            .pid = integer_or(summary, "pid"),
            .since_us = integer_or(summary, "since_us"),
            .skipped = texts_of(summary, "skipped"),
            .drift = texts_of(summary, "drift"),
            .outdated = texts_of(summary, "outdated")};
}

UnitList::UnitList(std::string socket, SupervisorCalls& calls, UnitNews news)
    : socket_(std::move(socket)), calls_(calls), news_(std::move(news)) {}

void UnitList::add_polls(std::vector<pollfd>& polls) const {
    if (follower_) polls.push_back({follower_->socket().get(), POLLIN, 0});
}

std::optional<UnitList::Clock::time_point> UnitList::next_due() const {
    if (!follower_) return next_try_;
    return is_refreshing_ ? std::nullopt : refresh_due_;
}

void UnitList::handle() {
    if (!follower_ && Clock::now() >= next_try_) connect();
    while (follower_) {
        const auto received = follower_->receive_available();
        if (!received) return lose(received.error().text());
        if (!*received) break;
        const Reply& reply = (*received)->reply;
        if (!reply.error.empty() || !reply.continues) {
            return lose(string_or(reply.parameters, "message", "the events have ended"));
        }
        take_events(reply.parameters);
    }
    refresh();
}

void UnitList::connect() {
    next_try_ = Clock::now() + pause_before_connect;
    auto client = Client::connect(socket_, SOCK_NONBLOCK);
    if (!client) return lose(client.error().text());
    const Call call{.method = std::string{method_names.name(Method::events)},
                    .parameters = {{"all", true}},
                    .more = true};
    if (auto sent = client->send(call); !sent) return lose(sent.error().text());
    follower_ = std::move(*client);
    has_history_ = false;
    all_is_stale_ = true;
    news_.connection("");
}

void UnitList::lose(const std::string& why) {
    if (follower_) news_.missed(why);
    follower_.reset();
    next_try_ = Clock::now() + pause_before_connect;
    news_.connection(why);
}

void UnitList::take_events(const Json& parameters) {
    const bool is_history = !std::exchange(has_history_, true);
    if (bool_or(parameters, "missed")) {
        all_is_stale_ = true;
        news_.missed("events came faster than they were read");
    }
    const Json* events = find_array(parameters, "events");
    if (events == nullptr) return;
    for (const Json& event : *events)
        is_history ? take_former_event(event) : take_event(event);
}

// While nobody followed a job may have come to its end.
void UnitList::take_former_event(const Json& event) {
    if (JobOver over = job_over_of(event); !over.result.empty())
        jobs_over_.push_back(std::move(over));
}

void UnitList::take_event(const Json& event) {
    const std::string unit = string_or(event, "unit");
    const std::string kind = string_or(event, "kind");
    if (unit.empty()) {
        all_is_stale_ = all_is_stale_ || kind == "units";
        return;
    }
    stale_.insert(unit);
    if (kind == "job") {
        JobOver job = job_over_of(event);
        job.result.empty() ? news_.job_begun(job.job, unit) : jobs_over_.push_back(std::move(job));
    }
    if (kind == "drift") news_.drift(unit, string_or(event, "text"));
}

// The events of one start come in a bunch, and take one question.
void UnitList::refresh() {
    if (is_refreshing_ || !follower_) return;
    if (!all_is_stale_ && stale_.empty()) return;
    const auto now = Clock::now();
    if (!refresh_due_) refresh_due_ = now + time_to_gather;
    if (*refresh_due_ > now) return;
    refresh_due_.reset();
    all_is_stale_ ? refresh_all() : refresh_named();
}

void UnitList::refresh_all() {
    all_is_stale_ = false;
    stale_.clear();
    is_refreshing_ = true;
    news_.reloading(true);
    calls_.make("", {.method = std::string{method_names.name(Method::list)}},
                [this](const Result<Reply>& reply) {
                    on_list(nullptr, reply);
                    news_.reloading(false);
                });
}

void UnitList::refresh_named() {
    auto names = std::make_shared<std::set<std::string>>();
    for (std::size_t bytes = 0; !stale_.empty() && bytes < most_bytes_of_names;) {
        bytes += stale_.begin()->size() + 4;
        names->insert(stale_.extract(stale_.begin()));
    }
    is_refreshing_ = true;
    calls_.make(
        "",
        {.method = std::string{method_names.name(Method::list)}, .parameters = {{"units", *names}}},
        [this, names](const Result<Reply>& reply) { on_list(names.get(), reply); });
}

// Without names it was a list of all units.
void UnitList::on_list(const std::set<std::string>* asked, const Result<Reply>& reply) {
    is_refreshing_ = false;
    const Json* list =
        reply && reply->error.empty() ? find_array(reply->parameters, "units") : nullptr;
    if (list == nullptr) {
        all_is_stale_ = true;
        return lose(reply ? string_or(reply->parameters, "message", "it lists no units")
                          : reply.error().text());
    }
    std::set<std::string, std::less<>> gone;
    if (asked == nullptr) {
        for (const auto& [name, record] : units_)
            gone.insert(name);
    } else {
        gone.insert(asked->begin(), asked->end());
    }
    for (const Json& summary : *list) {
        UnitRecord record = unit_record(summary);
        gone.erase(record.name);
        put(std::move(record));
    }
    for (const std::string& name : gone)
        drop(name);
    for (std::size_t left = jobs_over_.size(); left > 0; --left) {
        JobOver over = std::move(jobs_over_.front());
        jobs_over_.pop_front();
        if (stale_.contains(over.unit)) {
            jobs_over_.push_back(std::move(over));
        } else {
            news_.job_over(over);
        }
    }
    refresh();
}

void UnitList::put(UnitRecord record) {
    const auto known = units_.find(record.name);
    if (known == units_.end()) {
        news_.appeared(units_.emplace(record.name, record).first->second);
        return;
    }
    if (known->second == record) return;
    const UnitRecord before = std::exchange(known->second, std::move(record));
    news_.changed(before, known->second);
}

void UnitList::drop(const std::string& name) {
    const auto known = units_.find(name);
    if (known == units_.end()) return;
    news_.disappeared(known->second);
    units_.erase(known);
}

}  // namespace confinit
