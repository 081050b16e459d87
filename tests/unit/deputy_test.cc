// SPDX-License-Identifier: Apache-2.0
// What a deputy may ask for, and in whose name; and how a call tells it.
#include "supervisor/control/deputy.h"
#include "control/message.h"

#include <catch2/catch.hpp>

namespace confinit {
namespace {

std::string refusal(Method method, Principal principal) {
    principal.sender = ":1.7";
    const auto allowed = check_deputy_call(method_info(method), principal, 0);
    return allowed ? "" : allowed.error();
}

bool is_taken(const std::string& member) {
    return parse_call(R"({"method":"a.B","org.confinit":{"on_behalf_of":)" + member + "}}")
        .has_value();
}

}  // namespace

TEST_CASE("a deputy needs the action of the method", "[X11][bus]") {
    CHECK(refusal(Method::list, {.uid = 1000}).empty());
    CHECK(refusal(Method::list, {.uid = 0}).empty());
    CHECK(refusal(Method::start, {.uid = 1000, .authorized = "org.confinit.manage-units"}).empty());
    CHECK(refusal(Method::start, {.uid = 1000}) ==
          "uid 1000 (:1.7) lacks the authorization org.confinit.manage-units");
    CHECK_FALSE(
        refusal(Method::set, {.uid = 1, .authorized = "org.confinit.manage-units"}).empty());
    CHECK_FALSE(
        refusal(Method::power_off, {.uid = 1, .authorized = "org.confinit.reload"}).empty());
}

TEST_CASE("no deputy rules in the name of root or of a negative uid, or enters",
          "[X11][X15][bus]") {
    const std::string all = "org.confinit.manage-units";
    CHECK(refusal(Method::start, {.uid = 0, .authorized = all}).contains("svctl"));
    CHECK(refusal(Method::start, {.uid = 0x7fff'ffff, .authorized = all}).empty());
    for (const std::uint32_t uid : {0x8000'0000U, 0xffff'fffeU}) {
        CHECK(refusal(Method::start, {.uid = uid, .authorized = all}).contains("beyond"));
        CHECK(refusal(Method::list, {.uid = uid}).contains("beyond"));
    }
    for (const Method method :
         {Method::enter, Method::logs, Method::filter, Method::set_name_owner}) {
        CHECK(refusal(method, {.uid = 1000, .authorized = "org.confinit.enter"}) ==
              "no deputy may ask for it");
    }
}

TEST_CASE("who asks is told in full or the call is none", "[X10][bus]") {
    CHECK(is_taken(R"({"uid":1000,"sender":":1.42"})"));
    CHECK(is_taken(R"({"uid":0,"sender":":1.42","pid":7,"authorized":"x"})"));
    for (const char* bad :
         {"[]", "1", "{}", R"({"uid":1000})", R"({"sender":":1.1"})",
          R"({"uid":-1,"sender":":1.1"})", R"({"uid":4294967295,"sender":":1.1"})",
          R"({"uid":1.0,"sender":":1.1"})", R"({"uid":"0","sender":":1.1"})",
          R"({"uid":1,"sender":"org.a"})", R"({"uid":1,"sender":":"})",
          R"({"uid":1,"sender":":1\n2"})", R"({"uid":1,"sender":":1.1","pid":0})",
          R"({"uid":1,"sender":":1.1","pid":"1"})", R"({"uid":1,"sender":":1.1","authorized":1})",
          R"({"uid":1,"sender":":1.1","more":1})"}) {
        INFO(bad);
        CHECK_FALSE(is_taken(bad));
    }
    CHECK_FALSE(is_taken(R"({"uid":1,"sender":":)" + std::string(300, '1') + "\"}"));
    CHECK_FALSE(parse_call(R"({"method":"a.B"})")->on_behalf_of);
}

TEST_CASE("who asks comes through a message as it was", "[bus]") {
    const Call call{.method = "a.B",
                    .on_behalf_of = Principal{
                        .uid = 1000, .sender = ":1.42", .pid = 7, .authorized = "org.confinit.x"}};
    std::string text = encode_call(call);
    text.pop_back();
    const auto again = parse_call(text);

    REQUIRE(again);
    REQUIRE(again->on_behalf_of);
    CHECK(again->on_behalf_of->uid == 1000);
    CHECK(again->on_behalf_of->sender == ":1.42");
    CHECK(again->on_behalf_of->pid == 7);
    CHECK(again->on_behalf_of->authorized == "org.confinit.x");
    CHECK(asker_of(*again) == "uid 1000 (:1.42)");
    CHECK(asker_of(Call{}).empty());
}

}  // namespace confinit
