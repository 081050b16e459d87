// SPDX-License-Identifier: Apache-2.0
// Between Varlink and D-Bus: names of objects, signatures, values both ways, typed confinement.
#include "bus/confinement.h"
#include "bus/object_path.h"
#include "bus/translation.h"
#include "bus/unit_patterns.h"

#include <catch2/catch.hpp>

#include <random>

namespace confinit {
namespace {

constexpr std::uint64_t no_limit = ~std::uint64_t{0};

Json shape(std::string_view type, const Json& value) {
    return shaped(type, &value);
}

// Any JSON, in any shape.
Json random_json(std::mt19937& random, unsigned depth) {
    switch (random() % (depth == 0 ? 6 : 8)) {
    case 0:
        return nullptr;
    case 1:
        return random() % 2 == 0;
    case 2:
        return static_cast<std::int64_t>(random()) - static_cast<std::int64_t>(random());
    case 3:
        return no_limit - random();
    case 4:
        return 1.5;
    case 5:
        return std::string("a\0b", 3);
    case 6: {
        Json list = Json::array();
        for (unsigned n = random() % 4; n > 0; --n)
            list.push_back(random_json(random, depth - 1));
        return list;
    }
    default: {
        Json object = Json::object();
        for (const char* name : {"key", "value", "unit", "job"}) {
            if (random() % 2 == 0) object[name] = random_json(random, depth - 1);
        }
        return object;
    }
    }
}

// Whether a message of this type would take the value.
bool has_shape(std::string_view type, const Json& value) {
    switch (type.front()) {
    case 's':
        return value.is_string() && !value.get<std::string>().contains('\0');
    case 'o':
        return value.is_string() && value.get<std::string>().starts_with('/');
    case 'b':
        return value.is_boolean();
    case 'i':
        return value.is_number_integer() && value >= INT32_MIN && value <= INT32_MAX;
    case 'u':
        return value.is_number_integer() && value >= 0 && value <= UINT32_MAX;
    case 't':
        return value.is_number_unsigned() || (value.is_number_integer() && value >= 0);
    case 'v':
        return value.is_array() && value.size() == 2 &&
               has_shape(value[0].get<std::string>(), value[1]);
    case 'a':
        if (type[1] == '{') {
            return value.is_object() && std::ranges::all_of(value, [&](const Json& member) {
                       return has_shape(type.substr(3, type.size() - 4), member);
                   });
        }
        return value.is_array() && std::ranges::all_of(value, [&](const Json& one) {
                   return has_shape(type.substr(1), one);
               });
    case '(': {
        const auto types = split_signature(type.substr(1, type.size() - 2));
        if (!value.is_array() || value.size() != types.size()) return false;
        for (std::size_t n = 0; n < types.size(); ++n) {
            if (!has_shape(types[n], value[n])) return false;
        }
        return true;
    }
    default:
        return false;
    }
}

}  // namespace

TEST_CASE("every name has one label, and the label gives the name back", "[bus]") {
    CHECK(encode_label("") == "_");
    CHECK(encode_label("web") == "web");
    CHECK(encode_label("heat@1") == "heat_401");
    CHECK(encode_label("1st") == "_31st");
    CHECK(encode_label("a_b") == "a_5fb");
    CHECK(encode_label("../\xc3\xa4.toml") == "_2e_2e_2f_c3_a4_2etoml");
    CHECK(decode_label("_") == "");
    CHECK(decode_label("heat_401") == "heat@1");
    for (int byte = 0; byte < 256; ++byte) {
        for (const std::string& name : {std::string(1, static_cast<char>(byte)),
                                        "x" + std::string(2, static_cast<char>(byte))}) {
            const std::string label = encode_label(name);
            CHECK(decode_label(label) == name);
            CHECK(label.find_first_not_of("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789") == std::string::npos);
        }
    }
}

TEST_CASE("a label that nobody writes is of no name", "[bus][X10]") {
    for (const char* label : {"", "_6", "_6g", "a_", "_61", "1st", "a.b", "_5F", "__"})
        CHECK_FALSE(decode_label(label));
}

TEST_CASE("signatures are split into complete types", "[bus][X10]") {
    using Types = std::vector<std::string_view>;
    CHECK(split_signature("sa{sv}(ii)aas") == Types{"s", "a{sv}", "(ii)", "aas"});
    CHECK(split_signature("").empty());
    for (const std::string& bad : {std::string{"("}, std::string{"a"}, std::string{"()"},
                                   std::string{"s)"}, std::string{"a{s"}, std::string{"z"},
                                   std::string(100, 'a') + "s", std::string(100, '(')}) {
        CHECK(split_signature(bad).empty());
    }
}

TEST_CASE("values come in the shape of the signature, whatever they were", "[bus][X10]") {
    CHECK(shape("s", std::string("a\0b", 3)) == "a");
    CHECK(shape("s", 7) == "");
    CHECK(shape("i", 5'000'000'000) == INT32_MAX);
    CHECK(shape("i", -5'000'000'000) == INT32_MIN);
    CHECK(shape("u", -1) == 0);
    CHECK(shape("t", no_limit) == no_limit);
    CHECK(shape("x", no_limit) == INT64_MAX);
    CHECK(shape("o", 7) == "/org/confinit/job/7");
    CHECK(shape("o", "a.b") == "/org/confinit/unit/a_2eb");
    CHECK(shape("o", nullptr) == "/");
    CHECK(shape("v", {"as", {"x"}}) == Json({"as", {"x"}}));
    CHECK(shape("v", {"(", 1}) == Json({"s", ""}));

    std::mt19937 random{1};
    for (int round = 0; round < 20'000; ++round) {
        const Json value = random_json(random, 3);
        for (const char* type :
             {"s", "o", "b", "i", "u", "t", "v", "as", "a{ss}", "a{sv}", "(sbt)", "a(sssi)"}) {
            INFO(type << " " << value.dump(-1, ' ', false, Json::error_handler_t::replace));
            CHECK(has_shape(type, shape(type, value)));
        }
    }
}

TEST_CASE("arguments become parameters, and replies become values", "[bus]") {
    constexpr BusArgument in[]{{.name = "unit", .signature = "s", .is_needed = true},
                               {.name = "values", .signature = "a{ss}", .is_needed = true},
                               {"signal", "i"},
                               {"force", "b"}};
    CHECK(varlink_parameters(in, {"web", {{"k", "v"}}, 9, true}) ==
          Json{{"unit", "web"}, {"values", {{"k", "v"}}}, {"signal", 9}, {"force", true}});
    CHECK(varlink_parameters(in, {"", Json::object(), 0, false}) ==
          Json{{"unit", ""}, {"values", Json::object()}});

    constexpr BusArgument out[]{{"job", "o"}, {"values", "a(si)", "key line"}, {"notes", "as"}};
    const Json reply{{"job", 3}, {"values", {{{"line", 4}, {"key", "a"}, {"more", 1}}}}};
    const Json rows = Json::array({Json::array({"a", 4})});
    CHECK(bus_values(out, reply) == Json::array({"/org/confinit/job/3", rows, Json::array()}));
    CHECK(bus_values(out, nullptr) == Json::array({"/", Json::array(), Json::array()}));
    CHECK(signature_of(out) == "oa(si)as");
}

TEST_CASE("confinement is typed", "[bus]") {
    CHECK(typed_value("cgroup.memory.max", "64M") == Json({"t", 67108864}));
    CHECK(typed_value("cgroup.memory.max", "67108864") == Json({"t", 67108864}));
    CHECK(typed_value("cgroup.memory.max", "max") == Json({"t", no_limit}));
    CHECK(typed_value("cgroup.memory.max", "10%") == Json({"s", "10%"}));
    CHECK(typed_value("cgroup.memory.oom.group", "1") == Json({"s", "1"}));
    CHECK(typed_value("cgroup.cpu.max", "50000 100000") == Json({"s", "50000 100000"}));
    CHECK(typed_value("capabilities.bounding", "none") == Json::array({"as", Json::array()}));
    CHECK(typed_value("capabilities.bounding", "chown kill") ==
          Json::array({"as", {"chown", "kill"}}));
    CHECK(typed_value("capabilities.permitted", "none (the program gave up kill)") ==
          Json::array({"as", Json::array()}));
    CHECK(typed_value("namespaces.net", "its own, net:[4026532177]") ==
          Json::array({"(st)", {"its own, net:[4026532177]", 4026532177}}));
    CHECK(typed_value("capabilities.bounding", R"(["chown", "kill"])") ==
          Json::array({"as", {"chown", "kill"}}));
    CHECK(typed_value("mounts.read_only", R"(["/"])") == Json::array({"as", Json::array({"/"})}));
    CHECK(typed_value("mounts.bind", R"([{ "a": 1 }])") == Json({"s", R"([{ "a": 1 }])"}));
    CHECK(typed_value("mounts.bind", "[[") == Json({"s", "[["}));
    CHECK(typed_value("namespaces.net", "a new one") == Json({"s", "a new one"}));
    for (const char* text : {"]:[", ":[", "net:[]", "net:[x]"})
        CHECK(typed_value("namespaces.net", text) == Json({"s", text}));
}

TEST_CASE("what is declared is read of a unit that does not run, too", "[bus]") {
    const Json verified{{"items", {{{"key", "cgroup.memory.max"}, {"declared", "64M"}}}}};
    const Json declared{{"cgroup.memory.max", {"t", 67108864}}};
    CHECK(declared_values(verified) == declared);
    const Json shown{
        {"properties", {{"cgroup.memory.max", "64M"}, {"run.pid", "0"}, {"service.type", "exec"}}}};
    CHECK(declared_values(shown) == declared);
    CHECK(declared_values(nullptr) == Json::object());
    CHECK(values_in_force(shown) == Json::object());
}

TEST_CASE("patterns of names take no long time", "[bus][X10]") {
    CHECK(fits_pattern("*", ""));
    CHECK(fits_pattern("w?b*", "web.1"));
    CHECK(fits_pattern("*b*c", "abbc"));
    CHECK_FALSE(fits_pattern("w?b", "wb"));
    CHECK_FALSE(fits_pattern("", "a"));
    std::string pattern;
    for (int n = 0; n < 2000; ++n)
        pattern += "*a";
    CHECK_FALSE(fits_pattern(pattern + "b", std::string(2500, 'a')));
}

}  // namespace confinit
