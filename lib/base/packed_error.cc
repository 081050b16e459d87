// SPDX-License-Identifier: Apache-2.0
// An Error as bytes, for another process of this program.
#include "base/packed_error.h"

#include "base/packed_texts.h"

namespace confinit {

std::string pack(const Error& error) {
    TextPacker packer;
    packer.add(error.key);
    packer.add(error.object);
    packer.add(error.call);
    packer.add_number(error.error);
    packer.add(error.hint);
    return std::move(packer).finish();
}

Error unpack_error(std::string_view bytes) {
    TextUnpacker unpacker{bytes};
    Error error;
    error.key = unpacker.next_text();
    error.object = unpacker.next_text();
    error.call = unpacker.next_text();
    error.error = static_cast<int>(unpacker.next_number());
    error.hint = unpacker.next_text();
    return unpacker.is_whole() ? error : Error{.hint = "its answer is damaged"};
}

}  // namespace confinit
