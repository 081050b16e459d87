// SPDX-License-Identifier: Apache-2.0
// Authorization: who a client of the bus is, as the broker says, and what polkit allows it.
#include "bus/authorization.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace confinit {
namespace {

using Credentials = std::map<std::string, sdbus::Variant>;

constexpr BusConnection::Destination polkit{"org.freedesktop.PolicyKit1",
                                            "/org/freedesktop/PolicyKit1/Authority",
                                            "org.freedesktop.PolicyKit1.Authority"};

constexpr std::chrono::seconds polkit_time{25};
constexpr std::chrono::seconds time_for_a_person{120};

constexpr std::size_t most_questions = 64;
constexpr std::size_t most_of_user = 8;

constexpr std::uint32_t first_negative_uid = 0x8000'0000;

std::unexpected<BusError> denied(std::string why) {
    return std::unexpected(BusError{bus_errors::access_denied, std::move(why)});
}

std::optional<std::uint32_t> number_of(const Credentials& credentials, const char* name) {
    const auto found = credentials.find(name);
    if (found == credentials.end() || found->second.peekValueType() != "u") return std::nullopt;
    return found->second.get<std::uint32_t>();
}

std::expected<Principal, BusError> principal_of(const std::string& sender,
                                                sdbus::MethodReply& reply) {
    Credentials credentials;
    try {
        reply >> credentials;
    } catch (const sdbus::Error& error) {
        return denied("the answer of the bus is not understood: " + error.getMessage());
    }
    const auto uid = number_of(credentials, "UnixUserID");
    if (!uid) return denied("the bus does not know the user of " + sender);
    if (*uid >= first_negative_uid) return denied(fmt::format("uid {} is beyond 2147483647", *uid));
    Principal principal{.uid = *uid, .sender = sender};
    const auto pid = number_of(credentials, "ProcessID");
    if (pid && *pid > 0 && *pid < first_negative_uid) {
        principal.pid = static_cast<std::int32_t>(*pid);
    }
    return principal;
}

std::expected<void, BusError> verdict_of(sdbus::MethodReply& reply, Action action,
                                         bool may_interact) {
    sdbus::Struct<bool, bool, std::map<std::string, std::string>> result;
    try {
        reply >> result;
    } catch (const sdbus::Error& error) {
        return denied("polkit's answer is not understood: " + error.getMessage());
    }
    if (result.get<0>()) return {};
    const std::string_view name = action_names.name(action);
    if (!result.get<1>()) return denied(fmt::format("polkit does not allow {}", name));
    return denied(
        fmt::format("{} takes a password, and {}", name,
                    may_interact ? "no polkit agent asks for it" : "the call allows no question"));
}

std::string cancellation_id(std::uint64_t number) {
    return fmt::format("confinit-{}", number);
}

}  // namespace

void Authorization::identify(const std::string& sender, Identified done) {
    if (const auto known = known_.find(sender); known != known_.end()) return done(known->second);
    const auto shared = std::make_shared<Identified>(std::move(done));
    const auto asked = bus_.call(
        broker, "GetConnectionCredentials", "s", Json::array({sender}), broker_time,
        [this, sender, shared](sdbus::MethodReply& reply, const BusError* error) {
            if (error != nullptr) {
                return (*shared)(
                    denied(fmt::format("nothing is known of {}: {}", sender, error->message)));
            }
            const auto principal = principal_of(sender, reply);
            if (principal) known_.insert_or_assign(sender, *principal);
            (*shared)(principal);
        });
    if (!asked) (*shared)(denied(asked.error().text()));
}

std::string Authorization::user_of(const std::string& sender) {
    const auto known = known_.find(sender);
    if (known != known_.end()) return fmt::format("uid {}", known->second.uid);
    identify(sender, [](const std::expected<Principal, BusError>&) {});
    return {};
}

void Authorization::ask(const Principal& asker, Action action, const std::string& unit,
                        bool may_interact, Answered done) {
    const auto of_user = std::ranges::count_if(
        questions_, [&](const auto& entry) { return entry.second.uid == asker.uid; });
    if (questions_.size() >= most_questions || static_cast<std::size_t>(of_user) >= most_of_user) {
        return done(std::unexpected(BusError{bus_errors::limits_exceeded,
                                             "too many calls wait for polkit; try again later"}));
    }
    const std::uint64_t number = next_number_++;
    const bool waits = may_interact && has_open_question(asker.sender);
    Question& question = questions_
                             .emplace(number, Question{asker.sender, asker.uid, action, unit,
                                                       may_interact, std::move(done)})
                             .first->second;
    if (!waits) put(number, question);
}

bool Authorization::has_open_question(const std::string& sender) const {
    return std::ranges::any_of(questions_, [&](const auto& entry) {
        const Question& question = entry.second;
        return question.is_put && question.may_interact && question.sender == sender;
    });
}

void Authorization::put(std::uint64_t number, Question& question) {
    question.is_put = true;
    const bool may_interact = question.may_interact;
    Json details = Json::object();
    if (!question.unit.empty()) details["unit"] = question.unit;
    const Json subject =
        Json::array({"system-bus-name", Json{{"name", Json::array({"s", question.sender})}}});
    const auto asked = bus_.call(
        polkit, "CheckAuthorization", "(sa{sv})sa{ss}us",
        Json::array({subject, action_names.name(question.action), details, may_interact ? 1 : 0,
                     cancellation_id(number)}),
        may_interact ? time_for_a_person : polkit_time,
        [this, number, action = question.action, may_interact](sdbus::MethodReply& reply,
                                                               const BusError* error) {
            if (error == nullptr) return answer(number, verdict_of(reply, action, may_interact));
            take_back(number);
            answer(number, denied(fmt::format("polkit gives no answer: {}", error->message)));
        });
    if (!asked) answer(number, denied(asked.error().text()));
}

void Authorization::answer(std::uint64_t number, std::expected<void, BusError> answer) {
    auto question = questions_.extract(number);
    if (!question) return;
    question.mapped().done(std::move(answer));
    put_next(question.mapped().sender);
}

void Authorization::put_next(const std::string& sender) {
    if (has_open_question(sender)) return;
    const auto next = std::ranges::find_if(questions_, [&](const auto& entry) {
        return !entry.second.is_put && entry.second.sender == sender;
    });
    if (next != questions_.end()) put(next->first, next->second);
}

// polkit goes on to ask a person until it is told that nobody waits any more.
void Authorization::take_back(std::uint64_t number) {
    (void)bus_.call(polkit, "CancelCheckAuthorization", "s", Json::array({cancellation_id(number)}),
                    polkit_time, [](sdbus::MethodReply&, const BusError*) {});
}

void Authorization::forget(const std::string& sender) {
    known_.erase(sender);
    std::vector<std::pair<std::uint64_t, Question>> left;
    for (auto& [number, question] : questions_) {
        if (question.sender == sender) left.emplace_back(number, std::move(question));
    }
    for (const auto& [number, question] : left)
        questions_.erase(number);
    for (auto& [number, question] : left) {
        if (question.is_put) take_back(number);
        question.done(denied(sender + " has left the bus"));
    }
}

}  // namespace confinit
