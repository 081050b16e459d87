// SPDX-License-Identifier: Apache-2.0
// Fuzzes the translation between Varlink and D-Bus, both ways: the first line is a signature and a
// label, and the rest a value.
#include "bus/confinement.h"
#include "bus/object_path.h"
#include "bus/translation.h"
#include "bus/unit_patterns.h"
#include "control/methods.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace confinit {
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check_label(std::string_view text) {
    require(decode_label(encode_label(text)) == std::string{text});
    if (const auto name = decode_label(text)) require(encode_label(*name) == text);
}

// A value that has a shape keeps it. A path is made of a name, so that one made twice is another.
void check_shape(std::string_view type, const Json& value) {
    const Json once = shaped(type, &value);
    if (type.find_first_of("ov") == std::string_view::npos) require(shaped(type, &once) == once);
}

// Of every method: whatever the supervisor answers has the shape of the reply, and what a client
// says becomes parameters that are among the method's own.
void check_methods(const Json& value) {
    for (const MethodInfo& method : method_table) {
        for (const BusMethod& bus : method.bus) {
            require(bus_values(bus.out, value).size() == bus.out.size());
            Json given = Json::array();
            for (const BusArgument& argument : bus.in)
                given.push_back(shaped(argument.signature, &value));
            const Json parameters = varlink_parameters(bus.in, given);
            for (const auto& [name, parameter] : parameters.items()) {
                require(std::ranges::find(bus.in, name, &BusArgument::name) != bus.in.end());
            }
        }
    }
}

void check(std::string_view input) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    check_label(line);
    (void)fits_pattern(line, input);
    const auto value = parse_json(input.substr(std::min(end + 1, input.size())), 16);
    if (!value) return;
    for (const std::string_view type : split_signature(line))
        check_shape(type, *value);
    check_methods(*value);
    for (const char* result : {"differs", "narrower"})
        require(keys_with_result(*value, result).is_array());
    require(shaped("a{sv}", nullptr).empty());
    for (const Json& all : {declared_values(*value), values_in_force(*value)})
        check_shape("a{sv}", all);
}

}  // namespace
}  // namespace confinit

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    confinit::check({reinterpret_cast<const char*>(data), size});
    return 0;
}
