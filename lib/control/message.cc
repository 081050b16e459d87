// SPDX-License-Identifier: Apache-2.0
// Varlink messages without any input or output: framing by NUL bytes, calls and replies as JSON.
#include "control/message.h"

#include "control/fields.h"

#include <algorithm>
#include <limits>

namespace confinit {
namespace {

Result<Json> parse_object(std::string_view text) {
    if (nesting_depth(text) > nesting_limit) {
        return failure("message is nested too deeply");
    }
    Json value = Json::parse(text, nullptr, false);
    if (value.is_discarded()) return failure("message is no JSON");
    if (!value.is_object()) return failure("message is no JSON object");
    return value;
}

Status expect_optional(const Json& message, std::string_view name, Json::value_t type) {
    const Json* field = find_field(message, name);
    if (field == nullptr || field->type() == type) return {};
    return failure("message has a '" + std::string{name} + "' of the wrong type");
}

// Parameters may be left out, which means that there are none.
Json take_parameters(Json& message) {
    const auto member = message.find("parameters");
    if (member == message.end() || member->is_null()) return Json::object();
    return std::move(*member);
}

// A unique name of the bus: ":1.42". It goes into texts for people.
bool is_unique_name(std::string_view name) {
    constexpr std::size_t longest = 255;
    return name.size() > 1 && name.size() <= longest && name.front() == ':' &&
           name.find_first_not_of(
               "0123456789.-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 1) ==
               std::string_view::npos;
}

// Strict, because it decides: nothing unknown, nothing left out but the pid and the action.
Result<Principal> take_principal(const Json& member) {
    constexpr std::int64_t largest_uid = 0xffff'fffe;
    for (const auto& [name, value] : member.items()) {
        if (name != "uid" && name != "sender" && name != "pid" && name != "authorized") {
            return failure("'on_behalf_of' has an unknown member");
        }
    }
    const auto uid = find_integer(member, "uid");
    const auto sender = find_string(member, "sender");
    if (!uid || *uid < 0 || *uid > largest_uid) return failure("'on_behalf_of' has no uid");
    if (!sender || !is_unique_name(*sender)) return failure("'on_behalf_of' has no sender");
    Principal principal{.uid = static_cast<std::uint32_t>(*uid), .sender = *sender};
    if (find_field(member, "pid") != nullptr) {
        const auto pid = find_integer(member, "pid");
        const bool is_pid = pid && *pid > 0 && *pid <= std::numeric_limits<std::int32_t>::max();
        if (!is_pid) return failure("'on_behalf_of' has a wrong pid");
        principal.pid = static_cast<std::int32_t>(*pid);
    }
    TRY(expect_optional(member, "authorized", Json::value_t::string));
    principal.authorized = string_or(member, "authorized");
    return principal;
}

// Members that the protocol does not have stand in an object of their vendor's name.
constexpr const char* vendor = "org.confinit";
constexpr const char* on_behalf_of = "on_behalf_of";

Json principal_member(const Principal& principal) {
    Json member{{"uid", principal.uid}, {"sender", principal.sender}};
    if (principal.pid) member["pid"] = *principal.pid;
    if (!principal.authorized.empty()) member["authorized"] = principal.authorized;
    return member;
}

std::string encode(const Json& message) {
    std::string text = dump(message);
    text.push_back('\0');
    return text;
}

}  // namespace

std::string Principal::text() const {
    return "uid " + std::to_string(uid) + " (" + sender + ")";
}

Status MessageReader::feed(std::span<const char> bytes) {
    if (begin_ > 0) {
        buffer_.erase(0, begin_);
        last_end_ -= begin_;
        begin_ = 0;
    }
    for (std::size_t used = 0; used < bytes.size() && !is_over_limit_;) {
        const std::string_view rest{bytes.data() + used, bytes.size() - used};
        const std::size_t end = rest.find('\0');
        const std::size_t length = std::min(end, rest.size());
        if (buffer_.size() - last_end_ + length > limit_) {
            is_over_limit_ = true;
            break;
        }
        buffer_.append(rest.substr(0, length));
        used += length;
        if (end == std::string_view::npos) break;
        buffer_.push_back('\0');
        ++used;
        last_end_ = buffer_.size();
    }
    if (is_over_limit_) {
        return failure("message is longer than " + std::to_string(limit_) + " bytes");
    }
    return {};
}

std::optional<std::string> MessageReader::next() {
    if (!has_next()) return std::nullopt;
    const std::size_t end = buffer_.find('\0', begin_);
    std::string message = buffer_.substr(begin_, end - begin_);
    begin_ = end + 1;
    return message;
}

Result<Call> parse_call(std::string_view text) {
    Json message = TRY(parse_object(text));
    TRY(expect_optional(message, "parameters", Json::value_t::object));
    TRY(expect_optional(message, "more", Json::value_t::boolean));
    TRY(expect_optional(message, "oneway", Json::value_t::boolean));
    TRY(expect_optional(message, "upgrade", Json::value_t::boolean));
    TRY(expect_optional(message, vendor, Json::value_t::object));
    auto method = find_string(message, "method");
    if (!method) return failure("message has no method");

    Call call{.method = std::move(*method),
              .more = bool_or(message, "more"),
              .oneway = bool_or(message, "oneway"),
              .upgrade = bool_or(message, "upgrade")};
    if (const Json* ours = find_object(message, vendor)) {
        TRY(expect_optional(*ours, on_behalf_of, Json::value_t::object));
        if (const Json* member = find_object(*ours, on_behalf_of)) {
            call.on_behalf_of = TRY(take_principal(*member));
        }
    }
    call.parameters = take_parameters(message);
    return call;
}

Result<Reply> parse_reply(std::string_view text) {
    Json message = TRY(parse_object(text));
    TRY(expect_optional(message, "parameters", Json::value_t::object));
    TRY(expect_optional(message, "continues", Json::value_t::boolean));
    TRY(expect_optional(message, "error", Json::value_t::string));
    if (find_string(message, "error") == "") return failure("message has an empty 'error'");

    Reply reply{.error = string_or(message, "error"), .continues = bool_or(message, "continues")};
    reply.parameters = take_parameters(message);
    return reply;
}

std::string encode_call(const Call& call) {
    Json message{{"method", call.method}, {"parameters", call.parameters}};
    if (call.more) message["more"] = true;
    if (call.oneway) message["oneway"] = true;
    if (call.upgrade) message["upgrade"] = true;
    if (call.on_behalf_of) message[vendor][on_behalf_of] = principal_member(*call.on_behalf_of);
    return encode(message);
}

std::string encode_reply(const Json& parameters, bool continues) {
    Json message{{"parameters", parameters}};
    if (continues) message["continues"] = true;
    return encode(message);
}

std::string encode_reply_text(std::string_view parameters) {
    std::string text{R"({"parameters":)"};
    text.append(parameters).push_back('}');
    text.push_back('\0');
    return text;
}

std::string encode_error(ControlError error, const Json& parameters) {
    return encode(
        Json{{"error", std::string{control_error_names.name(error)}}, {"parameters", parameters}});
}

std::string dump(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dump_indented(const Json& value) {
    return value.dump(4, ' ', false, Json::error_handler_t::replace);
}

}  // namespace confinit
