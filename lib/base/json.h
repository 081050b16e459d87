// SPDX-License-Identifier: Apache-2.0
// Json: nlohmann::json with a destructor that asks for no memory.
//
// The library's own moves everything below a value into a std::vector first, so that no depth makes
// it recurse too far. Without memory for that vector the program ends, because no exception leaves
// a destructor; PID 1 must not. This one recurses, and so parse_json() bounds the depth. A value
// that was to become an object or array, and got no memory for it, holds a null pointer; the
// library's assertion against it would end PID 1 as well.
//
// Every file that uses the library includes this header in place of the library's own, or there
// would be two definitions of one function.
#pragma once

#define JSON_ASSERT(condition) (static_cast<void>(0))
#include <nlohmann/json.hpp>

#include <memory>

namespace confinit {

template <typename Held>
void destroy_held(Held* held) {
    if (held == nullptr) return;
    std::allocator<Held> allocator;
    std::destroy_at(held);
    allocator.deallocate(held, 1);
}

}  // namespace confinit

NLOHMANN_JSON_NAMESPACE_BEGIN

template <>
inline void json::json_value::destroy(json::value_t type) {
    switch (type) {
    case value_t::object:
        return confinit::destroy_held(object);
    case value_t::array:
        return confinit::destroy_held(array);
    case value_t::string:
        return confinit::destroy_held(string);
    case value_t::binary:
        return confinit::destroy_held(binary);
    case value_t::null:
    case value_t::boolean:
    case value_t::number_integer:
    case value_t::number_unsigned:
    case value_t::number_float:
    case value_t::discarded:
        return;
    }
}

NLOHMANN_JSON_NAMESPACE_END

namespace confinit {

using Json = nlohmann::json;

}  // namespace confinit
