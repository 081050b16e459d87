// SPDX-License-Identifier: Apache-2.0
// Packed values: small parts of a unit on their way between two processes of one program.
#pragma once

#include "base/packed_texts.h"
#include "unit/unit.h"

namespace confinit {

void pack(TextPacker& packer, const Location& location);
Location next_location(TextUnpacker& unpacker);

void pack(TextPacker& packer, const CgroupConfig& settings);
CgroupConfig next_settings(TextUnpacker& unpacker);

}  // namespace confinit
