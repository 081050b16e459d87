// SPDX-License-Identifier: Apache-2.0
// Packed values: small parts of a unit on their way between two processes of one program.
#include "unit/packed_values.h"

#include <utility>

namespace confinit {

void pack(TextPacker& packer, const Location& location) {
    packer.add(location.file);
    packer.add_number(location.line);
    packer.add_number(location.column);
}

Location next_location(TextUnpacker& unpacker) {
    Location location;
    location.file = unpacker.next_text();
    location.line = static_cast<unsigned>(unpacker.next_number());
    location.column = static_cast<unsigned>(unpacker.next_number());
    return location;
}

void pack(TextPacker& packer, const CgroupConfig& settings) {
    packer.add_each(settings, [&](const CgroupSetting& setting) {
        packer.add(setting.file);
        packer.add(setting.value);
        packer.add(setting.given_as);
    });
}

CgroupConfig next_settings(TextUnpacker& unpacker) {
    CgroupConfig settings;
    unpacker.take_each([&] {
        CgroupSetting setting;
        setting.file = unpacker.next_text();
        setting.value = unpacker.next_text();
        setting.given_as = unpacker.next_text();
        settings.push_back(std::move(setting));
    });
    return settings;
}

}  // namespace confinit
