// SPDX-License-Identifier: Apache-2.0
// Parcel: bytes for a process of this same program, and the descriptors that go with them.
#pragma once

#include "base/fd.h"

#include <string>
#include <vector>

namespace confinit {

struct Parcel {
    std::string bytes;
    std::vector<Fd> descriptors;
};

}  // namespace confinit
