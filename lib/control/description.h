// SPDX-License-Identifier: Apache-2.0
// The methods of an interface description: their names, types, and the comments above them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace confinit {

struct DescribedMember {
    std::string name;
    std::string type;  // as it is written, without the '?'
    bool may_be_absent = false;
};

struct DescribedMethod {
    std::string name;           // without the interface
    std::string documentation;  // the comment above it, in one line
    std::vector<DescribedMember> in;
    std::vector<DescribedMember> out;
};

// The methods of an interface of this text, in their order. The text is one of ours.
std::vector<DescribedMethod> described_methods(std::string_view interface);

}  // namespace confinit
