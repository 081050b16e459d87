// SPDX-License-Identifier: Apache-2.0
// Tests of the Varlink messages: framing, parsing of hostile text, and what we write ourselves.
#include "control/message.h"

#include "control/fields.h"
#include "control/manager_interface.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace confinit {
namespace {

using namespace std::string_view_literals;

TEST_CASE("a message is given out once its NUL has come", "[control]") {
    MessageReader reader{100};

    REQUIRE(reader.feed("{\"a\""sv));
    CHECK_FALSE(reader.next());
    CHECK(reader.is_inside_message());
    REQUIRE(reader.feed(":1}\0"sv));

    CHECK(reader.next() == "{\"a\":1}");
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.is_inside_message());
}

TEST_CASE("messages that come in one read are given out one by one", "[control]") {
    MessageReader reader{100};

    REQUIRE(reader.feed("one\0two\0\0thr"sv));

    CHECK(reader.next() == "one");
    CHECK(reader.next() == "two");
    CHECK(reader.next() == "");
    CHECK_FALSE(reader.next());
    REQUIRE(reader.feed("ee\0"sv));
    CHECK(reader.next() == "three");
}

TEST_CASE("a message fed byte by byte comes whole", "[control]") {
    MessageReader reader{5};

    for (const char c : "12345\0"sv)
        REQUIRE(reader.feed({&c, 1}));

    CHECK(reader.next() == "12345");
}

TEST_CASE("a message of the limit passes, and one byte more never does", "[control][X10]") {
    MessageReader reader{4};

    REQUIRE(reader.feed("1234\0"sv));
    CHECK(reader.next() == "1234");

    CHECK_FALSE(reader.feed("12345"sv));
    CHECK_FALSE(reader.feed("\0"sv));
    CHECK_FALSE(reader.next());
}

TEST_CASE("a stream without a NUL cannot fill the memory", "[control][X10]") {
    MessageReader reader{request_limit};
    const std::string chunk(4096, 'x');

    std::size_t taken = 0;
    while (reader.feed(chunk))
        taken += chunk.size();

    CHECK(taken <= request_limit);
}

TEST_CASE("a call is parsed with its parameters and flags", "[control]") {
    const auto call =
        parse_call(R"({"method":"a.B","parameters":{"unit":"heat"},"more":true,"oneway":true})");

    REQUIRE(call);
    CHECK(call->method == "a.B");
    CHECK(find_string(call->parameters, "unit") == "heat");
    CHECK(call->more);
    CHECK(call->oneway);
}

TEST_CASE("a call may leave all but its method out", "[control]") {
    const auto call = parse_call(R"({"method":"a.B","parameters":null})");

    REQUIRE(call);
    CHECK(call->parameters == Json::object());
    CHECK_FALSE(call->more);
    CHECK_FALSE(call->oneway);
}

TEST_CASE("what is no call is refused without an exception", "[control][X10]") {
    const auto text =
        GENERATE(""sv, " "sv, "null"sv, "[]"sv, "1"sv, "\"a\""sv, "{"sv, "{}"sv, "{}{}"sv, "{}x"sv,
                 R"({"method":1})"sv, R"({"method":null})"sv, R"({"method":["a"]})"sv,
                 R"({"method":"a","parameters":[]})"sv, R"({"method":"a","parameters":"x"})"sv,
                 R"({"method":"a","parameters":1})"sv, R"({"method":"a","more":1})"sv,
                 R"({"method":"a","more":"true"})"sv, R"({"method":"a","oneway":{}})"sv,
                 "\xff\xfe"sv, "{\"method\":\"\xc3\x28\"}"sv, R"({"method":"a\ud800"})"sv,
                 R"({"method":"a",})"sv, R"({'method':'a'})"sv, "{\"method\":\"a\n\"}"sv,
                 R"({"method":"a","parameters":{"n":1e999}})"sv);

    INFO(text);
    CHECK_FALSE(parse_call(text));
}

TEST_CASE("nesting is counted outside of strings only", "[control][X10]") {
    const std::string brackets(1000, '[');

    CHECK(parse_call(R"({"method":")" + brackets + R"(\"[["})"));
    CHECK_FALSE(parse_call(R"({"method":"a","parameters":{"x":)" + brackets + "}}"));
}

TEST_CASE("nesting beyond the limit is refused, closed properly or not", "[control][X10]") {
    const auto nested = [](std::size_t depth) {
        // The message and its parameters are two of the levels.
        return R"({"method":"a","parameters":{"x":)" + std::string(depth - 2, '[') +
               std::string(depth - 2, ']') + "}}";
    };

    CHECK(parse_call(nested(nesting_limit)));
    CHECK_FALSE(parse_call(nested(nesting_limit + 1)));
    CHECK_FALSE(parse_call(std::string(60'000, '[')));
}

TEST_CASE("a reply is a result or a named error", "[control]") {
    const auto result = parse_reply(R"({"parameters":{"n":1},"continues":true})");
    const auto error = parse_reply(R"({"error":"a.B","parameters":{"message":"no"}})");

    REQUIRE(result);
    CHECK(result->error.empty());
    CHECK(result->continues);
    CHECK(find_integer(result->parameters, "n") == 1);
    REQUIRE(error);
    CHECK(error->error == "a.B");
    CHECK_FALSE(error->continues);
}

TEST_CASE("what is no reply is refused", "[control]") {
    const auto text = GENERATE("[]"sv, R"({"error":1})"sv, R"({"error":""})"sv,
                               R"({"continues":1})"sv, R"({"parameters":[]})"sv, "{\"a\""sv);

    INFO(text);
    CHECK_FALSE(parse_reply(text));
}

TEST_CASE("what we encode is what we parse", "[control]") {
    const std::string text = encode_call(
        {.method = "a.B", .parameters = {{"unit", "heat"}, {"n", {1, 2}}}, .more = true});
    MessageReader reader{1000};

    REQUIRE(reader.feed(text));
    const auto message = reader.next();
    REQUIRE(message);
    const auto call = parse_call(*message);

    REQUIRE(call);
    CHECK(call->method == "a.B");
    CHECK(call->parameters == Json{{"unit", "heat"}, {"n", {1, 2}}});
    CHECK(call->more);
}

TEST_CASE("an encoded message has one NUL, at its end, whatever its texts hold", "[control]") {
    const Json parameters{{"text", std::string{"a\0b\xff\n", 5}}};
    const std::string text = GENERATE_COPY(encode_reply(parameters), encode_reply(parameters, true),
                                           encode_error(ControlError::denied, parameters));

    CHECK(text.find('\0') == text.size() - 1);
    CHECK(parse_reply(std::string_view{text}.substr(0, text.size() - 1)));
}

TEST_CASE("bytes that are no UTF-8 are replaced in what we write", "[control]") {
    CHECK(dump(Json{{"a", "x\xffy"}}) == "{\"a\":\"x\xef\xbf\xbdy\"}");
}

TEST_CASE("an error is encoded by its name", "[control]") {
    CHECK(encode_error(ControlError::no_such_unit, {{"unit", "x"}}) ==
          std::string{R"({"error":"org.confinit.Manager.NoSuchUnit","parameters":{"unit":"x"}})"} +
              '\0');
}

TEST_CASE("a field of another type is an absent field", "[control][X10]") {
    const Json object{{"text", "x"},     {"number", 7},      {"float", 1.0},
                      {"null", nullptr}, {"list", {"a", 1}}, {"huge", 18446744073709551615U}};

    CHECK(find_string(object, "text") == "x");
    CHECK_FALSE(find_string(object, "number"));
    CHECK(find_integer(object, "number") == 7);
    CHECK_FALSE(find_integer(object, "float"));
    CHECK_FALSE(find_integer(object, "huge"));
    CHECK_FALSE(find_bool(object, "number"));
    CHECK(find_field(object, "null") == nullptr);
    CHECK_FALSE(find_strings(object, "list"));
    CHECK(find_field(Json::array({1}), "text") == nullptr);
    CHECK(find_field(Json{}, "text") == nullptr);
}

TEST_CASE("every method and error of the manager stands in its description", "[control]") {
    const auto description = find_interface_description("org.confinit.Manager");
    REQUIRE(description);
    constexpr std::string_view prefix = "org.confinit.Manager.";

    for (const std::string_view name : method_names.names()) {
        if (!name.starts_with(prefix)) continue;
        INFO(name);
        CHECK(description->contains("\nmethod " + std::string{name.substr(prefix.size())} + "("));
    }
    for (const std::string_view name : control_error_names.names()) {
        if (!name.starts_with(prefix)) continue;
        INFO(name);
        CHECK(description->contains("\nerror " + std::string{name.substr(prefix.size())} + " ("));
    }
}

TEST_CASE("each interface describes itself by its name, and no other is known", "[control]") {
    for (const std::string_view name : interface_names()) {
        const auto description = find_interface_description(name);
        REQUIRE(description);
        CHECK(description->contains("\ninterface " + std::string{name} + "\n"));
    }
    CHECK_FALSE(find_interface_description("org.confinit.Other"));
}

}  // namespace
}  // namespace confinit
